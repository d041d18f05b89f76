"""The first line of a fix's journal (diagnose/fixing/journal.py): what was planned."""

import json
from typing import NamedTuple

from diagnose.parsers.sanitize import clean

#: Maximum length of each value that is kept.
MAX_LENGTH = 300


class FixPlan(NamedTuple):
    """The check whose fix it is, the target, and the time at which it began."""

    check: str
    target: str
    begun_at: str


def parse_plan(text: str) -> FixPlan | None:
    """Return the plan, or None if the text is no journal with one."""
    line = text.partition("\n")[0]
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(record, dict) or record.get("event") != "plan":
        return None
    values = [record.get(name) for name in ("check", "target", "at")]
    if not all(isinstance(value, str) for value in values):
        return None
    return FixPlan(*(clean(str(value), MAX_LENGTH) for value in values))
