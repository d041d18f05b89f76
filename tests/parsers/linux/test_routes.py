from hypothesis import given
from hypothesis import strategies as st

from diagnose.model import Failure
from diagnose.parsers.linux.routes import (
    Route,
    default_gateways,
    parse_route,
    silent_neighbours,
)


def test_a_way_through_a_gateway_and_one_without() -> None:
    said = "198.41.0.4 from 203.0.113.10 via 203.0.113.1 dev eth0 uid 0 \n    cache \n"
    assert parse_route(said, "") == Route("203.0.113.1", "eth0")
    assert parse_route("198.41.0.4 from 10.0.0.2 dev ppp0 uid 0", "") == Route("", "ppp0")
    said = "2001:503:ba3e::2:30 from 2001:db8::1 via fe80::1 dev eth0 src 2001:db8::1 metric 1024"
    assert parse_route(said, "") == Route("fe80::1", "eth0")


def test_no_way() -> None:
    found = parse_route("", "RTNETLINK answers: Network is unreachable\n")
    assert found == Failure("unreachable", "Network is unreachable", 101, "ENETUNREACH")
    dead = "unreachable 2001:503:ba3e::2:30 from 2001:db8::1 dev lo table unspec metric 4294967295"
    assert isinstance(parse_route(dead, "RTNETLINK answers: Network is unreachable\n"), Failure)


def test_a_tool_that_cannot_say_says_nothing() -> None:
    assert parse_route("", "sh: ip: not found\n") is None
    assert parse_route("", "RTNETLINK answers: Operation not permitted\n") is None


@given(st.text(max_size=80), st.text(max_size=80))
def test_no_text_breaks_it(out: str, err: str) -> None:
    parse_route(out, err)


def test_the_forms_of_busybox_and_of_old_iproute2() -> None:
    assert parse_route("198.41.0.4 from 203.0.113.10 via 203.0.113.1 dev eth0 \n", "") == Route(
        "203.0.113.1", "eth0"
    )
    old = "198.41.0.4 from 172.16.0.5 via 172.16.15.253 dev eth0 \n    cache  mtu 1500\n"
    assert parse_route(old, "") == Route("172.16.15.253", "eth0")


def test_the_default_gateways_with_the_lowest_metric() -> None:
    text = """\
default via 203.0.113.1 dev eth0 proto static metric 100
default via 192.0.2.1 dev eth1 metric 200
default dev wg0 scope link metric 50
203.0.113.0/24 dev eth0 proto kernel scope link src 203.0.113.10
"""
    assert default_gateways(text) == (Route("203.0.113.1", "eth0"),)
    assert default_gateways("default via fe80::1 dev eth0 proto ra\n") == (
        Route("fe80::1", "eth0"),
    )
    assert default_gateways("default via 203.0.113.1 dev eth0 dead linkdown\n") == ()


def test_neighbours_that_do_not_answer() -> None:
    text = """\
203.0.113.77 dev eth0 FAILED
192.0.2.9 dev eth1 INCOMPLETE
203.0.113.1 dev eth0 lladdr 02:00:00:00:00:01 REACHABLE
fe80::1 dev eth0 router FAILED
203.0.113.2 dev eth0 lladdr 02:00:00:00:00:99 PERMANENT
"""
    assert silent_neighbours(text) == {
        ("203.0.113.77", "eth0"): "FAILED",
        ("192.0.2.9", "eth1"): "INCOMPLETE",
        ("fe80::1", "eth0"): "FAILED",
        ("203.0.113.2", "eth0"): "PERMANENT",
    }
