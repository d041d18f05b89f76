"""Paths of WebSockets whose address a script makes with an object of URL: `const u = new
URL(location); u.protocol = "wss:"; u.pathname = "/ws"; new WebSocket(u)`. No I/O."""

import re
from collections.abc import Iterator
from itertools import islice

_PATH, _QUOTE = r"/[A-Za-z0-9._~/\-]{1,200}", r"[\"'`]"
#: The object and its arguments.
_OBJECT = re.compile(
    r"(?<![\w$.])([A-Za-z_$][\w$]{0,40})\s{0,3}=\s{0,3}new URL\(([^;\n]{1,160}?)\)(?=\s{0,3}[;,\n])"
)
#: The page's own address among them.
_OWN = re.compile(r"\blocation\b|\bdocument\.(?:URL|baseURI)\b")
_FIRST = re.compile(rf"\s{{0,3}}{_QUOTE}({_PATH}){_QUOTE}\s{{0,3}},")
#: Characters behind the object in which it is changed and used, and the number of objects.
_REACH, _MOST = 1500, 20


def object_paths_in(text: str) -> Iterator[tuple[str, int]]:
    """Yield the paths that such objects have on the page's own host, each with its position."""
    for match in islice(_OBJECT.finditer(text), _MOST):
        rest = text[match.end() : match.end() + _REACH]
        name = rf"(?<![\w$.]){re.escape(match[1])}"
        # The scheme shows that the address is a WebSocket's, the call that it is opened.
        scheme = re.search(rf"{name}\.protocol\s{{0,3}}=(?!=)[^;\n]{{0,120}}?\bwss?\b", rest)
        opened = re.search(
            rf"\bnew (?:Reconnecting)?WebSocket\(\s{{0,3}}{re.escape(match[1])}(?![\w$])", rest
        )
        if not _OWN.search(match[2]) or not scheme or not opened:
            continue
        first = _FIRST.match(match[2])
        changed = re.search(
            rf"{name}\.pathname\s{{0,3}}=(?!=)\s{{0,3}}(?:{_QUOTE}({_PATH}){_QUOTE}(?=\s{{0,3}}[;,)\n]))?",
            rest[: opened.start()],
        )
        path = (changed[1] or "") if changed else first[1] if first else ""
        if path:
            yield path, match.start()
