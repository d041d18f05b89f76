"""The application behind Apache, Caddy or HAProxy takes a connection and does not answer: asked
directly, without the server in front, it was silent until the time was up. A response that needs
longer looks the same, so the cause is certain only after a minute, and a note where the server in
front waits longer than this run did.

Where Apache's log says that it gave up on this very path, or a message tells the very time after
which it does, it waits too short: more time is the first remedy, a restart the second.
"""

import math
import re
from collections.abc import Iterator

from checks.http._response_limits import is_unawaited, limit_facts, response_limit
from checks.server import ServerView, manual_fix, place_text, reload_steps, server_on_port
from checks.server._backend_answers import route_to_application, visit_of
from checks.server._longer_timeouts import longer_wait
from checks.server._page_timeouts import page_timeouts
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
from diagnose.model.logs import LoggedRequestError
from diagnose.model.server import Listeners
from diagnose.model.web_servers import SiteRoute, WebServer, WebServerConfig
from diagnose.parsers.web_sites import inner_path

#: Seconds. What Apache and nginx wait by default.
_PATIENCE = 60
#: Seconds. What is written where the server waits too short (a guess: the time that the application
#: needs is not known).
_LONGER = 300
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
    path = target.path_without_query
    route, pages = route_to_application(view), page_exchanges(evidence)
    if route is None or not pages or not all(map(_is_silence, pages)):
        return
    visit = _silent_visit(evidence, route.target, path, inner_path(route, path))
    if visit is None or visit_of(evidence, route, path, visit.path, False):
        return
    waited = max((visit.took, *(page.took for page in pages)))
    is_open = is_unawaited(evidence, pages)
    gave_up = () if is_open else _gave_up(evidence, path)
    is_short = bool(gave_up) or (not is_open and _is_time_reported(evidence))
    longer_fix = _longer_fix(view, route) if is_short else None
    short_limit = _short_limit(evidence, view.server.product, is_short=is_short)
    yield Claim(
        about=Subject(port=target.port, path=path),
        covers=(Subject(port=target.port, path=path), Subject(port=target.port)),
        because=(visit, view.server, *pages, *gave_up),
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
            "short": longer_fix is not None,
            "logged": gave_up[-1].message if gave_up else "",
        },
        fix=longer_fix or _fix(view, is_open=is_open, has_limit=bool(short_limit)),
    )


def _gave_up(evidence: Evidence, path: str) -> tuple[LoggedRequestError, ...]:
    """Return what the server's log has of requests for this path on which it gave up."""
    return tuple(
        error
        for error in evidence.good(LoggedRequestError)
        if error.reason == "timeout" and error.names_path and error.path == path
    )


def _is_time_reported(evidence: Evidence) -> bool:
    """Return whether a message tells the very time that the server is set to wait."""
    from diagnose.parsers.cut_connections import lasts_as_long

    symptom, limit = evidence.target.symptom, response_limit(evidence)
    return symptom is not None and bool(limit.line) and lasts_as_long(symptom, limit.seconds)


def _longer_fix(view: ServerView, route: SiteRoute) -> Fix | None:
    """Return the remedy that lets the server wait longer, and then looks at the application; None
    if a person has to write the line."""
    limit = response_limit(view.evidence)
    timeouts = [
        page_timeout
        for page_timeout in page_timeouts(view, route)
        if page_timeout.text == limit.line
    ]
    edit = longer_wait(view, next(iter(timeouts), None), max(_LONGER / 2, limit.seconds))
    if edit is None:
        return None
    last = Manual("look-into-it", Where.SERVER)
    return Fix((edit, *reload_steps(view.server), last), Applicability.MANUAL)


def _short_limit(evidence: Evidence, product: str, *, is_short: bool) -> dict[str, object]:
    """Return the line by which the server in front gives up, and the one that lets it wait longer;
    {} where none is written."""
    limit = response_limit(evidence)
    if not limit.line:
        return {}
    least = _LONGER if is_short else 2 * _PATIENCE
    seconds = max(least, 2 * math.ceil(limit.seconds))
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
