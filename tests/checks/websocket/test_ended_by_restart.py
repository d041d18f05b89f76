"""websocket.ended-by-restart: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Applicability, Command, Confidence, Manual, Severity
from diagnose.model.applications import ReadSetting
from diagnose.model.services import EndReason, ServiceEnds
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import CHAT, judge
from tests.support.websocket_evidence import upgrade

CHECK = "websocket.ended-by-restart"
OPEN = upgrade(101, accepted=True)
ENDS = ServiceEnds(
    unit="board", endpoint="8080", reason="runtime", times=6, interval=600, ago=30,
    message="Service reached runtime time limit.", setting="RuntimeMaxSec=10min",
    equivalent="journalctl --since -6h -u board.service",
)  # fmt: skip
TOLD = replace(CHAT, symptom=Symptom("websocket-closed", "closed with code 1006", 1006))


def test_fires_with_the_limit_taken_away() -> None:
    (claim,) = judge(CHECK, ENDS, OPEN, target=TOLD)
    assert (claim.confidence, claim.severity) == (Confidence.LIKELY, None)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    commands = [step.argv for step in claim.fix.steps if isinstance(step, Command)]
    assert "RuntimeMaxSec=infinity" in str(commands[1])
    assert commands[-1] == ("systemctl", "restart", "board")


def test_fires_with_the_command_without_the_mode_for_developers() -> None:
    line = "ExecStart=/opt/api/venv/bin/uvicorn main:app"
    source = replace(ENDS, reason="source", setting="", command_line=line)
    (claim,) = judge(CHECK, source, target=TOLD)
    assert claim.fix
    assert line in str(claim.fix.steps[1])
    (claim,) = judge(CHECK, replace(source, command_line=""), target=TOLD)
    assert claim.fix
    assert [step.step for step in claim.fix.steps if isinstance(step, Manual)] == ["no-reload"]


def test_fires_for_each_reason_with_a_step_of_its_own() -> None:
    steps: tuple[tuple[EndReason, str], ...] = (
        ("watchdog", "notify"), ("memory", "memory"), ("crash", "read-the-log"), ("plan", "plan"),
    )  # fmt: skip
    for reason, step in steps:
        (claim,) = judge(CHECK, replace(ENDS, reason=reason), target=TOLD)
        assert claim.fix
        assert [each.step for each in claim.fix.steps if isinstance(each, Manual)] == [step]


def test_a_note_where_the_message_tells_a_longer_time() -> None:
    for text, severity in (
        ("disconnects after an hour", Severity.NOTE),
        ("disconnects after 10 minutes", None),
    ):
        told = replace(CHAT, symptom=Symptom("websocket-closed", text))
        (claim,) = judge(CHECK, ENDS, OPEN, target=told)
        assert claim.severity is severity


def test_silent_where_no_websocket_opens_and_without_a_message() -> None:
    assert not judge(CHECK, ENDS, upgrade(403), target=TOLD)
    assert not judge(CHECK, OPEN, target=TOLD)


def test_fires_with_the_longer_limit_of_a_worker_that_blocked() -> None:
    ends = replace(
        ENDS, unit="", manager="gunicorn", reason="worker", setting="",
        message="[31] [CRITICAL] WORKER TIMEOUT (pid:31)",
    )  # fmt: skip
    limit = ReadSetting(
        application="program", topic="timeout", key="timeout", values=("15",), line="timeout = 15",
        file="/srv/stream/gunicorn.conf.py", number=4, process="gunicorn", unit="stream.service",
    )  # fmt: skip
    (claim,) = judge(CHECK, ends, limit, target=TOLD)
    assert claim.facts["blocked"]
    assert claim.facts["limit"] == "15"
    assert claim.fix
    assert "timeout = 300" in str(claim.fix.steps[0])
    (claim,) = judge(CHECK, ends, target=TOLD)
    assert claim.fix
    assert [step.step for step in claim.fix.steps if isinstance(step, Manual)] == ["unblock"]
