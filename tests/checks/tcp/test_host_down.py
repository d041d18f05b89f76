from diagnose.checking.registry import load_check
from diagnose.checking.root_cause import claims, findings
from diagnose.model import Confidence, Crash
from tests.support.check_evidence import TIMEOUT, evidence, judge
from tests.support.tcp_evidence import HERE, NO_ROUTE_TO_HOST, ROUTER, attempt, rejected


def test_fires_where_the_last_router_finds_nobody() -> None:
    (claim,) = judge(
        "tcp.host-down",
        rejected("203.0.113.77", 3, 1, sender=ROUTER[4], took=3.06),
        rejected("2001:db8:2::77", 1, 3, sender=ROUTER[6], took=3.06),
    )
    assert claim.facts["routers"] == ("198.51.100.1", "2001:db8:1::1")
    assert claim.confidence is Confidence.CERTAIN


def test_fires_where_this_machine_finds_nobody_on_its_own_network() -> None:
    (claim,) = judge(
        "tcp.host-down",
        rejected("198.51.100.77", 3, 1, sender=HERE[4], took=3.07, on_link=True),
    )
    assert claim.facts["here"]
    assert claim.confidence is Confidence.CERTAIN


def test_fires_by_the_time_it_took_where_the_sender_could_not_be_read() -> None:
    (claim,) = judge("tcp.host-down", attempt(failure=NO_ROUTE_TO_HOST, took=3.07))
    assert claim.confidence is Confidence.LIKELY


def test_silent_when_the_answer_comes_at_once_or_never() -> None:
    assert not judge("tcp.host-down", rejected("203.0.113.77", 3, 1, sender=ROUTER[4]))
    assert not judge("tcp.host-down", attempt(failure=TIMEOUT, took=4.0))
    assert not judge("tcp.host-down", attempt())


def test_silent_when_anything_answers_at_the_address() -> None:
    assert not judge(
        "tcp.host-down",
        attempt(failure=NO_ROUTE_TO_HOST, took=3.0),
        attempt(port=80, purpose="plain"),
    )
    assert not judge("tcp.host-down", rejected("203.0.113.10", 3, 1, took=3.0))


def test_silent_when_it_is_the_gateway_that_does_not_answer() -> None:
    assert not judge(
        "tcp.host-down",
        rejected("203.0.113.10", 3, 1, sender=HERE[4], took=3.07, on_link=False),
    )


DOWN = rejected("2001:db8:2::77", 1, 3, sender=ROUTER[6], took=3.06)
SILENT = attempt("203.0.113.77", failure=TIMEOUT, took=4.0)


def test_fires_once_where_another_address_of_the_host_is_silent() -> None:
    crashed: list[Crash] = []
    checks = [load_check("tcp.host-down"), load_check("tcp.timeout")]
    found = findings(claims(checks, evidence(DOWN, SILENT), crashed.append))
    assert [finding.check.id for finding in found if finding.is_cause] == ["tcp.host-down"]
    assert found[0].claim.facts["silent"] == ("203.0.113.77",)
    assert found[0].claim.confidence is Confidence.LIKELY


def test_fires_for_itself_where_the_silent_address_has_a_port_that_answers() -> None:
    alive = attempt("203.0.113.77", port=22, purpose="control")
    crashed: list[Crash] = []
    checks = [load_check("tcp.host-down"), load_check("tcp.timeout")]
    found = findings(claims(checks, evidence(DOWN, SILENT, alive), crashed.append))
    assert {finding.check.id for finding in found if finding.is_cause} == {
        "tcp.host-down",
        "tcp.timeout",
    }
