"""Selects from an access log the WebSocket handshakes of browsers that were refused. No I/O.

A log does not tell a handshake from the request for a page whose address a visitor typed: both are
a GET of HTTP/1.1 without a Referer. These are handshakes: what was answered with 426, which no page
is (RFC 9110 section 15.5.22), what has a word for WebSockets in its path, and what a browser sent
by HTTP/1.1, again and again, that speaks HTTP/2 with the site: it opens WebSockets by HTTP/1.1 (RFC
8441 needs a setting that these servers do not send), and nothing else.

A page that is missing was typed without a query. Where the site keeps the Referer from the requests
of its pages (Referrer-Policy), one without it is no sign of a handshake. While an application
fails, it answers everything with an error.
"""

import posixpath
from collections.abc import Collection, Iterable, Sequence

from diagnose.model import Vantage
from diagnose.model.logs import RefusedHandshakes
from diagnose.parsers.access_log import AccessLine, host_of
from diagnose.parsers.failed_requests import MAX_UPGRADES, is_of_site, may_be_upgrade
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.usual_paths import is_usual_websocket

#: How applications answer a request that lost its Upgrade. What asks for a login (401, 403) is left
#: out, and what a gateway answers for an application that is down (502).
_STATUSES = frozenset({200, 400, 404, 405, 426, 500, 501})
_UPGRADE_REQUIRED = 426
_NOT_FOUND = 404
_SERVER_ERROR = 500

#: What only a page loads, which sends it as the Referer.
_PARTS = frozenset({".js", ".css", ".woff2", ".png", ".svg", ".webp", ".jpg"})

#: Words of a path that are for WebSockets alone, and those that pages have too.
_WORDS = frozenset(
    {"ws", "wss", "websocket", "websockets", "sockjs", "websockify", "signalr", "blazor", "hmr"}
)
_LIKELY_WORDS = frozenset(
    {
        "socket", "sockets", "cable", "term", "terminal", "terminals", "xterm", "shell", "webssh",
        "ssh", "pty", "tty", "console", "vnc", "live", "hub", "hubs", "stream", "realtime", "push",
        "notification", "notifications", "events", "exec", "attach", "kernels", "channels",
    }
)  # fmt: skip
_WORD = lazy_pattern(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def refused_handshakes(
    lines: Iterable[AccessLine], file: str, names: Collection[str], is_shared: bool, since: float
) -> tuple[RefusedHandshakes, ...]:
    """Return the handshakes since a time (seconds since the epoch) after which none at the same
    path succeeded, the most frequent first. The arguments are those of `failed_requests`."""
    own = [
        line
        for line in lines
        if line.when >= since and is_of_site(line, names, is_shared, host_of(line.referer) in names)
    ]
    refused: dict[str, list[AccessLine]] = {}
    for line in own:
        if may_be_upgrade(line) and line.status in _STATUSES:
            refused.setdefault(line.path, []).append(line)
        elif line.method == "GET" and line.status < 400:
            refused.pop(line.path, None)
    newer = {(line.client, line.agent) for line in own if line.version[:1] in {"2", "3"}}
    reticent = {(line.client, line.agent) for line in own if _keeps_referer(line)}
    broken = {line.path for line in own if line.status >= _SERVER_ERROR}
    handshakes = [
        _observation(file, requests)
        for path, requests in refused.items()
        if _are_handshakes(path, requests, newer, reticent)
        if requests[-1].status < _SERVER_ERROR or broken == {path}
    ]
    return tuple(sorted(handshakes, key=lambda each: -each.times)[:MAX_UPGRADES])


def _keeps_referer(line: AccessLine) -> bool:
    """Return whether a browser loaded a part of a page without telling the page."""
    return not line.referer and posixpath.splitext(line.path)[1].lower() in _PARTS


def _are_handshakes(
    path: str,
    requests: Sequence[AccessLine],
    newer: Collection[tuple[str, str]],
    reticent: Collection[tuple[str, str]],
) -> bool:
    """Return whether requests for a path were handshakes of WebSockets. `newer` are the clients
    that speak HTTP/2 with the site, and `reticent` those that tell no Referer, each by its address
    and its name."""
    words = {word.lower() for word in _WORD.findall(path)}
    is_named = not words.isdisjoint(_WORDS) or "websocket" in path.lower()
    if is_named or is_usual_websocket(path):
        return True
    if any(line.status == _UPGRADE_REQUIRED for line in requests):
        return True
    clients = {(line.client, line.agent) for line in requests}
    if not words.isdisjoint(_LIKELY_WORDS) and clients.isdisjoint(reticent):
        if requests[-1].status == _NOT_FOUND:
            return all(line.has_query for line in requests)
        return len(requests) > 1 or requests[0].has_query
    # A page that is missing at the port of http is asked for by HTTP/1.1 as well.
    return len(requests) > 1 and clients.issubset(newer)


def _observation(file: str, requests: Sequence[AccessLine]) -> RefusedHandshakes:
    last = requests[-1]
    return RefusedHandshakes(
        vantage=Vantage.SERVER,
        file=file,
        path=last.path,
        status=last.status,
        written=last.written,
        times=len(requests),
    )
