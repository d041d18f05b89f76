"""The catalogues: they hold the messages of the source, all translated and compiled."""

import importlib
import io
import pkgutil
import re
import string
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import pytest
from babel.messages.catalog import Catalog
from babel.messages.catalog import Message as Entry
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po

from diagnose import i18n
from diagnose.checking.texts import Section, section_heading
from diagnose.i18n.command_line import HELP
from diagnose.i18n.messages import DOMAIN, LOCALES, Message, Messages, PluralMessage
from tests.support import command_texts
from tests.support.summaries import phrases

ROOT = Path(__file__).parents[2]
TRANSLATED = sorted(set(i18n.LANGUAGES) - {i18n.SOURCE_LANGUAGE})
SECTIONS: tuple[Section, ...] = ("meaning", "remedy", "verify", "steps", "general")


def source_messages() -> Iterator[Message | PluralMessage]:
    for module in pkgutil.iter_modules(i18n.__path__):
        table = getattr(importlib.import_module(f"diagnose.i18n.{module.name}"), "MESSAGES", None)
        if isinstance(table, Messages):
            yield from table
    yield from (Message(*text) for text in command_texts.texts())


def source_texts() -> set[tuple[str | None, ...]]:
    """The context and the forms of each message, and of each phrase of an observation."""
    with_context = {tuple(message) for message in source_messages()}
    return with_context | {(None, *forms) for forms in phrases()}


def path(lang: str, suffix: str) -> Path:
    return LOCALES / lang / "LC_MESSAGES" / f"{DOMAIN}.{suffix}"


def catalogue(lang: str) -> Catalog:
    with path(lang, "po").open("rb") as file:
        return read_po(file, locale=lang)


def entries(catalogue: Catalog) -> list[Entry]:
    return [entry for entry in catalogue if entry.id]


def texts(file: BinaryIO) -> list[tuple[object, ...]]:
    """The texts of a compiled catalogue, without its head, which names the version of Babel."""
    return [(entry.context, entry.id, entry.string) for entry in entries(read_mo(file))]


def forms(text: str | Sequence[str] | None) -> tuple[str, ...]:
    return tuple(text) if isinstance(text, (tuple, list)) else (str(text or ""),)


def placeholders(text: str) -> set[str]:
    return {field for _, field, _, _ in string.Formatter().parse(text) if field is not None}


def test_every_language_but_english_has_a_catalogue() -> None:
    assert sorted(folder.name for folder in LOCALES.iterdir()) == TRANSLATED


@pytest.mark.parametrize("lang", TRANSLATED)
def test_a_catalogue_holds_the_messages_of_the_source_all_translated(lang: str) -> None:
    held = {(entry.context, *forms(entry.id)) for entry in entries(catalogue(lang))}
    assert held == source_texts(), "run `make catalogues`"
    unfinished = [
        (entry.context, entry.string)
        for entry in entries(catalogue(lang))
        if entry.fuzzy or not all(forms(entry.string))
    ]
    assert unfinished == []


@pytest.mark.parametrize("lang", TRANSLATED)
def test_a_translation_has_the_placeholders_of_its_message(lang: str) -> None:
    for entry in entries(catalogue(lang)):
        if entry.context == HELP:  # no templates
            continue
        expected = placeholders(forms(entry.id)[-1])
        assert all(placeholders(form) == expected for form in forms(entry.string)), entry.context


@pytest.mark.parametrize("lang", TRANSLATED)
def test_what_is_loaded_is_what_was_translated(lang: str) -> None:
    compiled = io.BytesIO()
    write_mo(compiled, catalogue(lang))
    compiled.seek(0)
    with path(lang, "mo").open("rb") as file:
        assert texts(file) == texts(compiled), "run `make catalogues`"


@pytest.mark.parametrize("lang", i18n.LANGUAGES)
def test_the_headings_of_a_page_differ(lang: str) -> None:
    assert len({section_heading(section, lang) for section in SECTIONS}) == len(SECTIONS)


def test_one_thing_has_one_chinese_word() -> None:
    """A visitor is 访客, an answer 响应, a root cause 根本原因, the reader 您."""
    others = re.compile("访问者|来访者|应答|答复|回音|根因|导出器|源代码目录|你")
    pages = (*ROOT.glob("checks/*/*.zh.md"), *ROOT.glob("docs/zh/**/*.md"), *ROOT.glob("*.zh.md"))
    catalogue = ROOT / "diagnose/i18n/locales/zh/LC_MESSAGES/diagnose.po"
    found = [
        f"{file}: {match[0]}"
        for file in (*pages, catalogue)
        for match in others.finditer(file.read_text("utf-8"))
    ]
    assert not found
