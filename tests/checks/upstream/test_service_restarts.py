from dataclasses import replace

from diagnose.model import Confidence, Severity
from diagnose.model.program_logs import FailedUnit
from tests.support.check_evidence import judge
from tests.support.report_builder import ANSWER

CHECK = "upstream.service-restarts"
UNIT = FailedUnit(
    unit="shop", state="active", endpoint="3000", names_endpoint=True, is_open=True, restarts=7,
    message="Error: Redis connection lost",
)  # fmt: skip


def test_fires_while_the_page_opens() -> None:
    (claim,) = judge(CHECK, ANSWER, UNIT)
    assert claim.confidence is Confidence.CERTAIN
    assert (claim.facts["restarts"], claim.facts["unit"]) == (7, "shop")


def test_silent_after_a_restart_or_two() -> None:
    assert not judge(CHECK, ANSWER, replace(UNIT, restarts=2))


def test_fires_as_an_error_where_each_request_ends_it() -> None:
    (claim,) = judge(CHECK, replace(ANSWER, status=502), UNIT)
    assert claim.severity is Severity.ERROR
    assert claim.facts["status"] == 502


def test_silent_where_other_checks_say_why() -> None:
    assert not judge(CHECK, replace(ANSWER, status=500), UNIT)
    assert not judge(CHECK, ANSWER, replace(UNIT, port_in_use=True))
    assert not judge(CHECK, ANSWER, replace(UNIT, is_open=False))
    assert not judge(CHECK, UNIT)


def test_fires_where_a_start_is_never_complete() -> None:
    """Type=notify, and the program says nothing to systemd."""
    said = "shop.service: start operation timed out. Terminating."
    unready = replace(UNIT, state="activating", restarts=1, message=said)
    (claim,) = judge(CHECK, ANSWER, unready)
    assert claim.facts["unready"] is True
    assert judge(CHECK, ANSWER, replace(unready, state="deactivating", restarts=0))
    assert not judge(CHECK, ANSWER, replace(unready, state="active", restarts=1))
