import pytest

from diagnose.model import Failure
from tests.checks.tcp.test_path_mtu import RESET, SMALL, hello
from tests.support.check_evidence import TIMEOUT, judge

SMALL_HELLO = hello("small-hello", None, 2162)
CLOSED = Failure("closed", "connection closed")


@pytest.mark.parametrize("failure", [TIMEOUT, RESET, CLOSED], ids=lambda one: one.kind)
def test_fires_where_only_a_small_hello_is_answered(failure: Failure) -> None:
    (claim,) = judge(
        "tcp.large-hello-lost",
        hello(failure=failure),
        hello("again", failure),
        hello("no-sni", failure),
        SMALL_HELLO,
    )
    assert str(claim.about) == "203.0.113.10:443"


def test_fires_where_small_segments_pass_and_large_packets_come_back() -> None:
    assert judge("tcp.large-hello-lost", hello(), SMALL_HELLO, SMALL)


def test_silent_when_a_small_hello_fails_too_or_was_not_tried() -> None:
    assert not judge("tcp.large-hello-lost", hello(), hello("small-hello"))
    assert not judge("tcp.large-hello-lost", hello())


def test_silent_when_a_large_hello_for_another_name_is_answered() -> None:
    assert not judge("tcp.large-hello-lost", hello(), hello("other-sni", None), SMALL_HELLO)
    alert = Failure("alert", "unrecognized name", 112, "unrecognized_name")
    assert not judge("tcp.large-hello-lost", hello(), hello("other-sni", alert), SMALL_HELLO)


def test_silent_when_a_visitor_was_answered_at_the_second_try() -> None:
    assert not judge("tcp.large-hello-lost", hello(), hello("again", None), SMALL_HELLO)


def test_silent_when_it_may_as_well_be_the_way_back() -> None:
    assert not judge("tcp.large-hello-lost", hello(), hello("small-hello", None, 1100), SMALL)
