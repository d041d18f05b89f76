"""A pasted message says 504, and neither this run nor a log met it: how long HAProxy, Caddy or
Apache waits for the application is known, and where that is set (`timeout server`,
`response_header_timeout`, `ProxyTimeout`).

The application answers the page of this run. So the request of the message needed longer, or the
application hung at that time. Where a log has such a request, other checks name it.
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.nginx._failed_requests import current_failures
from checks.server import ServerView, manual_fix, reload_steps, server_on_port
from checks.server._backend_answers import route_to_application
from checks.server._longer_timeouts import longer_wait
from checks.server._page_timeouts import PageTimeout, timeout_in_force
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Severity,
    merge_subjects,
)
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.web_servers import SiteRoute, WebServer, WebServerConfig
from diagnose.parsers.http import hops

#: Seconds: what is written where it was too short (a guess: the time that the application needs is
#: not known). Who waits so long already has decided.
_LONGER = 300


@check(severity=Severity.WARNING, needs=[WebServer, WebServerConfig, Exchange], needs_message=True)
def read_timeout(evidence: Evidence) -> Iterator[Claim]:
    view, symptom = server_on_port(evidence), evidence.target.symptom
    pages = [page for page in page_exchanges(evidence) if (page.status or 500) < 500]
    is_told = symptom is not None and symptom.kind == "status" and symptom.number == 504
    # Behind a CDN or a balancer it may be theirs.
    if view is None or symptom is None or not pages or any(hops(page.headers) for page in pages):
        return
    if current_failures(evidence, {502, 504}, view.server.product):
        return
    route = route_to_application(view)
    timeout = _timeout(view, route, is_status=is_told) if route else None
    is_timed = timeout is not None and _tells_time(evidence, timeout.seconds)
    if not (is_told or is_timed) or (timeout and _is_told_sooner(evidence, timeout.seconds)):
        return
    if route is None or timeout is None or not 0 < timeout.seconds < _LONGER:
        return
    subjects = endpoint_subjects(pages)
    edit = longer_wait(view, timeout, _LONGER / 2)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*pages, view.server),
        confidence=Confidence.LIKELY,
        facts={
            **view.facts,
            "url": pages[0].url,
            "patience": f"{timeout.seconds:g}",
            "setting": timeout.text,
            "place": timeout.place,
            "application": route.authority,
            "longer": _LONGER,
            "timed": is_timed,
        },
        fix=Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
        if edit
        else manual_fix(view, "wait-longer"),
    )


def _tells_time(evidence: Evidence, seconds: float) -> bool:
    """Return whether a message tells the very time that the server waits. That of a WebSocket is
    another one."""
    from diagnose.parsers.cut_connections import lasts_as_long

    symptom = evidence.target.symptom
    is_page = symptom is not None and not evidence.target.websockets
    return is_page and symptom is not None and lasts_as_long(symptom, seconds)


def _is_told_sooner(evidence: Evidence, seconds: float) -> bool:
    """Return whether a message tells a time in which the server does not give up yet."""
    from diagnose.parsers.cut_connections import ends_sooner

    symptom = evidence.target.symptom
    return symptom is not None and ends_sooner(symptom, seconds)


def _timeout(view: ServerView, route: SiteRoute, *, is_status: bool) -> PageTimeout | None:
    """Return the setting in force; Apache's, as far as the files of its sites have one. mod_proxy
    answers 502 if an application that speaks HTTP is too late, and 504 for one of FastCGI: a status
    that is told has to be that."""
    if is_status and view.server.product == "apache" and route.scheme != "fcgi":
        return None
    return timeout_in_force(view, route)
