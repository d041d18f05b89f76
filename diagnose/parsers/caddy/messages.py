"""The output of `caddy version` and `caddy adapt`, and Caddy's journal. No I/O."""

import re

from diagnose.parsers.caddy.document import decode, dictionary, text_of
from diagnose.parsers.config_error import ConfigError
from diagnose.parsers.sanitize import clean

_VERSION = re.compile(r"v?(\d{1,5}\.\d{1,5}\.\d{1,5}\S{0,30})")
_ERROR = re.compile(r"^Error: (.{1,4000})$", re.MULTILINE)
#: "Caddyfile:2: unrecognized directive" and "Caddyfile:2 - Error during parsing: …"; newer
#: versions write ", at Caddyfile:2" at the end.
_PLACE = re.compile(r"(?:^|[ '])([^\s:']{1,500}):(\d{1,9})(?=:| - |$|,)")


def parse_version(text: str) -> str:
    """Return the version without its "v"; "" if the program is no Caddy 2."""
    match = _VERSION.match(text.strip())
    return clean(match[1], 50) if match else ""


def parse_error(text: str) -> ConfigError:
    """Parse what `caddy adapt` writes to standard error."""
    match = _ERROR.search(text)
    message = match[1] if match else next(iter(text.strip().splitlines()[-1:]), "")
    place = _PLACE.search(message)
    line = int(place[2]) if place else 0
    return ConfigError(clean(message, 500), clean(place[1], 500) if place else "", line)


def last_error(lines: tuple[str, ...]) -> str:
    """Return the last error of the journal: its JSON lines have a level and a message."""
    for line in reversed(lines[-100:]):
        if line.startswith("Error: "):
            return clean(line.removeprefix("Error: "), 500)
        row = dictionary(decode(line)) if line.startswith("{") else {}
        if row.get("level") in {"error", "fatal"}:
            parts = (text_of(row.get("msg")), text_of(row.get("error")))
            return clean(": ".join(part for part in parts if part), 500)
    return ""
