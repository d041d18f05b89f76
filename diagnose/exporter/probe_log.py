"""The log of one probe: lines in logfmt, as /probe?debug=true and /logs show them."""

import time
from datetime import UTC, datetime

from diagnose.parsers.sanitize import clean
from diagnose.parsers.secrets import hide_secrets

#: Limits of what a server can write into our memory: lines, and characters of a value.
MAX_LINES = 200
MAX_VALUE, MAX_KEPT = 400, 2000


class ProbeLog:
    """The lines of one probe. Values are cleaned, and secrets in them hidden, when somebody reads
    them: most logs are read by nobody."""

    def __init__(self, module: str, target: str) -> None:
        self._module, self._target = module, target
        self._entries: list[tuple[float, str, str, dict[str, str]]] = []

    def info(self, message: str, **values: object) -> None:
        self._write("info", message, values)

    def error(self, message: str, **values: object) -> None:
        self._write("error", message, values)

    def _write(self, level: str, message: str, values: dict[str, object]) -> None:
        if len(self._entries) < MAX_LINES:
            shortened = {name: str(value)[:MAX_KEPT] for name, value in values.items()}
            self._entries.append((time.time(), level, message, shortened))

    @property
    def text(self) -> str:
        return "".join(f"{self._line(*entry)}\n" for entry in self._entries)

    @property
    def errors(self) -> str:
        """The lines of errors alone."""
        return "".join(f"{self._line(*entry)}\n" for entry in self._entries if entry[1] == "error")

    def _line(self, moment: float, level: str, message: str, values: dict[str, str]) -> str:
        clock = datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")
        pairs = {"module": self._module, "target": self._target, **values}
        fields = " ".join(f"{name}={_quoted(value)}" for name, value in pairs.items())
        start = f"time={clock.replace('+00:00', 'Z')} level={level} msg={_quoted(message)}"
        return f"{start} {fields}"


def _quoted(text: str) -> str:
    """Return a value of logfmt: in quotes where it holds blanks, quotes or "="."""
    cleaned = hide_secrets(clean(text, MAX_VALUE))
    if cleaned and not any(character in ' "=\\' for character in cleaned):
        return cleaned
    escaped = cleaned.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
