"""The RewriteConds and RewriteRules of a virtual host itself, outside of sections in which a
pattern is compared with something else (mod_rewrite, "What is matched?"). No I/O."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from diagnose.parsers.continued_lines import joined_rows

_OTHER_SECTIONS = re.compile(r"(?i)\s*<(/?)(?:(?:directory|files|location)(?:match)?|if)\b")

#: Maximum number of lines that are read, and of characters of one.
_MAX_LINES, _MAX_LINE = 5_000, 1_500


class RewriteLine(NamedTuple):
    """A line, from 1. `is_rule` is False for a condition; `is_on` is True if the virtual host's own
    RewriteEngine is on there."""

    number: int
    text: str
    is_rule: bool
    is_on: bool


def rewrite_lines(text: str, first: int, last: int) -> Iterator[RewriteLine]:
    """Yield these lines of the virtual host from the line `first` to `last`."""
    depth, is_on = 0, False
    for number, line in enumerate(joined_rows(text)[:_MAX_LINES], 1):
        if not first <= number <= last or len(line) > _MAX_LINE:
            continue
        if section := _OTHER_SECTIONS.match(line):
            depth += -1 if section[1] else 1
        if depth > 0:
            continue
        words = line.split(None, 2)
        name = words[0].lower() if words else ""
        if name == "rewriteengine":
            is_on = words[1:2] != [] and words[1].strip("\"'").lower() == "on"
        elif name in {"rewritecond", "rewriterule"}:
            yield RewriteLine(number, line, name == "rewriterule", is_on)
