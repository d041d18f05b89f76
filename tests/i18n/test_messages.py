import gettext

import pytest

from diagnose.i18n import LANGUAGES, SOURCE_LANGUAGE, next_language
from diagnose.i18n.messages import Message, Messages, PluralMessage, translation

MESSAGES = Messages(
    Message("join.list", ", "),
    Message("new", "not translated: {what}"),
    PluralMessage("count.notes", "{count} note", "{count} notes"),
    PluralMessage("new-count", "{count} thing", "{count} things"),
)


def test_the_key_tells_apart_what_is_the_same_in_english() -> None:
    other = Messages(Message("join.phrases", ", "))
    assert MESSAGES.translate("join.list", "en") == other.translate("join.phrases", "en")
    assert MESSAGES.translate("join.list", "zh") == "、"
    assert other.translate("join.phrases", "zh") == "，"


@pytest.mark.parametrize(
    ("lang", "count", "text"),
    [
        ("en", 0, "0 notes"),
        ("en", 1, "1 note"),
        ("en", 2, "2 notes"),
        ("zh", 1, "1 条提示"),
        ("zh", 2, "2 条提示"),
    ],
)
def test_a_count_chooses_the_form(lang: str, count: int, text: str) -> None:
    assert MESSAGES.translate("count.notes", lang, count=count) == text


def test_what_is_not_translated_is_english() -> None:
    assert MESSAGES.translate("new", "zh", what="{braces}") == "not translated: {braces}"
    assert MESSAGES.translate("new-count", "zh", count=2) == "2 things"


def test_a_key_is_one_message() -> None:
    assert "new" in MESSAGES
    assert "old" not in MESSAGES
    with pytest.raises(KeyError):
        MESSAGES.translate("old", "en")
    with pytest.raises(AssertionError, match="twice"):
        Messages(Message("new", "one"), Message("new", "two"))


def test_english_reads_no_catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(gettext, "translation")
    translation.cache_clear()
    assert MESSAGES.translate("count.notes", SOURCE_LANGUAGE, count=3) == "3 notes"


def test_a_language_without_a_catalogue_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        translation("xx")


def test_the_languages_follow_one_another_in_a_circle() -> None:
    visited = [SOURCE_LANGUAGE]
    for _ in LANGUAGES:
        visited.append(next_language(visited[-1]))
    assert set(visited) == set(LANGUAGES)
    assert visited[-1] == SOURCE_LANGUAGE
