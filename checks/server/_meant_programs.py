"""The program of this server that has what Apache, Caddy or HAProxy asks a port for, at which
nothing listens: the port is written wrong. A person confirms it.

The program was asked for the path that visitors want, and for one that nobody has, as the control.
A FastCGI program is not asked: it is meant if it is the only one.
"""

from collections.abc import Collection
from typing import Literal

from checks.server import ServerView
from checks.upstream._meant_programs import is_everywhere, process_on
from checks.upstream._sole_programs import sole_program
from diagnose.model.addresses import is_local_host
from diagnose.model.backends import BackendVisit
from diagnose.model.frozen import frozen
from diagnose.model.server import Listeners
from diagnose.model.web_servers import SiteRoute
from diagnose.parsers.other_programs import has_path, is_of_many
from diagnose.parsers.urls import parse_url


@frozen(eq=False)
class OtherProgram:
    """A program that may be meant, and how that is known: it is the only one with a page at "/"
    ("page"), it has what visitors want at `path` ("path"), or it is the only one of PHP ("php")."""

    port: int
    process: str
    how: Literal["page", "path", "php"]
    path: str = ""
    visits: tuple[BackendVisit, ...] = ()

    @property
    def facts(self) -> dict[str, object]:
        return {
            "sole": f"127.0.0.1:{self.port}",
            "process": self.process,
            "only_page": self.how == "page",
            "meant_path": self.path if self.how == "path" else "",
            "php": self.how == "php",
        }


def other_program(view: ServerView, route: SiteRoute, paths: list[str]) -> OtherProgram | None:
    """Return the program that may be meant by a route of this machine; None if it is not known."""
    if not is_local_host(route.host):
        return None
    sites = view.config.sites if view.config else ()
    named = {port for site in sites for each in site.routes for port in ports_of(each)}
    if route.scheme == "fcgi":
        port = _sole_php_port(view, named)
        return OtherProgram(port, "PHP-FPM", "php") if port else None
    if route.scheme == "http" and "/" in paths and route.host in {"localhost", "127.0.0.1"}:
        sole = sole_program(view.evidence, "/", named)
        if sole is not None:
            return OtherProgram(sole.port, sole.process, "page", "/", (sole.visit,))
    return _meant(view, route, paths, named) if route.scheme in {"http", "ws"} else None


def ports_of(route: SiteRoute) -> tuple[int, ...]:
    """Return the ports to which a route leads: those of its members, if it has any."""
    members = (member.rpartition(":")[2] for member in route.members)
    ports = tuple(int(port) for port in members if port.isascii() and port.isdigit())
    return ports or (route.port,)


def _meant(
    view: ServerView, route: SiteRoute, paths: list[str], named: Collection[int]
) -> OtherProgram | None:
    """Return the only program that has what visitors want from a route, and to whose port no line
    leads, or else lines of the same site; None where several have it, or where many programs have
    such a path."""
    visits = view.evidence.good(BackendVisit)
    fitting = {
        url.port: visit
        for visit in visits
        if visit.requested in paths and has_path(visit) and not is_everywhere(visits, visit)
        if visit.websocket or not (route.path == "/" and is_of_many(visit.requested))
        if (url := parse_url(visit.target)) is not None and url.port != route.port
    }
    beside = {each.port for site in view.answering_sites for each in site.routes}
    free = {port: visit for port, visit in fitting.items() if port not in named}
    chosen = free or {port: visit for port, visit in fitting.items() if port in beside}
    if len(chosen) != 1:
        return None
    ((port, visit),) = chosen.items()
    return OtherProgram(port, process_on(view.evidence, port), "path", visit.requested, (visit,))


def _sole_php_port(view: ServerView, named: Collection[int]) -> int:
    """Return the port of this machine on which PHP-FPM listens, if there is one alone and no line
    leads to it; 0 without one."""
    ports = {
        socket.port
        for listing in view.evidence.good(Listeners)
        for socket in listing.sockets
        if (socket.process or "").startswith("php-fpm") and socket.port not in named
    }
    return ports.pop() if len(ports) == 1 else 0
