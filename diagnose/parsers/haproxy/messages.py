"""Reads what HAProxy's program prints: its version and its verdict on a configuration. No I/O."""

import re

from diagnose.parsers.config_error import ConfigError
from diagnose.parsers.sanitize import clean

_VERSION = re.compile(r"^HA-?Proxy version ([0-9][\w.+~-]{0,40})", re.MULTILINE)
_LINE = re.compile(r"^\[(ALERT|WARNING)\]\s*(?:[0-9/:\s]*)\([0-9]+\)\s*:\s*(.*)$")
_PLACE = re.compile(r"\[([^\[\]\s]+):([0-9]{1,7})\]")

#: Maximum number of characters of a message to which a row is added.
MAX_MESSAGE = 1000

#: Lines that only count the others, and what a master says of a worker that has said why it ends.
_TOTALS = (
    "Error(s) found in configuration file", "Fatal errors found", "Error in configuration",
    "Current worker (", "exit-on-failure",
)  # fmt: skip


def parse_version(text: str) -> str:
    """Return the version that "haproxy -v" prints, "" if this is not HAProxy."""
    match = _VERSION.search(text)
    return clean(match[1], 60) if match else ""


def parse_test(text: str) -> tuple[ConfigError, tuple[str, ...]]:
    """Return the first error of "haproxy -c", and its other lines as they are."""
    first, other_lines = ConfigError(), []
    for row in _whole_messages(text.splitlines()[:500]):
        match = _LINE.match(row)
        if match is None or any(total in match[2] for total in _TOTALS):
            continue
        message = clean(match[2].removeprefix("config : "), 500)
        if match[1] == "ALERT" and not first.message:
            first = _complaint(message)
        else:
            other_lines.append(message)
    return first, tuple(other_lines[:20])


def _whole_messages(rows: list[str]) -> list[str]:
    """Return the messages, with what follows an unfinished one (with ":" at its end) in rows that
    begin with a blank: "'bind :443' in section 'frontend' :" has its reason there."""
    messages: list[str] = []
    for row in rows:
        previous = messages[-1] if messages else ""
        is_continued = row[:1].isspace() and _LINE.match(previous) and len(previous) < MAX_MESSAGE
        if is_continued and previous.rstrip().endswith(":"):
            messages[-1] = f"{previous.rstrip()} {row.strip()}"
        else:
            messages.append(row)
    return messages


def _complaint(message: str) -> ConfigError:
    place = _PLACE.search(message)
    text = re.sub(r"^parsing \[[^\]]*\] ?: ?", "", message)
    return ConfigError(text, place[1] if place else "", int(place[2]) if place else 0)
