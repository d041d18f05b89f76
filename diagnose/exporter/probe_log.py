"""The log of one probe: lines in logfmt, as /probe?debug=true and /logs show them."""

from datetime import UTC, datetime

from diagnose.parsers.sanitize import clean
from diagnose.parsers.secrets import hide_secrets

#: Limits of what a server can write into our memory: lines, and characters of a value.
MAX_LINES = 200
MAX_VALUE = 400


class ProbeLog:
    """The lines of one probe. Values are cleaned, and secrets in them hidden."""

    def __init__(self, module: str, target: str) -> None:
        self._end = f"module={_quoted(module)} target={_quoted(target)}"
        self.lines: list[str] = []

    def info(self, message: str, **values: object) -> None:
        self._write("info", message, values)

    def error(self, message: str, **values: object) -> None:
        self._write("error", message, values)

    def _write(self, level: str, message: str, values: dict[str, object]) -> None:
        if len(self.lines) >= MAX_LINES:
            return
        time = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        pairs = "".join(f" {name}={_quoted(str(value))}" for name, value in values.items())
        self.lines.append(f"time={time} level={level} msg={_quoted(message)} {self._end}{pairs}")

    @property
    def text(self) -> str:
        return "".join(f"{line}\n" for line in self.lines)


def _quoted(text: str) -> str:
    """Return a value of logfmt: in quotes where it holds blanks, quotes or "="."""
    shown = hide_secrets(clean(text, MAX_VALUE))
    if shown and not any(character in ' "=\\' for character in shown):
        return shown
    escaped = shown.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
