"""The server sends the application another name as Host, and the application refuses that name, or
redirects for ever to the name that it knows: `ProxyPreserveHost On` is missing (Apache, mod_proxy),
or a line replaces the Host (Caddy, `header_up Host`; HAProxy, `http-request set-header Host`).
Asked directly with the visitor's name, it answers.
"""

import re
from collections.abc import Iterator

from checks.server import (
    ServerView,
    manual_fix,
    place_text,
    server_on_port,
)
from checks.server._backend_answers import answer_with, route_to_application
from checks.server._traefik_files import without_line
from checks.server._visitor_fields import HOST, visitor_fix
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Severity, Subject
from diagnose.model.backends import BackendAnswer
from diagnose.model.http import Exchange, Upgrade, page_exchanges
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.redirects import REDIRECTS, leads_to_itself


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, BackendAnswer],
    explains=[
        "server.own-answer",
        "server.application-answers",
        "http.host-refused",
        "http.redirect-loop",
        "websocket.not-upgraded",
        "upstream.application-log",
        "websocket.origin-refused",
    ],
)
def host_not_passed(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    if view is None:
        return
    if claim := _claim(view, list(page_exchanges(evidence)), ""):
        yield claim
    for path in dict.fromkeys(target.websockets):
        upgrades: list[Exchange | Upgrade] = [
            upgrade
            for upgrade in evidence.good(Upgrade)
            if upgrade.path == path and upgrade.port == target.port
            if upgrade.is_visit
        ]
        if claim := _claim(view, upgrades, path):
            yield claim


def _claim(view: ServerView, visits: list[Exchange | Upgrade], websocket: str) -> Claim | None:
    """Return the claim for the target's page, or for a WebSocket; None if the application's answer
    does not depend on the Host."""
    evidence, target = view.evidence, view.evidence.target
    route = route_to_application(view, websocket, bool(websocket))
    if route is None or route.keeps_host or not visits:
        return None
    own = route.replacement_host
    proto = "https" if target.uses_tls or not websocket else "http"
    right = answer_with(evidence, route, target.authority, proto, websocket)
    wrong = answer_with(evidence, route, own, proto, websocket)
    if right is None or wrong is None or {visit.status for visit in visits} != {wrong.status}:
        return None
    loops = wrong.status in REDIRECTS and all(map(_leads_back, visits))
    # One that redirects has to show a page: it may redirect to the name that it got.
    if (right.status or 999) >= (300 if loops else 400) or not (loops or _is_error(wrong)):
        return None
    path = websocket or target.path
    return Claim(
        about=Subject(port=target.port, path=path),
        covers=_covers(evidence, path, wrong),
        because=(right, wrong, view.server, *visits),
        facts={
            **view.facts,
            "application": own,
            "path": path,
            "place": place_text(route.file, route.line),
            "status": wrong.status,
            "other_status": right.status,
            "loops": loops,
            view.server.product: True,
        },
        fix=_fix(view, path, bool(websocket)),
    )


def _covers(evidence: Evidence, path: str, wrong: BackendAnswer) -> tuple[Subject, ...]:
    """Return the page or the WebSocket, and with a page the WebSockets that get the same answer."""
    port = evidence.target.port
    paths = [path]
    if not wrong.websocket:
        paths += [
            upgrade.path
            for upgrade in evidence.good(Upgrade)
            if upgrade.is_visit and upgrade.port == port and upgrade.status == wrong.status
        ]
    return tuple(Subject(port=port, path=each) for each in dict.fromkeys(paths))


def _is_error(answer: BackendAnswer) -> bool:
    return (answer.status or 0) >= 400


def _leads_back(visit: Exchange | Upgrade) -> bool:
    """Return whether a page redirects to itself."""
    return isinstance(visit, Exchange) and leads_to_itself(visit)


def _fix(view: ServerView, path: str, websocket: bool) -> Fix:
    # Other applications of the same site may want their own name, so a person reads the edit.
    if view.server.product == "traefik":
        edit = without_line(view, re.compile(r"\s*passHostHeader\s*:\s*false\s*"))
        return Fix((edit,), Applicability.REVIEW) if edit else manual_fix(view, "keep-the-host")
    fix = visitor_fix(view, path, HOST, websocket=websocket)
    return fix or manual_fix(view, "keep-the-host")
