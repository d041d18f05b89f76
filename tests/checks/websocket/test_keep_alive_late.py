"""websocket.keep-alive-late: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Applicability, Confidence, Edit, Severity
from diagnose.model.applications import ReadSetting
from diagnose.model.symptom import Symptom
from tests.checks.websocket.test_message_too_big import PAGE
from tests.support.check_evidence import SHOP, judge

CHECK = "websocket.keep-alive-late"
WORDS = "Error: Server timeout elapsed without receiving a message from the server."
TOLD = replace(SHOP, symptom=Symptom("websocket-closed", WORDS))
READ = ReadSetting(
    application="program", topic="keep-alive-interval", key="KeepAliveInterval",
    file="/opt/chat/appsettings.json", number=3, line='    "KeepAliveInterval": "00:00:50",',
    new='    "KeepAliveInterval": "00:00:15",', process="dotnet", unit="chat.service",
)  # fmt: skip


def test_fires_with_the_line_of_the_program() -> None:
    (claim,) = judge(CHECK, PAGE, READ, target=TOLD)
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert isinstance(claim.fix.steps[0], Edit)
    assert claim.facts["line"] == '"KeepAliveInterval": "00:00:50"'


def test_is_a_note_without_a_line() -> None:
    (claim,) = judge(CHECK, PAGE, target=TOLD)
    assert (claim.severity, claim.confidence) == (Severity.NOTE, Confidence.POSSIBLE)
    longer = replace(
        SHOP, symptom=Symptom("websocket-closed", WORDS.replace("timeout", "timeout (60000.00ms)"))
    )
    (claim,) = judge(CHECK, PAGE, target=longer)
    assert (claim.facts["timeout"], claim.facts["wanted"]) == (60, 30)


def test_silent_about_other_words() -> None:
    other = replace(SHOP, symptom=Symptom("websocket-closed", "the websocket closes"))
    assert not judge(CHECK, PAGE, READ, target=other)
    assert not judge(CHECK, PAGE, READ)
