"""The help and the usage errors in other languages.

Their English stands where they are written: in the parsers, and where an error is raised. The
catalogues hold the translations with the contexts `command.help` and `command.error`; `make
catalogues` finds the English (tests/support/command_texts.py). An error is a filled template: its
translation is found by the template that it fits.
"""

import argparse
import re
from functools import cache
from typing import NamedTuple

from diagnose.i18n import SOURCE_LANGUAGE
from diagnose.i18n.messages import translation
from diagnose.i18n.reports import translate

#: The contexts (`msgctxt`) in a catalogue.
HELP, ERROR = "command.help", "command.error"
#: A line of a help that is not indented and ends with a colon.
_HEADING = re.compile(r"(?m)^(\S[^\n]*):$")
#: Parts of errors may be errors themselves, to this depth.
_MAX_DEPTH = 3


class _Template(NamedTuple):
    pattern: "re.Pattern[str]"
    text: str


# The help


def localize(parser: argparse.ArgumentParser, lang: str) -> None:
    """Translate the texts of a parser."""

    def translate(text: str | None) -> str | None:
        return text and translation(lang).pgettext(HELP, text)

    parser.description, parser.epilog = translate(parser.description), translate(parser.epilog)
    for group in parser._action_groups:
        group.title = translate(group.title)
    for action in parser._actions:
        action.help = translate(action.help)


def translate_help(text: str, lang: str) -> str:
    return translation(lang).pgettext(HELP, text)


def translate_headings(text: str, lang: str) -> str:
    """Return a help whose headings end with the colon of the language: argparse writes ":"."""
    colon = translate("as-anyone", lang)
    return _HEADING.sub(lambda match: f"{match[1]}{colon}", text)


# Errors


def translate_error(text: str, lang: str) -> str:
    """Return a usage error in a language; in English if no template fits. What a machine said stays
    as it is."""
    return text if lang == SOURCE_LANGUAGE else _translate(text, lang, _MAX_DEPTH)


def _translate(text: str, lang: str, depth: int) -> str:
    """Translate a text by its template, or else the part of it that follows a place, such as
    "FILE:LINE: KEY: "."""
    for start in (0, *(match.end() for match in re.finditer(": ", text))):
        for template in _templates(lang):
            if match := template.pattern.fullmatch(text, start):
                parts = (_translate(part, lang, depth - 1) if depth else part
                         for part in match.groups())  # fmt: skip
                return text[:start] + template.text.format(*parts)
    return text


@cache
def _templates(lang: str) -> tuple[_Template, ...]:
    """Return the templates of a catalogue, the longest first: they say most."""
    # The only way to all entries of a context (gettext.py has no other).
    catalog: dict[object, str] = getattr(translation(lang), "_catalog", {})
    context = f"{ERROR}\x04"
    entries = [(key.removeprefix(context), text) for key, text in catalog.items()
               if isinstance(key, str) and key.startswith(context)]  # fmt: skip
    entries.sort(key=lambda entry: -len(re.sub(r"\{\d+\}", "", entry[0])))
    return tuple(_Template(_pattern(english), text) for english, text in entries)


def _pattern(english: str) -> "re.Pattern[str]":
    """Return the pattern of a template. What follows its last sentence is another sentence."""
    body = re.sub(r"(?<=\.)\{\d+\}$", "", english)
    literals = re.split(r"\{\d+\}", body)
    rest_pattern = "((?: .*)?)" if body != english else ""
    return re.compile("(.*?)".join(map(re.escape, literals)) + rest_pattern, re.DOTALL)
