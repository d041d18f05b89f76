from hypothesis import given
from hypothesis import strategies as st

from diagnose.model import Failure
from diagnose.parsers.linux.routes import Way, way


def test_a_way_through_a_gateway_and_one_without() -> None:
    said = "198.41.0.4 from 203.0.113.10 via 203.0.113.1 dev eth0 uid 0 \n    cache \n"
    assert way(said, "") == Way("203.0.113.1", "eth0")
    assert way("198.41.0.4 from 10.0.0.2 dev ppp0 uid 0", "") == Way("", "ppp0")
    said = "2001:503:ba3e::2:30 from 2001:db8::1 via fe80::1 dev eth0 src 2001:db8::1 metric 1024"
    assert way(said, "") == Way("fe80::1", "eth0")


def test_no_way() -> None:
    found = way("", "RTNETLINK answers: Network is unreachable\n")
    assert found == Failure("unreachable", "Network is unreachable", 101, "ENETUNREACH")
    dead = "unreachable 2001:503:ba3e::2:30 from 2001:db8::1 dev lo table unspec metric 4294967295"
    assert isinstance(way(dead, "RTNETLINK answers: Network is unreachable\n"), Failure)


def test_a_tool_that_cannot_say_says_nothing() -> None:
    assert way("", "sh: ip: not found\n") is None
    assert way("", "RTNETLINK answers: Operation not permitted\n") is None


@given(st.text(max_size=80), st.text(max_size=80))
def test_no_text_breaks_it(out: str, err: str) -> None:
    way(out, err)


def test_the_forms_of_busybox_and_of_old_iproute2() -> None:
    assert way("198.41.0.4 from 203.0.113.10 via 203.0.113.1 dev eth0 \n", "") == Way(
        "203.0.113.1", "eth0"
    )
    old = "198.41.0.4 from 172.16.0.5 via 172.16.15.253 dev eth0 \n    cache  mtu 1500\n"
    assert way(old, "") == Way("172.16.15.253", "eth0")
