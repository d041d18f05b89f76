"""Values of `blackbox.yml` that have a type of their own: durations, sizes, regular expressions.

Source: Go's time.ParseDuration, github.com/alecthomas/units (Base2Bytes), RE2's syntax.
"""

import re
from typing import Any

import re2

_DURATION = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)")
_UNIT_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)i?B", re.IGNORECASE)
_SIZE_EXPONENTS = {"T": 4, "G": 3, "M": 2, "K": 1, "": 0}

#: How /config shows a secret.
HIDDEN = "<secret>"


class Duration(float):
    """Seconds, written as in Go: "1.5s", "2m30s"."""

    @classmethod
    def parse(cls, text: str) -> "Duration":
        """Raise ValueError if the text is no duration."""
        parts = _DURATION.findall(text)
        if text == "0":
            return cls(0.0)
        if not parts or "".join(number + unit for number, unit in parts) != text:
            raise ValueError(f"not a duration: {text!r} (write 5s or 1m30s)")
        return cls(sum(float(number) * _UNIT_SECONDS[unit] for number, unit in parts))

    def __str__(self) -> str:
        if 0 < self < 1:
            return f"{float(self) * 1000:g}ms"
        hours, remainder = divmod(float(self), 3600)
        minutes, seconds = divmod(remainder, 60)
        return "".join(
            f"{value:g}{unit}"
            for value, unit in ((hours, "h"), (minutes, "m"), (seconds, "s"))
            if value or unit == "s"
        )


class ByteSize(int):
    """Bytes, written as "10MB"; a unit is a power of 1024."""

    @classmethod
    def parse(cls, text: str) -> "ByteSize":
        """Raise ValueError if the text is no size."""
        parts = list(_SIZE.finditer(text))
        if not parts and text.isdigit():
            return cls(text)
        if not parts or "".join(part[0] for part in parts) != text:
            raise ValueError(f"not a size: {text!r} (write 10MB)")
        return cls(sum(float(part[1]) * 1024 ** _SIZE_EXPONENTS[part[2].upper()] for part in parts))

    def __str__(self) -> str:
        remainder, text = int(self), ""
        for unit, exponent in _SIZE_EXPONENTS.items():
            count, remainder = divmod(remainder, 1024**exponent)
            text += f"{count}{unit}{'iB' if unit else 'B'}" if count else ""
        return text or "0B"


class Secret(str):
    """A text that is never shown."""

    __slots__ = ()


class Regexp:
    """A regular expression in RE2's syntax, as Go has it. A match takes time proportional to the
    text, whatever a server sends."""

    def __init__(self, text: str) -> None:
        """Raise ValueError if the text is no regular expression."""
        self.text = text
        options = re2.Options()
        options.log_errors = False
        try:
            self._compiled: Any = re2.compile(text.encode(), options)
        except re2.error as error:
            reason = error.args[0] if error.args else ""
            reason = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else reason
            raise ValueError(f"not a regular expression: {text!r}: {reason}") from None

    def search(self, data: bytes) -> Any:
        """Return the match object, or None."""
        return self._compiled.search(data)


_GROUP = re.compile(rb"\$(?:\$|\{(\w+)\}|(\w+))")


def expand(template: str, match: Any) -> str:
    """Replace $1, ${1} and ${name} by what the expression matched; an unknown group becomes nothing
    (Go's Regexp.Expand)."""

    def group(reference: "re.Match[bytes]") -> bytes:
        name = reference[1] or reference[2]
        if name is None:
            return b"$"
        key = int(name) if name.isdigit() else name
        try:
            return match.group(key) or b""
        except (IndexError, KeyError):
            return b""

    return _GROUP.sub(group, template.encode()).decode("utf-8", "replace")
