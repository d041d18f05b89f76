"""The program of this server that has what Apache, Caddy or HAProxy asks a port for, at which
nothing listens: the port is written wrong. A person confirms it.

The program was asked for the path that visitors want, and for one that nobody has, as the control.
A FastCGI program is not asked: it is meant if it is the only one.
"""

from collections.abc import Collection

from checks.server import ServerView
from checks.upstream._meant_programs import MeantProgram, is_everywhere, only_program
from checks.upstream._sole_programs import sole_program
from diagnose.model.addresses import is_local_host
from diagnose.model.backends import BackendVisit
from diagnose.model.server import Listeners
from diagnose.model.web_servers import SiteRoute
from diagnose.parsers.other_programs import has_path, is_of_many
from diagnose.parsers.urls import parse_url


def program_facts(program: MeantProgram | None) -> dict[str, object]:
    """Return the facts of the page about the program that may be meant, each "" without one."""
    if program is None:
        return dict.fromkeys(("sole", "process", "only_page", "near", "meant_path", "php"), "")
    return {
        "sole": f"127.0.0.1:{program.port}",
        "process": program.process,
        "only_page": program.how == "page",
        "near": program.how == "near",
        "meant_path": program.path if program.how == "path" else "",
        "php": program.how == "php",
    }


def other_program(view: ServerView, route: SiteRoute, paths: list[str]) -> MeantProgram | None:
    """Return the program that may be meant by a route of this machine; None if it is not known."""
    if not is_local_host(route.host):
        return None
    sites = view.config.sites if view.config else ()
    named = {port for site in sites for each in site.routes for port in ports_of(each)}
    if route.scheme == "fcgi":
        port = _sole_php_port(view, named)
        return MeantProgram(port, "PHP-FPM", how="php") if port else None
    if route.scheme == "http" and "/" in paths and route.host in {"localhost", "127.0.0.1"}:
        sole = sole_program(view.evidence, "/", named, route.port)
        if sole is not None:
            return sole
    return _meant_program(view, route, paths, named) if route.scheme in {"http", "ws"} else None


def ports_of(route: SiteRoute) -> tuple[int, ...]:
    """Return the ports to which a route leads: those of its members, if it has any."""
    members = (member.rpartition(":")[2] for member in route.members)
    ports = tuple(int(port) for port in members if port.isascii() and port.isdigit())
    return ports or (route.port,)


def _meant_program(
    view: ServerView, route: SiteRoute, paths: list[str], named: Collection[int]
) -> MeantProgram | None:
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
    return only_program(view.evidence, fitting, named, beside)


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
