import pytest

from diagnose.model import Confidence
from tests.support.check_evidence import TIMEOUT, judge
from tests.support.tcp_evidence import (
    NO_ROUTE_TO_HOST,
    PERMISSION_DENIED,
    ROUTER,
    attempt,
    rejected,
)


def test_fires_once_for_what_firewalld_answers_over_both_families() -> None:
    (claim,) = judge(
        "tcp.rejected-by-host",
        rejected("203.0.113.10", 3, 13),
        rejected("2001:db8:2::10", 1, 1),
        attempt(port=22, purpose="control"),
        rejected("203.0.113.10", 3, 13, port=80, purpose="plain"),
    )
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["sender"] == "203.0.113.10"
    assert (claim.facts["icmp_type"], claim.facts["icmp_code"]) == (3, 13)
    assert claim.facts["errno"] == "EHOSTUNREACH"
    assert claim.facts["open_ports"] == (22,)
    assert claim.facts["rejected_ports"] == (80,)
    assert claim.facts["answers"] == (
        "203.0.113.10 (ICMP 3/13, EHOSTUNREACH, 1 ms)",
        "2001:db8:2::10 (ICMPv6 1/1, EACCES, 1 ms)",
    )
    assert "tcp.timeout" in claim.ruled_out


@pytest.mark.parametrize(
    ("address", "kind", "code"),
    [
        ("203.0.113.10", 3, 0),
        ("203.0.113.10", 3, 1),
        ("203.0.113.10", 3, 2),
        ("203.0.113.10", 3, 9),
        ("203.0.113.10", 3, 10),
        ("203.0.113.10", 3, 13),
        ("2001:db8:2::10", 1, 0),
        ("2001:db8:2::10", 1, 1),
        ("2001:db8:2::10", 1, 3),
        ("2001:db8:2::10", 1, 5),
        ("2001:db8:2::10", 1, 6),
    ],
)
def test_fires_for_every_error_that_a_rule_can_answer_with(
    address: str, kind: int, code: int
) -> None:
    assert judge("tcp.rejected-by-host", rejected(address, kind, code))


def test_fires_where_one_try_met_the_limit_on_rejects() -> None:
    (claim,) = judge(
        "tcp.rejected-by-host",
        attempt(failure=TIMEOUT, took=4.0),
        rejected("203.0.113.10", 3, 13, purpose="again", took=1.0),
    )
    assert claim.confidence is Confidence.CERTAIN
    assert not judge(
        "tcp.timeout",
        attempt(failure=TIMEOUT, took=4.0),
        rejected("203.0.113.10", 3, 13, purpose="again", took=1.0),
    )


def test_fires_with_less_confidence_where_the_sender_could_not_be_read() -> None:
    alone = attempt(failure=NO_ROUTE_TO_HOST)
    (claim,) = judge("tcp.rejected-by-host", alone)
    assert claim.confidence is Confidence.POSSIBLE
    (claim,) = judge("tcp.rejected-by-host", alone, attempt(port=22, purpose="control"))
    assert claim.confidence is Confidence.LIKELY
    other = attempt("2001:db8:2::10", failure=PERMISSION_DENIED)
    (claim,) = judge("tcp.rejected-by-host", alone, other)
    assert claim.confidence is Confidence.LIKELY


def test_silent_when_the_error_says_port_unreachable() -> None:
    assert not judge("tcp.rejected-by-host", rejected("203.0.113.10", 3, 3))
    assert not judge("tcp.rejected-by-host", rejected("2001:db8:2::10", 1, 4))


def test_silent_when_another_host_rejects_or_nobody_answers() -> None:
    assert not judge("tcp.rejected-by-host", rejected("203.0.113.10", 3, 13, sender=ROUTER[4]))
    assert not judge("tcp.rejected-by-host", attempt(failure=NO_ROUTE_TO_HOST, took=3.07))
    assert not judge("tcp.rejected-by-host", attempt(failure=TIMEOUT), attempt(purpose="again"))


def test_silent_when_this_machine_had_no_way_to_send() -> None:
    assert not judge(
        "tcp.rejected-by-host", attempt(failure=PERMISSION_DENIED, took=0.0, source="")
    )
