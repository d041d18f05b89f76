"""Apache, Caddy or HAProxy answers 502 or 504, and the application answers the same request, only
later: the server in front waits less for it than it needs. The evidence is the application, asked
directly and for longer.
"""

from collections.abc import Iterator

from checks.server import ServerView, manual_fix, place_text, reload_steps, server_on_port
from checks.server._backend_answers import route_to_application, visit_of
from checks.server._longer_timeouts import longer_wait
from checks.server._page_timeouts import PageTimeout, page_timeouts
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity, Subject
from diagnose.model.backends import BackendVisit
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.web_sites import inner_path

#: Seconds: what a response costs besides the wait, and the shortest wait that is one.
_SLACK, _SHORTEST = 0.5, 0.5


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, BackendVisit, Exchange],
    explains=[
        "http.server-error",
        "server.application-answers",
        "server.application-silent",
        "server.backend-not-reached",
        "server.haproxy-server-timeout",
        "server.request-failed",
    ],
)
def answer_too_late(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    pages = page_exchanges(evidence)
    if view is None or not pages or not all(page.status in {502, 504} for page in pages):
        return
    path = target.path_without_query
    route = route_to_application(view)
    visit = visit_of(evidence, route, path, inner_path(route, path), False) if route else None
    waited = min(page.took for page in pages)
    if route is None or visit is None or (visit.status or 500) >= 500:
        return
    if waited < _SHORTEST or visit.took < waited:
        return
    # Apache may try a second connection of its pool before it gives up.
    timeouts = [
        timeout
        for timeout in page_timeouts(view, route)
        if waited / 2 - _SLACK <= timeout.seconds <= waited + _SLACK
        if timeout.seconds < visit.took
    ]
    timeout = max(timeouts, key=lambda one: one.seconds, default=None)
    if timeout is None and any(page.status == 502 for page in pages):
        return  # the application may have closed the connection
    yield Claim(
        about=Subject(port=target.port, path=path),
        covers=(Subject(port=target.port, path=path), Subject(port=target.port)),
        because=(visit, view.server, *pages),
        confidence=Confidence.CERTAIN if timeout else Confidence.LIKELY,
        facts={
            **view.facts,
            "url": pages[0].url,
            "status": pages[0].status,
            "waited": waited,
            "needed": visit.took,
            "answer": visit.status,
            "application": route.authority,
            "setting": timeout.text if timeout else "",
            "place": timeout.place if timeout else place_text(route.file, route.line),
            "command": visit.equivalent,
            view.server.product: True,
        },
        fix=_fix(view, timeout, visit.took),
    )


def _fix(view: ServerView, timeout: PageTimeout | None, needed: float) -> Fix:
    """Return an edit of HAProxy's backend, or of the setting of another server."""
    edit = longer_wait(view, timeout, needed)
    if edit is None:
        return manual_fix(view, "wait-longer")
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
