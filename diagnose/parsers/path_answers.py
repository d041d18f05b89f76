"""What a site does with a path, so that two files of one site can be compared. No I/O."""

from collections.abc import Iterable

from diagnose.model.frozen import frozen
from diagnose.model.web_servers import WebSite
from diagnose.parsers.web_sites import redirect_of, route_of, site_at


@frozen
class PathAnswer:
    """Where a site passes a path on to (`text` is the address), or the folder from which it answers
    it, and the place of the line."""

    text: str
    file: str
    line: int


def path_answer(site: WebSite, path: str) -> PathAnswer | None:
    """Return what a site does with a path; None if it redirects, refuses, or that is not known."""
    if redirect_of(site, path) is not None:
        return None
    route = route_of(site, path, False)
    if route is not None:
        is_passed = bool(route.host or route.socket)
        own = PathAnswer(route.target, route.file or site.file, route.line or site.line)
        return own if is_passed else None
    if any(each.pattern for each in site.routes):
        return None
    folder, _ = site_at(site, path)
    return PathAnswer(folder.root, site.file, site.line) if folder.root else None


def has_all_places(used: Iterable[WebSite], other: Iterable[WebSite]) -> bool:
    """Return whether sites have all names and ports of those of another file."""
    return _places(used) <= _places(other)


def _places(sites: Iterable[WebSite]) -> set[tuple[str, int]]:
    return {
        (name.lower(), socket.port)
        for site in sites
        for name in site.names or ("",)
        for socket in site.sockets
    }
