"""The request of an HTTP health check, and the answers that it accepts ("option httpchk",
"http-check"). No I/O."""

import re

from diagnose.model.frozen import frozen
from diagnose.parsers.haproxy.config import Line, Proxy


@frozen
class HttpCheck:
    """A health check over HTTP. `line` is that of "option httpchk", and `send` that of "http-check
    send". `expect` is the line "http-check expect", None for every 2xx and 3xx."""

    line: Line
    method: str = "OPTIONS"
    path: str = "/"
    version: str = "1.0"
    fields: tuple[tuple[str, str], ...] = ()
    send: Line | None = None
    expect: Line | None = None

    def accepts(self, status: int) -> bool | None:
        """Return whether a server with this answer is up; None if the rule is not understood."""
        if self.expect is None:
            return 200 <= status < 400
        words = self.expect.words[2:]
        negated = words[:1] == ("!",)
        words = words[1:] if negated else words
        if len(words) != 2:
            return None
        if words[0] == "status":
            is_accepted: bool | None = any(_is_in(status, part) for part in words[1].split(","))
        else:
            is_accepted = _matches(status, words[1]) if words[0] == "rstatus" else None
        return is_accepted if is_accepted is None else is_accepted is not negated


def http_check(backend: Proxy) -> HttpCheck | None:
    """Return the HTTP health check of a backend, None if it has none or one of several steps."""
    line = backend.option("httpchk")
    if line is None or backend.setting("http-check", "connect"):
        return None
    words = [*line.words[2:], "", "", ""]
    if len(line.words) == 3:  # the path alone
        words = ["", line.words[2], ""]
    send = backend.setting("http-check", "send")
    values = _send_values(send) if send else {}
    version = values.get("ver") or words[2].split("\\r\\n")[0].split("\r\n")[0] or "HTTP/1.0"
    return HttpCheck(
        line,
        values.get("meth") or words[0] or "OPTIONS",
        values.get("uri") or words[1] or "/",
        "1.1" if version.endswith("1.1") else "1.0",
        (*_line_fields(words[2]), *_send_fields(send)),
        send,
        backend.setting("http-check", "expect"),
    )


def _send_values(line: Line) -> dict[str, str]:
    return {key: line.after(key) for key in ("meth", "uri", "ver") if key in line.words}


def _send_fields(line: Line | None) -> tuple[tuple[str, str], ...]:
    words = line.words if line else ()
    return tuple(
        (words[index + 1], words[index + 2])
        for index, word in enumerate(words[:-2])
        if word == "hdr"
    )


def _line_fields(version: str) -> tuple[tuple[str, str], ...]:
    """Return the fields of the old form, behind the version: "HTTP/1.1\\r\\nHost:\\ www"."""
    rows = re.split(r"\\r\\n|\r\n", version)[1:]
    pairs = (row.partition(":") for row in rows if ":" in row)
    return tuple((name.strip(), value.strip()) for name, _, value in pairs)


def _matches(status: int, pattern: str) -> bool | None:
    """Return whether an expression matches a status; None for one that Python does not read, or
    that is longer than any for three digits."""
    if len(pattern) > 60:
        return None
    try:
        return bool(re.search(pattern, str(status)))
    except (re.error, OverflowError, RecursionError):
        return None


def _is_in(status: int, part: str) -> bool:
    low, _, high = part.partition("-")
    if not (low.isascii() and low.isdigit()):
        return False
    return int(low) <= status <= int(high if high.isascii() and high.isdigit() else low)
