"""websocket.message-limit: when it fires, and when it is silent."""

from dataclasses import replace
from typing import Any

from diagnose.model import Applicability, Confidence
from diagnose.model.applications import ReadSetting
from diagnose.model.program_logs import ProgramLine
from tests.support.check_evidence import CHAT, judge
from tests.support.websocket_evidence import upgrade

CHECK = "websocket.message-limit"
WORDS = "Max frame length of 65536 has been exceeded."
READ = ReadSetting(
    application="program", topic="message-limit", key="max-frame-payload-length",
    file="/opt/gateway/application.yml", number=4, line="max-frame-payload-length: 65536",
    new="max-frame-payload-length: 16777216", process="java", unit="gateway.service",
)  # fmt: skip
LINE = ProgramLine(
    message=f"CorruptedWebSocketFrameException: {WORDS}", weight=2, endpoint="8080", process="java"
)


def closed(code: int = 1009, reason: str = WORDS) -> Any:
    opened = upgrade(101, accepted=True)
    return replace(opened, held_s=0.3, ended="close", close_code=code, close_reason=reason)


def test_fires_the_reason_names_who_closes() -> None:
    (claim,) = judge(CHECK, closed(), target=CHAT, masked=False)
    assert claim.confidence is Confidence.LIKELY
    assert (claim.facts["product"], claim.facts["netty"]) == ("Netty", True)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_the_log_names_who_closes() -> None:
    (claim,) = judge(CHECK, closed(reason=""), LINE, target=CHAT, masked=False)
    assert claim.facts["process"] == "java"


def test_the_line_that_was_read_is_changed() -> None:
    (claim,) = judge(CHECK, closed(), LINE, READ, target=CHAT, masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "+max-frame-payload-length: 16777216" in str(claim.fix.steps[0]).replace("\\n", "\n")


def test_silent() -> None:
    assert not judge(CHECK, closed(reason="message too big"), target=CHAT)
    assert not judge(CHECK, closed(code=1011), LINE, target=CHAT)
    assert not judge(CHECK, upgrade(101, accepted=True), LINE, target=CHAT)
