"""The site passes requests on to a port of this machine on which nothing listens: Apache answers
503 ("AH00957: … attempt to connect to … failed").

HAProxy takes the first address of a name alone (Configuration Manual, "server"): of localhost that
may be ::1, while the application listens on 127.0.0.1, or the opposite. The others try both.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from ipaddress import ip_address
from typing import TYPE_CHECKING

from checks.nginx._failed_requests import current_failures
from checks.server import ServerView, line_text, place_text, reload_steps, server_on_port
from checks.server._address_edits import address_edit, moved_route_edit
from checks.server._haproxy import haproxy_view, refused_visits
from checks.server._program_sockets import port_handler_edit
from checks.upstream._unix_sockets import is_named_pool, php_sockets
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.addresses import bracketed, family_of, is_local_host, is_loopback
from diagnose.model.http import Exchange, Upgrade, page_exchanges
from diagnose.model.logs import FailedRequests
from diagnose.model.server import Listener, Listeners, listening_programs
from diagnose.model.tls import Handshake
from diagnose.model.upstream import UnixListeners
from diagnose.model.web_servers import SiteRoute, WebServer, WebServerConfig, WebSite
from diagnose.parsers.http import GATEWAY_FAILURES
from diagnose.parsers.usual_paths import is_usual_websocket
from diagnose.parsers.web_sites import is_taken, name_matches, route_of, sole_application

if TYPE_CHECKING:
    from checks.upstream._meant_programs import MeantProgram

#: The handler of a FastCGI program at a port, and the lines of a site that are looked at.
_HANDLER = re.compile(
    r"(?i)\s*SetHandler\s+[\"']?proxy:(fcgi://(\[[0-9a-f:]+\]|[\w.-]{1,255}):(\d{1,5}))\b"
)
_MAX_LINES = 2000
#: Maximum number of names of rules that are told.
_MAX_NAMES = 6


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, Listeners],
    explains=[
        "server.application-answers",
        "server.other-requests-failed",
        "server.request-logged",
        "upstream.application-log",
        "http.server-error",
        "http.redirect-to-error",
        "tls.closed",
        "tls.reset",
        "websocket.not-upgraded",
        "websocket.inner-proxy",
    ],
)
def application_down(evidence: Evidence) -> Iterator[Claim]:
    view = server_on_port(evidence)
    # In a container 127.0.0.1 is the container's own: server.container-not-reached.
    if view is None or view.server.container:
        return
    for route, paths in _failed_routes(view):
        yield _claim(view, route, paths)


def _failed_routes(view: ServerView) -> Iterator[tuple[SiteRoute, list[str]]]:
    """Yield the routes to an application, or to a member, that is down, with the failed paths."""
    listeners, target = view.evidence.good(Listeners), view.evidence.target
    failed_routes: dict[str, tuple[SiteRoute, list[str]]] = {}
    logged_paths = (failure.path for failure in _logged(view))
    upgrades = [upgrade.path for upgrade in view.evidence.of(Upgrade) if upgrade.is_visit]
    for path in dict.fromkeys((target.path, *target.websockets, *upgrades, *logged_paths)):
        for site in view.answering_sites:
            is_named = path in target.websockets or path in upgrades
            is_websocket = is_named or is_usual_websocket(path)
            own_path = path.partition("?")[0]
            own = route_of(site, own_path, is_websocket) or sole_application(site, own_path)
            own = _member(own) if own else _handler(view, site)
            guards = [
                guard for guard in site.guards if not guard.pattern and is_taken(guard, own_path)
            ]
            for route in (*guards, *([own] if own else [])):
                is_down = _is_every_member_down(route, listeners)
                is_down = is_down or _is_half_open(view, route, listeners)
                member = None if is_down else _down_member(view, route, listeners)
                if (is_down or member) and _failed(view, path):
                    key = member.authority if member else route.target
                    failed_routes.setdefault(key, (member or route, []))[1].append(path)
                    break
    yield from failed_routes.values()


def _claim(view: ServerView, route: SiteRoute, paths: list[str]) -> Claim:
    evidence, target = view.evidence, view.evidence.target
    listeners = evidence.good(Listeners)
    responses = [response for path in paths for response in _failed(view, path)]
    is_half_open = not _is_down(route, listeners) and _is_half_open(view, route, listeners)
    is_member = bool(route.members) and not _is_every_member_down(route, listeners)
    elsewhere = tuple(
        dict.fromkeys(
            bracketed(socket.address)
            for listener in listeners
            for socket in listener.on(route.port)
        )
    )
    is_whole = not is_half_open and not is_member
    edit = _other_address(view, route, elsewhere) if is_whole else None
    program = None if elsewhere or not is_whole else _other_program(view, route, paths)
    if program is not None:
        edit = moved_route_edit(view, route, str(program.port)) or address_edit(
            view, route, f"{bracketed(route.host)}:{program.port}"
        )
    socket = "" if edit or program or elsewhere or not is_whole else _php_socket(view, route)
    if socket:
        edit = port_handler_edit(view, route, socket)
    return Claim(
        about=Subject(port=target.port, path=paths[0]),
        covers=tuple(Subject(port=target.port, path=path) for path in paths),
        because=(
            *responses,
            *([program.visit] if program and program.visit else []),
            *listeners,
            view.server,
        ),
        facts={
            **view.facts,
            "target": route.target,
            "application": route.authority,
            "place": place_text(route.file, route.line),
            "paths": tuple(paths),
            "status": getattr(responses[0], "status", None) or "",
            "elsewhere": elsewhere,
            "other": _other_place(route, elsewhere, socket) if edit and program is None else "",
            "socket": bool(edit and socket),
            **_program_facts(view, program, paths, is_whole and not elsewhere),
            "listening": () if is_half_open else listening_programs(evidence)[:6],
            "half": is_half_open,
            "members": route.members if is_member else (),
            "rule_names": (names := _names_of_others(evidence)),
            **_start(view, route, is_whole and not elsewhere and program is None),
        },
        confidence=Confidence.LIKELY if is_half_open or names or socket else Confidence.CERTAIN,
        ruled_out=view.ruled_out,
        # Another program may have the port at that address: a person looks at it.
        fix=Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
        if edit
        else _start_fix(view, route, is_whole and not elsewhere and program is None)
        or Fix(
            (Manual(_step(is_half_open, is_member), Where.APPLICATION),),
            Applicability.MANUAL,
        ),
    )


def _other_place(route: SiteRoute, elsewhere: tuple[str, ...], socket: str) -> str:
    """Return the place at which the application listens in the place of the named address."""
    return socket or f"{elsewhere[0]}:{route.port}"


def _php_socket(view: ServerView, route: SiteRoute) -> str:
    """Return the only socket of PHP-FPM, where a handler of Apache names a port; "" where that is
    one of a pool with a name of its own, or PHP-FPM listens on a port as well."""
    evidence = view.evidence
    if view.server.product != "apache" or route.scheme != "fcgi":
        return ""
    listening = [
        path for unix_listener in evidence.good(UnixListeners) for path in unix_listener.sockets
    ]
    sockets = dict.fromkeys(php_sockets(listening))
    listeners = [socket for listener in evidence.good(Listeners) for socket in listener.sockets]
    has_port = any("php" in (socket.process or "") for socket in listeners)
    only = next(iter(sockets), "") if len(sockets) == 1 and not has_port else ""
    return "" if not only or is_named_pool(only) else only


def _names_of_others(evidence: Evidence) -> tuple[str, ...]:
    """Return the names by which rules of HAProxy choose a backend, where none of them takes the
    target and what is left goes to the default: the rule for the name may be the fault as well."""
    haproxy = haproxy_view(evidence)
    selection = haproxy.proxies.selection if haproxy else None
    if haproxy is None or selection is None or selection.rule is not None:
        return ()
    from diagnose.parsers.haproxy.conditions import host_patterns, rules_of

    rules = [rule for rule in rules_of(haproxy.proxies.frontend) if rule.backend]
    names = host_patterns(rules)
    is_own = any(name_matches(name, evidence.target.host) for name in names)
    return () if is_own else names[:_MAX_NAMES]


def _other_program(view: ServerView, route: SiteRoute, paths: list[str]) -> "MeantProgram | None":
    # Imported late: few applications are down.
    from checks.server._meant_programs import other_program

    return other_program(view, route, paths)


def _program_facts(
    view: ServerView, program: "MeantProgram | None", paths: list[str], is_missing: bool
) -> Mapping[str, object]:
    """Return the facts about the programs that may be meant, if nothing listens."""
    # Imported late: few applications are down.
    from checks.server._meant_programs import program_facts
    from checks.upstream._sole_programs import answering_programs

    is_one_of_many = program is None or program.how == "near"
    port = program.port if program else 0
    candidates: tuple[str, ...] = ()
    if is_missing and is_one_of_many and "/" in paths:
        candidates = answering_programs(view.evidence, "/", _named_ports(view), port)
    return {**program_facts(program), "candidates": candidates}


def _start(view: ServerView, route: SiteRoute, is_missing: bool) -> Mapping[str, object]:
    """Return the command that starts the application, if no program runs that may be meant."""
    from checks.upstream._start_commands import start_facts

    return start_facts(view.evidence, route.port if is_missing else 0)


def _start_fix(view: ServerView, route: SiteRoute, is_missing: bool) -> Fix | None:
    from checks.upstream._start_commands import start_fix

    is_named = bool(_names_of_others(view.evidence))
    return start_fix(view.evidence, route.port) if is_missing and not is_named else None


def _named_ports(view: ServerView) -> set[int]:
    """Return the ports to which sites of the server lead."""
    sites = view.config.sites if view.config else ()
    routes = [member for site in sites for route in site.routes for member in _members(route)]
    return {route.port for route in routes}


def _step(is_half_open: bool, is_member: bool) -> str:
    if is_half_open:
        return "name-the-address"
    return "start-the-member" if is_member else "start"


def _handler(view: ServerView, site: WebSite) -> SiteRoute | None:
    """Return the FastCGI program at a port that answers the scripts of an Apache site (mod_proxy,
    "Access via Handler"); None without one, or with several."""
    handlers = {}
    for number in range(site.line, min(site.end, site.line + _MAX_LINES) + 1):
        if match := _HANDLER.match(line_text(view, site.file, number)):
            handlers[match[1]] = (match, number)
    if len(handlers) != 1 or view.server.product != "apache":
        return None
    ((match, number),) = handlers.values()
    host, port = match[2].strip("[]"), int(match[3])
    return SiteRoute("/", match[1], "fcgi", host, port, file=site.file, line=number)


def _member(route: SiteRoute, number: int = 0) -> SiteRoute:
    """Return a route to a balancer of Apache as one to one of its members."""
    if route.scheme != "balancer" or number >= len(route.members):
        return route
    host, _, port = route.members[number].rpartition(":")
    return replace(route, scheme="http", host=host.strip("[]"), port=int(port))


def _members(route: SiteRoute) -> list[SiteRoute]:
    """Return a route to each member of an application, or its own if it has none."""
    whole = replace(route, scheme="balancer")
    return [_member(whole, number) for number in range(len(route.members))] or [route]


def _is_every_member_down(route: SiteRoute, listeners: tuple[Listeners, ...]) -> bool:
    """Return whether nothing listens on the application's port, and on that of no other member."""
    return all(_is_down(member, listeners) for member in _members(route))


