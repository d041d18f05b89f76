"""The site passes the WebSocket's path on to an application without the upgrade: Apache's ProxyPass
to http:// drops it unless it has `upgrade=websocket` (mod_proxy, since 2.4.47) or the target is
ws://, and so does a RewriteRule [P] to http://, of a folder and its .htaccess too; a rule of
HAProxy's or Caddy's takes the fields of the upgrade away.

Where the site's application is known to open the WebSocket, and wants a login first, a handshake
proves nothing: the line decides. So it does where browsers of visitors got another answer, by the
access log, than this run, which has not logged in, and where a person writes that a WebSocket does
not open."""

import re
from collections.abc import Collection, Iterator

from checks.nginx._websockets import named_websocket, refused_visitors, wants_login
from checks.server import (
    ServerView,
    indentation,
    line_edit,
    line_text,
    manual_fix,
    place_text,
    reload_steps,
    server_on_port,
)
from checks.server._apache_modules import has_upgrade_parameter, lacks_tunnel, loading_steps
from checks.server._apache_workers import parameter_route
from checks.server._backend_answers import websocket_paths, websocket_severity
from checks.server._haproxy import kept_upgrade
from checks.server._visitor_fields import caddy_lines
from checks.websocket._page_paths import opened_paths
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Severity,
    Step,
    Subject,
)
from diagnose.model.backends import BackendVisit
from diagnose.model.http import Upgrade
from diagnose.model.logs import RefusedHandshakes
from diagnose.model.pages import WebSocketPath
from diagnose.model.web_servers import SiteRoute, WebServer, WebServerConfig
from diagnose.parsers.http import GATEWAY_FAILURES
from diagnose.parsers.web_sites import is_taken, misses_pattern, route_of

