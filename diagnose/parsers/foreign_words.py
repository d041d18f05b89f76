"""What a visitor sees, in words of French, German, Spanish, Russian, Portuguese and Japanese.
Pure, except that it reads `foreign_words.toml`, once.
"""

import re
from functools import cache
from pathlib import Path

from diagnose.model.symptom import ERROR_STATUS, SymptomKind
from diagnose.parsers.visible_faults import VisibleFault

TABLE = Path(__file__).with_suffix(".toml")
#: The words before the number of an error. 404 alone may be anything.
_NUMBER = re.compile(
    rf"\b(?:erreurs?|fehler\w{{0,8}}|error(?:es)?|ошибк\w{{1,3}}|код)\W{{1,4}}(?:http\W{{1,3}})?({ERROR_STATUS})(?!\w)"
    rf"|(?<![\w.:])({ERROR_STATUS})\W{{1,3}}(?:erreurs?|fehler\w{{0,8}}|ошибк\w{{1,3}})\b",
    re.IGNORECASE,
)


def foreign_fault(words: str) -> VisibleFault | None:
    """Return the first fault that words name in one of these languages; None if they name none."""
    if match := _NUMBER.search(words):
        return VisibleFault("status", int(match[1] or match[2]), match[0])
    for kind, pattern in _table():
        if match := pattern.search(words):
            return VisibleFault(kind, None, match[0])
    return None


@cache
def _table() -> tuple[tuple[SymptomKind, re.Pattern[str]], ...]:
    import tomllib  # few runs have a pasted message

    table = tomllib.loads(TABLE.read_text("utf-8"))
    return tuple(
        (fault["kind"], re.compile("|".join(map(_pattern, fault["words"])), re.IGNORECASE))
        for fault in table["fault"]
    )


#: Scripts without blanks between words.
_UNSPACED = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")


def _pattern(words: str) -> str:
    """Return the pattern of words in the order of the table: " … " is up to forty characters, and a
    star is the rest of a word."""
    if _UNSPACED.search(words):
        return re.escape(words).replace("…", ".{0,20}?")
    text = re.escape(words).replace("\\ …\\ ", r"\b.{0,40}?\b").replace(r"\*", r"\w{0,8}")
    return rf"\b{text.replace(chr(92) + ' ', ' ')}(?!\w)"
