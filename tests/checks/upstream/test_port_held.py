from dataclasses import replace

from diagnose.model import Applicability, Command, Confidence, Severity
from diagnose.model.program_logs import FailedUnit
from diagnose.model.server import Listener, Listeners
from tests.support.check_evidence import judge, texts
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import LISTENING

CHECK = "upstream.port-held"
UNIT = FailedUnit(
    unit="shop", state="activating", endpoint="3000", names_endpoint=True, is_open=True,
    port_in_use=True, message="Error: listen EADDRINUSE: address already in use 127.0.0.1:3000",
)  # fmt: skip


def test_fires_while_the_page_works() -> None:
    (claim,) = judge(CHECK, ANSWER, UNIT, LISTENING)
    assert (claim.severity, claim.confidence) == (Severity.WARNING, Confidence.CERTAIN)
    assert (claim.facts["process"], claim.facts["pid"], claim.facts["port"]) == ("node", 20, 3000)


def test_fires_as_an_error_where_the_page_fails() -> None:
    (claim,) = judge(CHECK, replace(ANSWER, status=500), UNIT, LISTENING)
    assert claim.severity is Severity.ERROR
    assert claim.facts["status"] == 500


def test_silent_where_the_port_is_free_or_systemds_own() -> None:
    assert not judge(CHECK, ANSWER, UNIT, Listeners())
    own = Listener(address="127.0.0.1", port=3000, family=4, pid=1, process="systemd")
    assert not judge(CHECK, ANSWER, UNIT, Listeners(sockets=(own,)))


def test_silent_for_a_service_that_fails_for_another_reason() -> None:
    assert not judge(CHECK, ANSWER, replace(UNIT, port_in_use=False), LISTENING)
    assert not judge(CHECK, ANSWER, replace(UNIT, is_open=False), LISTENING)


def test_ends_the_services_own_program_that_somebody_started_by_hand() -> None:
    (claim,) = judge(CHECK, ANSWER, replace(UNIT, copy=20), LISTENING)
    assert claim.fix is not None
    shown = [" ".join(step.argv) for step in claim.fix.steps if isinstance(step, Command)]
    assert claim.fix.applicability is Applicability.REVIEW
    assert "kill 20" in shown[0]
    assert shown[1:] == ["systemctl reset-failed shop", "systemctl restart shop"]
    (claim,) = judge(CHECK, ANSWER, UNIT, LISTENING)
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.MANUAL


OTHER = replace(UNIT, state="failed", file_state="enabled", holder="shop16")


def test_stops_the_other_service_that_has_the_port() -> None:
    (claim,) = judge(CHECK, ANSWER, OTHER, LISTENING)
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.REVIEW
    shown = [" ".join(step.argv) for step in claim.fix.steps if isinstance(step, Command)]
    assert shown == [
        "systemctl stop shop16",
        "systemctl disable shop16",
        "systemctl reset-failed shop",
        "systemctl restart shop",
    ]
    assert "service shop16" in " ".join(texts(CHECK, claim))


def test_silent_for_a_disabled_service_that_another_one_has_replaced() -> None:
    replaced = replace(OTHER, file_state="disabled")
    assert not judge(CHECK, ANSWER, replaced, LISTENING)
    assert judge(CHECK, replace(ANSWER, status=500), replaced, LISTENING)