#: A line of Caddy's reverse_proxy that takes a field of the upgrade away, or sets it.
_DROPS = re.compile(
    r"(?i)\s*header_up\s+(?:-(?:upgrade|connection)|connection\s+(?:\"?close\"?|\"\"|``)|"
    r"connection\s+\"?keep-alive\"?|upgrade\s+(?:\"\"|``))\s*$"
)


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig],
    explains=[
        "websocket.not-tried",
        "websocket.unauthorized",
        "server.application-answers",
        "websocket.not-upgraded",
        "upstream.application-log",
        "websocket.inner-proxy",
        "websocket.no-location",
    ],
)
def websocket_not_passed(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    if view is None or view.config is None:
        return
    named_paths = [named.path for named in opened_paths(evidence)]
    logged_paths = [logged.path for logged in evidence.good(RefusedHandshakes)]
    reported_paths = _reported_paths(view)
    for path in dict.fromkeys(
        (*websocket_paths(evidence), *named_paths, *logged_paths, *reported_paths)
    ):
        tried = [
            upgrade
            for upgrade in evidence.of(Upgrade)
            if upgrade.path == path and upgrade.through == "front" and upgrade.port == target.port
        ]
        if any(upgrade.opens_path for upgrade in tried):
            continue
        upgrades = [upgrade for upgrade in tried if upgrade.variant != "other-path"]
        own = path.partition("?")[0]
        routes = [route_of(site, own, websocket=True) for site in view.answering_sites]
        route = next((route for route in routes if route and _loses_upgrade(view, route)), None)
        if route is None or None in routes or _is_unavailable(upgrades):
            continue
        statuses = _own_statuses(evidence, route, own)
        if any(upgrade.accepted for upgrade in tried) and statuses != {101}:
            # The application may have it at the other path alone: websocket.other-path.
            continue
        named = named_websocket(evidence, path)
        logged = refused_visitors(evidence, path, statuses)
        is_known = named is not None and (bool(named.need) or wants_login(statuses))
        is_tried = bool(upgrades) and path in websocket_paths(evidence)
        if is_known or logged or is_tried or path in reported_paths:
            opener = named if is_known else None
            yield _claim(view, path, route, upgrades, opener, logged, reported_paths)


def _reported_paths(view: ServerView) -> tuple[str, ...]:
    """Return the paths of WebSockets of which a person writes that they do not open: those of the
    page and of the log, or that of the page itself, if the site has one application and passes
    WebSockets on nowhere."""
    if view.evidence.target.symptom is None:
        return ()
    # Imported late: few runs have a pasted message.
    from checks.websocket._reported import has_own_path, reported_paths

    paths = reported_paths(view.evidence)
    if not paths or has_own_path(view.evidence):
        return paths
    routes = [
        route
        for site in view.answering_sites
        for route in site.routes
        if route.host or route.socket
    ]
    applications = {(route.host, route.port, route.socket) for route in routes}
    is_lost = all(route.websocket is False for route in routes)
    return paths if is_lost and len(applications) == 1 else ()


def _own_statuses(evidence: Evidence, route: SiteRoute, path: str) -> set[int | None]:
    """Return how the application answered this run's own handshake at a path, as the server passes
    it on: it was asked for that first."""
    visits = [
        visit
        for visit in evidence.good(BackendVisit)
        if visit.websocket and (visit.target, visit.requested) == (route.target, path)
    ]
    return {visit.status for visit in visits[:1]}


def _mismatching_route(view: ServerView, path: str) -> SiteRoute | None:
    """Return the line that passes WebSockets on and is not for this one: its pattern does not match
    the path, or its conditions are not true for a handshake."""
    routes = (route for site in view.answering_sites for route in site.routes)
    own = path.partition("?")[0]
    return next(
        (
            route
            for route in routes
            if route.pattern and route.websocket
            if misses_pattern(route, own) or route.for_websockets is False
        ),
        None,
    )


def _is_unavailable(upgrades: list[Upgrade]) -> bool:
    """Return whether Apache could not reach the application at all, which is another fault."""
    return bool(upgrades) and all(upgrade.status in GATEWAY_FAILURES for upgrade in upgrades)


def _loses_upgrade(view: ServerView, route: SiteRoute) -> bool:
    if route.websocket is False:
        return True
    return route.scheme in {"ws", "wss"} and lacks_tunnel(view)


def _claim(
    view: ServerView,
    path: str,
    route: SiteRoute,
    upgrades: list[Upgrade],
    known: WebSocketPath | None,
    logged: RefusedHandshakes | None,
    reported_paths: Collection[str] = (),
) -> Claim:
    target = view.evidence.target
    is_reported = path in reported_paths
    is_named = named_websocket(view.evidence, path) is not None
    logged_paths = {handshakes.path for handshakes in view.evidence.good(RefusedHandshakes)}
    # A handshake of the user's, or one that the application itself accepts, proves it.
    is_proven = bool(upgrades) and path in websocket_paths(view.evidence)
    missed_rule = _mismatching_route(view, path) if view.server.product == "apache" else None
    worker = parameter_route(view, route)
    return Claim(
        about=Subject(port=target.port, path=path),
        # Others know the path without its query.
        covers=tuple(
            Subject(port=target.port, path=each)
            for each in dict.fromkeys((path, path.partition("?")[0]))
        ),
        because=(
            *upgrades,
            *((view.config,) if view.config else ()),
            view.server,
            *((known,) if known else ()),
            *((logged,) if logged else ()),
        ),
        facts={
            **view.facts,
            "path": path,
            "place": place_text(route.file, route.line),
            "target": route.target,
            "shared": place_text(worker.file, worker.line) if worker != route else "",
            "status": next((upgrade.status for upgrade in upgrades if upgrade.status), None) or "",
            "later": _later(view, path, route, False),
            "above": _later(view, path, route, True),
            "missed": place_text(missed_rule.file, missed_rule.line) if missed_rule else "",
            "pattern": missed_rule.path if missed_rule else "",
            "condition": missed_rule is not None
            and not misses_pattern(missed_rule, path.partition("?")[0]),
            "module": lacks_tunnel(view) and route.scheme in {"ws", "wss"},
            "apache": view.server.product == "apache",
            "caddy": view.server.product == "caddy",
            "opener": known.library if known else "",
            "reported": is_reported,
            "unknown": is_reported and not is_named and path not in logged_paths,
            "visitors": logged.status if logged else "",
            "log": logged.file if logged else "",
        },
        is_reported=is_reported,
        confidence=Confidence.CERTAIN if is_proven else Confidence.LIKELY,
        severity=None if known and known.need == "required" else websocket_severity(view.evidence),
        fix=_fix(view, path, route),
    )


def _later(view: ServerView, path: str, first: SiteRoute, in_section: bool) -> str:
    """Return the place of a line that would pass the WebSocket on and does not come to it: one
    behind the first, or one in a <Location> of Apache above that of the first; "" for none."""
    own = path.partition("?")[0]
    routes = (route for site in view.answering_sites for route in site.routes)
    later = (
        route
        for route in routes
        if route.websocket and not route.pattern and route != first and is_taken(route, own)
        if _is_in_section(view, route) is in_section
    )
    return next((place_text(route.file, route.line) for route in later), "")


def _is_in_section(view: ServerView, route: SiteRoute) -> bool:
    """Return whether an Apache line has its path from the <Location> in which it stands."""
    line = line_text(view, route.file, route.line)
    return bool(re.match(r"(?i)\s*ProxyPass\s+\"?[a-z]+:", line))


def _fix(view: ServerView, path: str, route: SiteRoute) -> Fix:
    steps: list[Step] = []
    loading = loading_steps(view, ("proxy_wstunnel",)) if lacks_tunnel(view) else ()
    if loading is None:
        return manual_fix(view, "pass-on")
    steps += loading
    if route.websocket is False:
        edit = _edit(view, path, route)
        if edit is None:
            return manual_fix(view, "pass-on")
        steps.append(edit)
    # Whoever takes the fields away in Caddy may have a reason: an upgrade to h2c. A worker that is
    # shared passes the upgrades of other paths on, too.
    is_own = view.server.product != "caddy" and parameter_route(view, route) == route
    is_sure = is_own and not any(isinstance(step, Edit) for step in loading)
    # An .htaccess counts at once.
    is_read = route.file.endswith("/.htaccess") and not lacks_tunnel(view)
    return Fix(
        (*steps, *(() if is_read else reload_steps(view.server))),
        Applicability.AUTOMATIC if is_sure else Applicability.REVIEW,
    )


def _edit(view: ServerView, path: str, route: SiteRoute) -> Edit | None:
    """Let the line pass upgrades on; in an older Apache, a line for the path goes before it."""
    if view.server.product == "haproxy":
        return kept_upgrade(view, path)
    if view.server.product == "caddy":
        own = [number for number, text in caddy_lines(view, route) if _DROPS.match(text)]
        return line_edit(view, route.file, dict.fromkeys(own, ())) if own else None
    line = line_text(view, route.file, route.line)
    if view.server.product == "apache" and route.for_websockets and route.for_pages is False:
        changed = re.sub(r"(?i)\bhttp(s?)://", r"ws\1://", line, count=1)
        return line_edit(view, route.file, {route.line: (changed,)})
    if view.server.product == "apache" and re.match(r"(?i)\s*RewriteRule\s", line):
        from checks.server._websocket_rules import websocket_rule_edit

        return websocket_rule_edit(view, route)
    if view.server.product != "apache" or not re.match(r"(?i)\s*ProxyPass\s", line):
        return None
    if has_upgrade_parameter(view):
        worker = parameter_route(view, route)
        text = line_text(view, worker.file, worker.line)
        changed = f"{text.rstrip()} upgrade=websocket"
        return line_edit(view, worker.file, {worker.line: (changed,)})
    words = line.split()
    if len(words) < 3 or route.socket or '"' in line or "?" in path:
        return None
    indent = indentation(line)
    scheme = "wss" if route.scheme == "https" else "ws"
    host = f"[{route.host}]" if ":" in route.host else route.host
    relative_path = path.removeprefix(route.path).lstrip("/")
    url = f"{scheme}://{host}:{route.port}{route.backend_path.rstrip('/')}/{relative_path}"
    added = f"{indent}ProxyPass {path} {url}"
    return line_edit(view, route.file, {route.line: (added, line)})
