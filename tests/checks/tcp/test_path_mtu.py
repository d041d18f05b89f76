from dataclasses import replace

import pytest

from diagnose.model import Command, Confidence, Failure
from diagnose.model.tls import Handshake, HandshakeVariant
from tests.support.check_evidence import TIMEOUT, judge
from tests.support.tcp_evidence import attempt

RESET = Failure("reset", "Connection reset by peer", 104, "ECONNRESET")


def hello(
    variant: HandshakeVariant = "normal", failure: Failure | None = TIMEOUT, came: int = 0
) -> Handshake:
    return Handshake(
        address="203.0.113.10", port=443, variant=variant, failure=failure, bytes_received=came
    )


SMALL = hello("small-segments", None, 3228)


def test_fires_where_only_small_segments_come_through() -> None:
    (claim,) = judge("tcp.path-mtu", hello(), hello("again"), hello("small-hello"), SMALL)
    assert claim.confidence is Confidence.CERTAIN
    assert str(claim.about) == "203.0.113.10:443"


def test_fires_without_an_undo_to_a_value_that_nobody_saw() -> None:
    (claim,) = judge("tcp.path-mtu", hello(), hello("small-hello"), SMALL)
    assert claim.fix is not None
    (command,) = (step for step in claim.fix.steps if isinstance(step, Command))
    assert command.argv == ("sysctl", "-w", "net.ipv4.tcp_mtu_probing=1")
    assert command.undo == ()


def test_fires_with_less_confidence_where_what_came_back_fits_one_packet() -> None:
    (claim,) = judge("tcp.path-mtu", hello(), hello("small-hello", None, 1100), SMALL)
    assert claim.confidence is Confidence.LIKELY


def test_silent_when_small_segments_are_not_answered_either_or_were_not_tried() -> None:
    assert not judge("tcp.path-mtu", hello(), hello("small-segments"))
    assert not judge("tcp.path-mtu", hello(), hello("small-hello"))


@pytest.mark.parametrize(("round_trip", "claims"), [(0.01, 0), (0.4, 1)])
def test_silent_when_small_segments_are_answered_late_as_well(
    round_trip: float, claims: int
) -> None:
    """An overloaded server that answered one of several; on a long way the same time is prompt."""
    reached = attempt("203.0.113.10", took=round_trip)
    late = replace(SMALL, took=2.0)
    seen = judge("tcp.path-mtu", reached, hello(), hello("small-hello"), late)
    assert len(seen) == claims


def test_silent_when_large_packets_do_come_back() -> None:
    assert not judge("tcp.path-mtu", hello(), hello("small-hello", None, 2162), SMALL)


def test_silent_when_the_handshake_goes_well_or_is_cut() -> None:
    assert not judge("tcp.path-mtu", hello(failure=None, came=3228), SMALL)
    assert not judge("tcp.path-mtu", hello(failure=RESET), SMALL)
