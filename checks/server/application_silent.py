"""The application behind Apache, Caddy or HAProxy takes a connection and does not answer: asked
directly, without the server in front, it was silent until the time was up. A response that needs
longer looks the same, so the cause is certain only after a minute, and a note where the server in
front waits longer than this run did.
"""

import math
import re
from collections.abc import Iterator

from checks.http._response_limits import is_unawaited, limit_facts, response_limit
from checks.server import ServerView, manual_fix, place_text, server_on_port
from checks.server._backend_answers import route_to_application, visit_of
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.backends import BackendVisit
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.server import Listeners
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.web_sites import inner_path

#: Seconds. What Apache and nginx wait by default.
_PATIENCE = 60
_VALUE = re.compile(r"[0-9.]+[a-z]*$")


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, BackendVisit, Exchange],
    explains=["http.server-error", "server.application-answers"],
)
def application_silent(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    if view is None:
        return
    path = target.path.partition("?")[0]
    route, pages = route_to_application(view), page_exchanges(evidence)
    if route is None or not pages or not all(map(_is_silence, pages)):
        return
    visit = _silent_visit(evidence, route.target, path, inner_path(route, path))
    if visit is None or visit_of(evidence, route, path, visit.path, False):
        return
    waited = max((visit.took, *(page.took for page in pages)))
    is_open = is_unawaited(evidence, pages)
    short_limit = _short_limit(evidence, view.server.product)
    yield Claim(
        about=Subject(port=target.port, path=path),
        covers=(Subject(port=target.port, path=path), Subject(port=target.port)),
        because=(visit, view.server, *pages),
        severity=Severity.NOTE if is_open else None,
        confidence=Confidence.CERTAIN if waited >= _PATIENCE else Confidence.LIKELY,
        facts={
            "waited": waited,
            "tried": visit.took,
            **view.facts,
            "application": route.authority,
            "process": _process(evidence, route.port),
            "place": place_text(route.file, route.line),
            "status": pages[0].status or "",
            "command": visit.equivalent,
            "open": is_open,
            **(limit_facts(evidence) if is_open else short_limit),
        },
        fix=_fix(view, is_open=is_open, has_limit=bool(short_limit)),
    )


def _short_limit(evidence: Evidence, product: str) -> dict[str, object]:
    """Return the line by which the server in front gives up, and the one that lets it wait longer;
    {} where none is written."""
    limit = response_limit(evidence)
    if not limit.line:
        return {}
    seconds = max(2 * _PATIENCE, 2 * math.ceil(limit.seconds))
    value = f"{seconds}" if product == "apache" else f"{seconds}s"
    longer = _VALUE.sub(value, limit.line)
    return {"limit_line": limit.line, "limit_place": limit.place, "longer_line": longer}


def _fix(view: ServerView, *, is_open: bool, has_limit: bool) -> Fix:
    """Nothing is to be loaded where no line of the configuration is to be changed."""
    if is_open or has_limit:
        return manual_fix(view, "wait-longer" if is_open else "look-into-it")
    return Fix((Manual("look-into-it", Where.SERVER),), Applicability.MANUAL)


def _is_silence(page: Exchange) -> bool:
    """Return whether a page did not come because something took too long."""
    if page.failure is not None:
        return page.failure.kind == "timeout"
    return page.status in {502, 504}


def _silent_visit(
    evidence: Evidence, target: str, requested: str, path: str
) -> BackendVisit | None:
    return next(
        (
            visit
            for visit in evidence.of(BackendVisit)
            if (visit.target, visit.requested, visit.path) == (target, requested, path)
            if not visit.websocket and visit.failure and visit.failure.kind == "timeout"
            if visit.connected is not False
        ),
        None,
    )


def _process(evidence: Evidence, port: int) -> str:
    names = (
        listener.process
        for listeners in evidence.good(Listeners)
        for listener in listeners.on(port)
        if listener.process
    )
    return next(names, "")