def _down_member(
    view: ServerView, route: SiteRoute, listeners: tuple[Listeners, ...]
) -> SiteRoute | None:
    """Return a route to the first member of Caddy's `reverse_proxy` on whose port nothing listens,
    if others are there. Caddy answers 502 to each request that it gives to such a member, unless
    `lb_try_duration` is set; Apache asks the next member."""
    members = _members(route) if view.server.product == "caddy" else []
    down = [member for member in members if _is_down(member, listeners)]
    return down[0] if 0 < len(down) < len(members) else None


def _other_address(view: ServerView, route: SiteRoute, elsewhere: tuple[str, ...]) -> Edit | None:
    """Return the edit that writes the one address at which the port is open, as of an application
    that listens on ::1 alone; None if there is not one, or not one place to write it."""
    if len(elsewhere) != 1 or _is_everywhere(elsewhere[0]):
        return None
    return address_edit(view, route, f"{elsewhere[0]}:{route.port}")


def _is_down(route: SiteRoute, listeners: tuple[Listeners, ...]) -> bool:
    """Return whether no program of this machine listens on the application's address and port."""
    local = is_local_host(route.host)
    if not local or not route.port or not listeners:
        return False
    return not any(
        _answers(socket, route.host) for listing in listeners for socket in listing.on(route.port)
    )


