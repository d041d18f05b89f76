"""Texts that are recognized by their English words."""

from diagnose.i18n.failures import MESSAGES
from diagnose.i18n.recognized import recognize


def kept(text: str, lang: str) -> str:
    return text


def test_a_text_of_the_messages_is_translated_with_its_facts() -> None:
    assert recognize(MESSAGES, "more than 7 bytes", "zh", kept) == "超过 7 字节"
    assert recognize(MESSAGES, "more than 7 bytes", "en", kept) == "more than 7 bytes"


def test_the_facts_are_translated_by_the_caller() -> None:
    inner = {"timed out": "inner"}
    text = recognize(MESSAGES, "the probe failed: timed out", "zh", lambda fact, _: inner[fact])
    assert "inner" in text


def test_another_text_and_a_part_of_one_stay() -> None:
    for text in ("more than 7 bytes of it", "anything"):
        assert recognize(MESSAGES, text, "zh", kept) == text
