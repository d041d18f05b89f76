"""The buffer of HAProxy, into which the header of a request and of a response has to fit
(Configuration Manual, "tune.bufsize", "tune.maxrewrite")."""

import re

from checks.server._haproxy import HaproxyView, insert_after, replace
from diagnose.model import Edit
from diagnose.parsers.haproxy.config import Configuration, Line

#: Bytes, HAProxy's defaults.
BUFFER, RESERVE = 16384, 1024

#: Bytes. Each connection has such buffers: a larger one costs too much memory.
_LARGEST = 1 << 18


def setting(config: Configuration, name: str) -> Line | None:
    return next(reversed(config.global_lines(name)), None)


def sizes(config: Configuration) -> tuple[int, int]:
    """Return the bytes of the buffer, 0 if its line cannot be read, and of its reserve."""
    buffer_line, reserve_line = (
        setting(config, name) for name in ("tune.bufsize", "tune.maxrewrite")
    )
    buffer = _bytes(buffer_line) if buffer_line else BUFFER
    reserve = _bytes(reserve_line) if reserve_line else RESERVE
    # A reserve of more than half the buffer is cut to that.
    return buffer, min(reserve, buffer // 2)


def _bytes(line: Line) -> int:
    match = re.fullmatch(r"([0-9]{1,9})([kKmM]?)", line.words[1] if len(line.words) > 1 else "")
    return int(match[1]) << {"": 0, "k": 10, "m": 20}[match[2].lower()] if match else 0


def buffer_edit(haproxy: HaproxyView, wanted: int) -> Edit | None:
    """Return the edit that gives the buffer so many bytes; None if that is too much, or if there is
    no section `global`."""
    return _global_edit(haproxy, "tune.bufsize", wanted) if wanted <= _LARGEST else None


def reserve_edit(haproxy: HaproxyView, wanted: int) -> Edit | None:
    """Return the edit that gives the reserve so many bytes; None without a section `global`."""
    return _global_edit(haproxy, "tune.maxrewrite", wanted)


def _global_edit(haproxy: HaproxyView, name: str, wanted: int) -> Edit | None:
    config, text = haproxy.proxies.config, f"{name} {wanted}"
    if (line := setting(config, name)) is not None:
        return replace(haproxy.view, line, text)
    section = next((section for section in config.sections if section.kind == "global"), None)
    if section is None:
        return None
    return insert_after(haproxy.view, Line((section.kind,), section.file, section.line), text)
