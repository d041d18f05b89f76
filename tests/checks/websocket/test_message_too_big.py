"""websocket.message-too-big: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Applicability, Confidence, Severity
from diagnose.model.applications import ReadSetting
from diagnose.model.http import Exchange
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge

CHECK = "websocket.message-too-big"
TOLD = replace(SHOP, symptom=Symptom("websocket-closed", "CLOSE 1009", number=1009))
PAGE = Exchange(
    url=SHOP.url, address="192.0.2.1", port=443, purpose="target", method="GET", status=200
)
READ = ReadSetting(
    application="program", topic="message-limit", key="max_size", file="/opt/chat/server.py",
    number=3, line="serve(h, 'x', 1)", new="serve(h, 'x', 1, max_size=16 * 2 ** 20)",
    process="python3", unit="chat.service",
)  # fmt: skip


def test_fires_with_the_line_of_the_program() -> None:
    (claim,) = judge(CHECK, PAGE, READ, target=TOLD)
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert claim.facts["key"] == "max_size"


def test_is_a_note_without_a_line() -> None:
    (claim,) = judge(CHECK, PAGE, target=TOLD)
    assert claim.severity is Severity.NOTE


def test_silent_about_another_code() -> None:
    other = replace(SHOP, symptom=Symptom("websocket-closed", "CLOSE 1006", number=1006))
    assert not judge(CHECK, PAGE, READ, target=other)
    assert not judge(CHECK, PAGE, READ)


WORDS = replace(
    SHOP, symptom=Symptom("websocket-closed", "the websocket closes when I paste a photo")
)


def test_fires_by_the_words_about_a_picture() -> None:
    (claim,) = judge(CHECK, PAGE, READ, target=WORDS)
    assert (claim.confidence, claim.severity) == (Confidence.LIKELY, None)
    assert claim.facts["by_words"]


def test_says_by_the_words_that_no_large_message_was_sent() -> None:
    (claim,) = judge(CHECK, PAGE, target=WORDS)
    assert (claim.confidence, claim.severity) == (Confidence.POSSIBLE, Severity.NOTE)


def test_silent_about_words_without_a_large_message() -> None:
    other = replace(SHOP, symptom=Symptom("websocket-closed", "the websocket closes at night"))
    assert not judge(CHECK, PAGE, READ, target=other)
