"""Reads the backends that HAProxy chooses by the request: "use_backend %[req.hdr(host),lower,map(
/etc/haproxy/hosts.map,other)]" (Configuration Manual, "use_backend" and section 7.3.1, "map").

If the name that comes out is no backend's, HAProxy tries no further rule and takes the default.
No I/O.
"""

import re
from collections.abc import Iterator

from diagnose.model.frozen import frozen
from diagnose.parsers.haproxy.config import Configuration, Line, Proxy

#: Maximum number of rows of a map: with more it is not followed.
MAX_ROWS = 300

_FORMAT = re.compile(
    r"(?P<before>[^%]*)%\[(?P<fetch>[\w.]+(?:\([^()]*\))?(?:,(?:lower|host_only|field\(1,:\)"
    r"|word\(1,:\)))*)(?:,map(?:_(?P<method>\w+))?\((?P<file>[^,()]+)(?:,(?P<other>[^(),]*))?\))?\]"
    r"(?P<behind>[^%]*)"
)
_METHODS = ("str", "beg", "end", "dom", "reg")


@frozen
class DynamicBackend:
    """What stands in the place of a backend's name: the `fetch` that asks the request, how a map
    compares it, the map's file ("" without one), its default, and the text around it."""

    fetch: str
    method: str = "str"
    file: str = ""
    other: str = ""
    before: str = ""
    behind: str = ""


@frozen
class Choice:
    """A value of a request that is compared by `method`, and the name of the backend that it leads
    to. Without a value it is what remains."""

    backend: str
    method: str = "str"
    value: str = ""


def dynamic_backend(line: Line) -> DynamicBackend | None:
    """Return what a rule writes in the place of a backend's name; None if it is another rule, or
    one that is not understood."""
    name = "".join(line.words[1:2])
    match = _FORMAT.fullmatch(name) if line.keyword == "use_backend" else None
    method = (match["method"] or "str") if match else ""
    if match is None or method not in _METHODS:
        return None
    return DynamicBackend(
        match["fetch"],
        method,
        match["file"] or "",
        match["other"] or "",
        match["before"],
        match["behind"],
    )


def map_files(config: Configuration) -> tuple[str, ...]:
    """Return the paths of the maps by which the frontends choose a backend."""
    lines = (line for proxy in config.frontends for line in proxy.own("use_backend"))
    backends = (dynamic_backend(line) for line in lines)
    return tuple(
        dict.fromkeys(
            backend.file for backend in backends if backend and backend.file.startswith("/")
        )
    )


def choices(dynamic: DynamicBackend, proxy: Proxy) -> tuple[Choice, ...] | None:
    """Return the backends that a rule may choose, in the order in which they are looked for, and
    what remains; None if the map is not known or too long."""
    if not dynamic.file:
        return (*_by_name(dynamic, proxy), Choice(""))
    text = proxy.maps.get(dynamic.file)
    if text is None or text.count("\n") > 10 * MAX_ROWS:
        return None
    # A key with capitals is not among small letters: a map compares the case (section 7.3.1).
    is_lower = ",lower" in dynamic.fetch and dynamic.method != "reg"
    rows = [row for row in _rows(text) if not is_lower or row[0] == row[0].lower()]
    if len(rows) > MAX_ROWS:
        return None
    if dynamic.method == "beg":
        rows.sort(key=lambda row: -len(row[0]))
    mapped = (Choice(_whole(dynamic, name), dynamic.method, value) for value, name in rows)
    return (*mapped, Choice(_whole(dynamic, dynamic.other) if dynamic.other else ""))


def _rows(text: str) -> Iterator[tuple[str, str]]:
    """Yield the keys and values of a map: the key is the first word, "#" begins a comment."""
    for row in text.split("\n"):
        words = row.split(None, 1)
        if len(words) == 2 and not words[0].startswith("#"):
            yield words[0], words[1].strip()


def _by_name(dynamic: DynamicBackend, proxy: Proxy) -> Iterator[Choice]:
    """Yield the backends whose names can come out of the request."""
    before, suffix = dynamic.before, dynamic.behind
    for name in sorted(proxy.backends)[:MAX_ROWS]:
        value = name.removeprefix(before).removesuffix(suffix)
        if value and _whole(dynamic, value) == name:
            yield Choice(name, "str", value)


def _whole(dynamic: DynamicBackend, name: str) -> str:
    return f"{dynamic.before}{name}{dynamic.behind}"
