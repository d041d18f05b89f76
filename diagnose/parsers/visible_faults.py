"""What a visitor sees or an administrator notices, in words without a program's message. Pure,
except that it reads `visible_faults.toml`, once.
"""

import re
from collections.abc import Collection
from functools import cache
from pathlib import Path
from typing import NamedTuple

from diagnose.model.symptom import SymptomKind
from diagnose.parsers.word_tables import word_patterns

TABLE = Path(__file__).with_suffix(".toml")


class VisibleFault(NamedTuple):
    """What words say is wrong. `number` is the status of an HTTP response, None if they name none;
    `words` are those by which it was recognized."""

    kind: SymptomKind
    number: int | None
    words: str


def visible_fault(words: str, kinds: Collection[SymptomKind] = ()) -> VisibleFault | None:
    """Return the first fault of the table that words name, of these kinds if some are given; None
    if they name none."""
    for kind, number, pattern in _table():
        if kinds and kind not in kinds:
            continue
        if match := pattern.search(words):
            named = next(filter(None, match.groupdict().values()), None)
            return VisibleFault(kind, int(named) if named else number, match[0])
    return None


@cache
def _table() -> tuple[tuple[SymptomKind, int | None, re.Pattern[str]], ...]:
    import tomllib  # few runs have a pasted message

    table = tomllib.loads(TABLE.read_text("utf-8"))
    pattern = word_patterns(table["fragments"])
    return tuple(
        (fault["kind"], fault.get("number"), pattern(fault["words"])) for fault in table["fault"]
    )
