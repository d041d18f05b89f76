"""Apache or Caddy passes a WebSocket on to an application that refuses it, or to none, and another
application of the same site opens it when it is asked directly for that path: the route for the
path is missing, or a wider one takes it first (Apache, "ProxyPass": the first that matches; Caddy,
"handle": the longest path matcher). For HAProxy's backends it is server.haproxy-other-backend.

What no route of Caddy's takes is server.path-not-handled.
"""

from collections.abc import Iterator

from checks.server import ServerView, manual_fix, place_text, reload_steps, server_on_port
from checks.server._apache_pass_edits import passed_path_steps
from checks.server._backend_answers import (
    refused_websockets,
    route_to_application,
    websocket_paths,
    websocket_severity,
    websocket_subjects,
)
from checks.server._caddy_proxy_lines import passed_path_edit
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity, Step
from diagnose.model.backends import BackendVisit
from diagnose.model.web_servers import SiteRoute, WebServer, WebServerConfig
from diagnose.parsers.web_sites import may_take

#: Statuses of a program that knows no WebSocket at the path. 401 and 403 may be about a login.
_UNKNOWN = frozenset({200, 400, 404, 405, 410, 426, 501})


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, BackendVisit],
    explains=[
        "server.own-answer",
        "server.websocket-not-passed",
        "websocket.not-upgraded",
        "upstream.application-log",
        "websocket.no-location",
    ],
)
def websocket_other_application(evidence: Evidence) -> Iterator[Claim]:
    view = server_on_port(evidence)
    if view is None or view.config is None or view.server.product not in {"apache", "caddy"}:
        return
    for path in websocket_paths(evidence):
        own, refused = path.partition("?")[0], refused_websockets(evidence, path)
        if not refused or any(upgrade.status not in _UNKNOWN for upgrade in refused):
            continue
        route = route_to_application(view, own, websocket=True)
        if route is None and _may_be_passed(view, own):
            continue
        is_passed_on = route is not None and bool(route.target)
        opened = _opened(evidence, own)
        routes = {each.target: each for site in view.answering_sites for each in site.routes}
        if len(opened) != 1 or (view.server.product == "caddy" and not is_passed_on):
            continue
        (visit,) = opened
        other = routes.get(visit.target)
        if other is None or (route is not None and route.authority == other.authority):
            continue
        site = view.answering_sites[0]
        yield Claim(
            about=websocket_subjects(evidence, path)[0],
            covers=websocket_subjects(evidence, path),
            because=(visit, view.server, view.config, *refused),
            # Which application was meant, only its owner knows.
            confidence=Confidence.LIKELY,
            severity=websocket_severity(evidence),
            facts={
                **view.facts,
                "path": own,
                "status": refused[0].status or "",
                "target": _address(other),
                "own": _address(route) if is_passed_on and route else "",
                "own_place": place_text(route.file, route.line) if is_passed_on and route else "",
                "other_place": place_text(other.file, other.line),
                "place": place_text(site.file, site.line),
                "tls": other.scheme in {"https", "wss"},
                "matcher": other.pattern and other.for_websockets is False,
            },
            fix=_fix(view, route, own, other),
        )


def _may_be_passed(view: ServerView, path: str) -> bool:
    """Return whether a route by a pattern may take a path: where it leads is not known."""
    routes = (route for site in view.answering_sites for route in site.routes)
    return any(route.pattern and may_take(route, path) for route in routes)


def _fix(view: ServerView, route: SiteRoute | None, path: str, other: SiteRoute) -> Fix:
    """Write a line for the path above that of the route that takes it now."""
    steps: tuple[Step, ...] = ()
    if view.server.product == "apache":
        steps = passed_path_steps(view, other, path, path, websocket=True)
    elif route is not None and other.scheme not in {"https", "wss"} and _is_for_all(other):
        # TLS may need lines of the other route's block.
        edit = passed_path_edit(view, route, path, other.authority)
        steps = (edit,) if edit else ()
    if not steps:
        return manual_fix(view, f"lead-there-{view.server.product}")
    return Fix((*steps, *reload_steps(view.server)), Applicability.REVIEW)


def _is_for_all(route: SiteRoute) -> bool:
    """Return whether a route takes every WebSocket at its path; a matcher may ask for fields."""
    return not route.pattern or route.for_websockets is True


def _opened(evidence: Evidence, path: str) -> list[BackendVisit]:
    """Return the direct visits that opened the WebSocket at this very path, one for each
    application."""
    visits = {
        visit.target: visit
        for visit in evidence.good(BackendVisit)
        if visit.websocket and visit.accepted and visit.requested == visit.path == path
    }
    return list(visits.values())


def _address(route: SiteRoute) -> str:
    return route.authority
