"""The server sends the application another name as Host, and the application refuses that name, or
redirects for ever to the name that it knows: `ProxyPreserveHost On` is missing (Apache, mod_proxy),
or a line replaces the Host (Caddy, `header_up Host`; HAProxy, `http-request set-header Host`).
Asked directly with the visitor's name, it answers.

An application may refuse only what has an Origin, which it compares with the Host: what scripts of
the page send, by the access log.
"""

import posixpath
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
from diagnose.model.logs import FailedRequests
from diagnose.model.web_servers import SiteRoute, WebServer, WebServerConfig
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
        "server.other-requests-failed",
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

    if claim := _of_scripts(view):
        yield claim


def _of_scripts(view: ServerView) -> Claim | None:
    """Return the claim about what scripts of the page send: the application refuses the page's
    Origin beside the Host that the server sends, and takes it beside the visitor's."""
    evidence, target = view.evidence, view.evidence.target
    answers = [answer for answer in evidence.good(BackendAnswer) if answer.origin]
    for wrong in answers:
        right = next(
            (answer for answer in answers if _is_control(target.authority, answer, wrong)), None
        )
        failure = next(
            (
                failure
                for failure in evidence.good(FailedRequests)
                if failure.is_from_page and failure.status == wrong.status
                if posixpath.dirname(failure.path) == wrong.path or failure.path == wrong.path
            ),
            None,
        )
        route = route_to_application(view, wrong.path, False)
        if right is None or failure is None or route is None or route.keeps_host:
            continue
        return Claim(
            about=Subject(port=target.port, path=failure.path),
            covers=(Subject(port=target.port, path=failure.path),),
            because=(right, wrong, view.server, failure),
            severity=Severity.WARNING,
            facts={
                **view.facts,
                **_answer_facts(route, wrong, right),
                "path": wrong.path,
                "loops": False,
                "origin": wrong.origin,
                "request": f"{failure.method} {failure.path}",
                view.server.product: True,
            },
            fix=_fix(view, failure.path, False),
        )
    return None


def _is_control(name: str, answer: BackendAnswer, wrong: BackendAnswer) -> bool:
    """Return whether an answer is the one to the same request with the visitor's Host, and no
    refusal, while the other is one."""
    is_same = (answer.path, answer.target) == (wrong.path, wrong.target)
    is_taken = (answer.status or 999) < 400 and _is_error(wrong)
    return is_same and is_taken and answer.host == name != wrong.host


def _answer_facts(
    route: SiteRoute, wrong: BackendAnswer, right: BackendAnswer
) -> dict[str, object]:
    return {
        "application": route.replacement_host,
        "place": place_text(route.file, route.line),
        "status": wrong.status,
        "other_status": right.status,
    }


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
            **_answer_facts(route, wrong, right),
            "path": path,
            "loops": loops,
            "origin": "",
            "request": "",
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
