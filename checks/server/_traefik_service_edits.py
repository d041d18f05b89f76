"""Edits of a service of Traefik, in YAML of its file provider: the name that the application gets,
and TLS to it ("Services", "ServersTransport")."""

import re
from collections.abc import Sequence

from checks.server import ServerView, line_edit
from checks.server._traefik_edits import is_watched
from diagnose.model import Edit
from diagnose.model.frozen import frozen
from diagnose.model.web_servers import SiteRoute

_URL = re.compile(r"\s*-\s+[\"']?url[\"']?\s*:\s*[\"']?http")
_SERVERS = re.compile(r"(\s*)servers\s*:\s*")
_KEY = re.compile(r"(\s*)([A-Za-z]{1,40})\s*:(\s.*)?")
_MAX_ROWS = 200


@frozen
class _Balancer:
    """The rows of a file, the number of the row `servers:`, the servers below it, and the rows of
    the keys beside it, by their names in lower case."""

    rows: tuple[str, ...]
    number: int
    servers: tuple[int, ...]
    beside: dict[str, int]

    @property
    def indent(self) -> str:
        row = self.rows[self.number - 1]
        return row[: len(row) - len(row.lstrip())]


def own_host_edit(view: ServerView, route: SiteRoute) -> Edit | None:
    """Return the edit that sends the application the name in its URL as Host; None if its service
    is written in another way, or says so already."""
    balancer = _balancer(view, route)
    if balancer is None:
        return None
    line = f"{balancer.indent}passHostHeader: false"
    if number := balancer.beside.get("passhostheader"):
        is_off = balancer.rows[number - 1].split()[-1:] == ["false"]
        return None if is_off else line_edit(view, route.file, {number: (line,)})
    own = balancer.rows[balancer.number - 1]
    return line_edit(view, route.file, {balancer.number: (line, own)})


def tls_edit(view: ServerView, route: SiteRoute, is_trusted: bool) -> Edit | None:
    """Return the edit that speaks TLS to the one application of a service; unless the system trusts
    its certificate, without a verification. None if there are several, or if a transport is
    written already."""
    balancer = _balancer(view, route)
    if balancer is None or balancer.servers != (route.line,):
        return None
    row = balancer.rows[route.line - 1]
    changes: dict[int, tuple[str, ...]] = {route.line: (row.replace("http://", "https://", 1),)}
    if is_trusted:
        return line_edit(view, route.file, changes)
    roots = [n for n, text in enumerate(balancer.rows, 1) if re.fullmatch(r"http\s*:\s*", text)]
    text = "\n".join(balancer.rows)
    if len(roots) != 1 or "serversTransport" in text:
        return None
    step = _step(balancer.rows[roots[0] :])
    own = balancer.rows[balancer.number - 1]
    transport = (
        f"{step}serversTransports:", f"{step * 2}own:", f"{step * 3}insecureSkipVerify: true",
    )  # fmt: skip
    changes[balancer.number] = (f"{balancer.indent}serversTransport: own", own)
    changes[roots[0]] = (balancer.rows[roots[0] - 1], *transport)
    return line_edit(view, route.file, changes)


def _step(rows: Sequence[str]) -> str:
    """Return the spaces before the first key below `http:`."""
    match = next((match for row in rows if (match := _KEY.fullmatch(row))), None)
    return match[1] if match and match[1] else "  "


def _balancer(view: ServerView, route: SiteRoute) -> _Balancer | None:
    """Return the block in which the URL of a route stands; None if it is written in another way, or
    if Traefik does not read its files again by itself."""
    file = view.config.file(route.file) if view.config and route.line else None
    rows = tuple(file.text.split("\n")) if file else ()
    if not rows or route.line > len(rows) or not _URL.match(rows[route.line - 1][:500]):
        return None
    number = route.line - 1
    while number > max(route.line - _MAX_ROWS, 0) and not _SERVERS.fullmatch(rows[number - 1]):
        number -= 1
    match = _SERVERS.fullmatch(rows[number - 1]) if number > 0 else None
    if match is None or not is_watched(view):
        return None
    depth = len(match[1])
    servers = [
        place for place in _inside(rows, number, depth + 1, 1) if _URL.match(rows[place - 1][:500])
    ]
    beside = {
        key[2].lower(): place
        for direction in (-1, 1)
        for place in _inside(rows, number, depth, direction)
        if (key := _KEY.fullmatch(rows[place - 1])) and len(key[1]) == depth
    }
    is_below = route.line in servers
    return _Balancer(rows, number, tuple(servers), beside) if is_below else None


def _inside(rows: Sequence[str], number: int, depth: int, direction: int) -> list[int]:
    """Return the numbers of the rows before or behind one, as far as they are as deep as `depth`. A
    list may stand as deep as its key, so its members count as deeper by one."""
    places = []
    place = number + direction
    while 0 < place <= len(rows) and abs(place - number) <= _MAX_ROWS:
        row = rows[place - 1]
        own = len(row) - len(row.lstrip()) + row.lstrip().startswith("- ")
        if row.strip() and own < depth:
            break
        places.append(place)
        place += direction
    return places