def _is_half_open(view: ServerView, route: SiteRoute, listeners: tuple[Listeners, ...]) -> bool:
    """Return whether HAProxy is given localhost, and a program listens on one of its two addresses
    only."""
    if view.server.product != "haproxy" or route.host != "localhost":
        return False
    sockets = [socket for listing in listeners for socket in listing.on(route.port)]
    is_both = any(_is_everywhere(socket.address) and socket.dual for socket in sockets)
    return not is_both and len({socket.family for socket in sockets}) == 1


def _answers(socket: Listener, host: str) -> bool:
    """Return whether a socket gets the connections to a loopback address of its port."""
    if host == "localhost":
        return is_loopback(socket.address) or _is_everywhere(socket.address)
    if _is_everywhere(socket.address):
        return socket.dual or family_of(socket.address) == family_of(host)
    return ip_address(socket.address) == ip_address(host)


def _is_everywhere(address: str) -> bool:
    return address in {"0.0.0.0", "::", "*"}


def _logged(view: ServerView) -> tuple[FailedRequests, ...]:
    """Return the requests of visitors for whose paths the application could not be reached."""
    return current_failures(view.evidence, GATEWAY_FAILURES, view.server.product)


def _failed(view: ServerView, path: str) -> list[Exchange | Upgrade | FailedRequests | Handshake]:
    """Return the answers at the path that say that the application could not be reached. In mode
    tcp HAProxy has no answers, and closes connections of all paths."""
    evidence, port = view.evidence, view.evidence.target.port
    haproxy = haproxy_view(evidence) if path == evidence.target.path else None
    is_tcp = haproxy is not None and haproxy.proxies.frontend.mode == "tcp"
    # Behind it, a frontend of its own may end TLS and answer.
    if haproxy is not None and is_tcp and (refused := refused_visits(haproxy)):
        return list(refused)
    pages: list[Exchange | Upgrade] = [
        exchange for exchange in page_exchanges(evidence) if path == evidence.target.path
    ]
    upgrades = [
        upgrade for upgrade in evidence.of(Upgrade) if upgrade.path == path and upgrade.port == port
    ]
    failures = [failure for failure in _logged(view) if failure.path == path]
    answers = [response for response in (*pages, *upgrades) if response.status in GATEWAY_FAILURES]
    return [*answers, *([] if answers else failures)]
