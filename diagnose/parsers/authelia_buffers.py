"""Authelia's limit for the header of a request, and the line of its configuration.yml that raises
it. No I/O.

Source: Authelia's documentation, "Server", buffers: `read` is 4096 bytes by default, and the name
before version 4.36 is `read_buffer_size`.
"""

import re

from diagnose.parsers.header_sizes import MAX_LINE, MAX_LINES, SizeLine
from diagnose.parsers.lazy_pattern import lazy_pattern

#: Bytes that it is to take: those of Caddy's and nginx's own limits are larger.
SIZE = 16384
KEY = "server.buffers.read"
_KEY = lazy_pattern(
    r"(?P<margin>[ ]{0,40})(?P<key>[a-z_]{1,40}):[ \t]{0,20}(?P<value>[^\s#]{0,40})"
)
_PLAIN = re.compile(r"\d{1,9}")


def authelia_size(text: str) -> SizeLine | None:
    """Return the change by which Authelia reads larger headers; None if it does, or if the place of
    the line is not known."""
    lines = [line.rstrip("\r")[:MAX_LINE] for line in text.split("\n")[:MAX_LINES]]
    server = _child(lines, 0, len(lines), "server", "")
    if server is None or server[2]:
        return None
    start, stop, _ = server
    margin = next((_margin(line) for line in lines[start:stop] if _KEY.match(line)), "")
    if not margin:
        return None
    old = _child(lines, start, stop, "read_buffer_size", margin)
    buffers = _child(lines, start, stop, "buffers", margin)
    if buffers is None and old is None:
        new = f"{margin}buffers:\n{margin * 2}read: {SIZE}\n{margin * 2}write: {SIZE}"
        return SizeLine(KEY, start, lines[start - 1], new, added=True)
    if buffers is not None and not buffers[2]:
        deeper = next((_margin(line) for line in lines[buffers[0] : buffers[1]]), "")
        if len(deeper) <= len(margin):
            return None
        own = _child(lines, buffers[0], buffers[1], "read", deeper)
        if own is None:
            at = buffers[0]
            return SizeLine(KEY, at, lines[at - 1], f"{deeper}read: {SIZE}", added=True)
        return _larger(lines, own)
    return _larger(lines, old) if old is not None else None


def _larger(lines: list[str], place: tuple[int, int, str]) -> SizeLine | None:
    number, _, value = place
    if not _PLAIN.fullmatch(value) or int(value) >= SIZE:
        return None
    line = lines[number - 1]
    head, _, rest = line.partition(":")
    return SizeLine(KEY, number, line, f"{head}:{rest.replace(value, str(SIZE), 1)}")


def _child(
    lines: list[str], start: int, stop: int, key: str, margin: str
) -> tuple[int, int, str] | None:
    """Return the number of the line of a key with this margin, the number of the last line of its
    block, and its value; None if the lines have no such key, or several."""
    numbers = [
        number
        for number in range(start + 1, stop + 1)
        if (match := _KEY.match(lines[number - 1]))
        and (match["key"], match["margin"]) == (key, margin)
    ]
    if len(numbers) != 1:
        return None
    number = numbers[0]
    match = _KEY.match(lines[number - 1])
    end = number
    while end < stop and (not lines[end].strip() or len(_margin(lines[end])) > len(margin)):
        end += 1
    return number, end, match["value"] if match else ""


def _margin(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" "))]
