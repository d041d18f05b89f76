from dataclasses import replace

import pytest

from diagnose.model import Confidence, Manual, Observation, Severity
from diagnose.model.kernel import Capture
from diagnose.model.tcp import Hop, Walk
from tests.support.check_evidence import REFUSED, TIMEOUT, judge, texts
from tests.support.server_tcp_evidence import capture, half_open, host, kernel, kernel_drop, nic
from tests.support.tcp_evidence import HERE, attempt, rejected

WALK = Walk(
    address="203.0.113.10",
    port=443,
    hops=(Hop(1, "198.51.100.1"), Hop(2, None), Hop(3, None), Hop(4, None)),
)


def test_fires_after_two_tries_and_says_where_the_packets_end() -> None:
    (claim,) = judge(
        "tcp.timeout",
        attempt(failure=TIMEOUT, took=4.0),
        attempt(purpose="again", failure=TIMEOUT, took=4.0),
        attempt(port=22, purpose="control"),
        attempt(port=80, purpose="plain", failure=TIMEOUT, took=4.0),
        WALK,
    )
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["open_ports"] == (22,)
    assert claim.facts["silent_ports"] == (80,)
    assert claim.facts["last_routers"] == ("198.51.100.1",)
    assert claim.facts["hops"] == (1,)
    assert (claim.facts["tries"], claim.facts["seconds"]) == (2, 8.0)
    assert "tcp.host-down" in claim.ruled_out


def test_fires_once_for_all_silent_addresses() -> None:
    (claim,) = judge(
        "tcp.timeout",
        attempt("2001:db8:2::10", failure=TIMEOUT),
        attempt("203.0.113.10", failure=TIMEOUT),
    )
    assert str(claim.about) == "203.0.113.10:443, [2001:db8:2::10]:443"
    assert claim.confidence is Confidence.LIKELY


def test_fires_as_a_warning_where_another_address_answers() -> None:
    (claim,) = judge("tcp.timeout", attempt("2001:db8:2::10", failure=TIMEOUT), attempt())
    assert claim.severity is Severity.WARNING


def test_silent_when_one_of_the_tries_was_answered_in_any_way() -> None:
    lost = attempt(failure=TIMEOUT, took=4.0)
    assert not judge("tcp.timeout", lost, attempt(purpose="again"))
    assert not judge("tcp.timeout", lost, attempt(purpose="again", failure=REFUSED))
    assert not judge("tcp.timeout", lost, rejected("203.0.113.10", 3, 13, purpose="again"))


def test_silent_when_only_another_port_says_nothing() -> None:
    assert not judge("tcp.timeout", attempt(), attempt(port=80, purpose="plain", failure=TIMEOUT))


def test_fires_and_says_that_it_is_the_answer_that_is_lost() -> None:
    lost = attempt(purpose="again", failure=TIMEOUT, took=4.0)
    observations = (host(), nic(), kernel(), capture(HERE[4], at=0.0), half_open(HERE[4]))
    (claim,) = judge("tcp.timeout", *observations, attempt(failure=TIMEOUT, took=4.0), lost)
    assert claim.facts["arrives"]
    assert claim.facts["answered"]
    assert claim.fix is not None
    assert [step.step for step in claim.fix.steps if isinstance(step, Manual)] == ["answers"]


def test_fires_with_the_kernels_own_reason() -> None:
    drop = kernel_drop("IP_NOPROTO", function="ip_rcv")
    silent = attempt(failure=TIMEOUT, took=4.0)
    (claim,) = judge("tcp.timeout", silent, drop)
    assert drop in claim.because
    assert claim.facts["kernel"] == "IP_NOPROTO, ip_rcv"
    assert claim.facts["arrives"]
    assert any("IP_NOPROTO" in text for text in texts("tcp.timeout", claim))


def watched(*replies: str) -> Capture:
    """The SYNs came in; what left the server for this machine."""
    answered = (HERE[4],) if "answered" in replies else ()
    return replace(capture(HERE[4]), answered=answered, reset=(), rejected=())


TRIES = (
    attempt(failure=TIMEOUT, took=4.0),
    replace(attempt(purpose="again", failure=TIMEOUT, took=4.0), at=4.0),
)


@pytest.mark.parametrize(
    ("observations", "here", "reply_here", "answered"),
    [
        ((watched(),), True, False, False),
        ((watched("answered"),), False, False, True),
        ((watched(), half_open(HERE[4])), False, True, False),
        ((watched("answered"), half_open(HERE[4])), False, False, True),
        # Replies were not captured.
        ((capture(HERE[4]),), False, False, False),
        ((capture(HERE[4]), half_open(HERE[4])), False, False, True),
        ((kernel_drop(packet="reply"),), False, True, False),
    ],
)
def test_fires_with_the_end_at_which_packets_are_lost(
    observations: tuple[Observation, ...], here: bool, reply_here: bool, answered: bool
) -> None:
    (claim,) = judge("tcp.timeout", host(), nic(), kernel(), *TRIES, *observations)
    names = ("dropped_here", "reply_dropped_here", "answered")
    assert tuple(claim.facts[name] for name in names) == (here, reply_here, answered)
    assert claim.facts["unlocated"] is not (here or reply_here or answered)
    steps = [step.step for step in claim.fix.steps if isinstance(step, Manual)] if claim.fix else []
    assert ("security-group" in steps) is not (here or reply_here or answered)
