"""The server passes a request on with another path, and the application has the WebSocket or the
page at the visitor's path only. Apache's ProxyPass replaces its first argument by the path of its
second (mod_proxy, "ProxyPass"); Caddy's handle_path removes its prefix.

The evidence is the application itself, asked for both paths; also for a path of the access log that
visitors asked for again and again and nobody got, if the application has nothing at one that nobody
has made.
"""

from collections.abc import Iterator, Sequence
from functools import partial

from checks.server import ServerView, manual_fix, place_text, server_on_port
from checks.server._backend_answers import (
    Visit,
    claims_of_paths,
    is_there,
    missed_paths,
    refused_paths,
    route_to_application,
    visit_of,
    websocket_severity,
    websocket_subjects,
)
from checks.server._pattern_ends import is_cut
from checks.server._spared_paths import needs_change, spared_path_fix
from checks.server._whole_paths import whole_path_fix
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Fix, Severity, Subject
from diagnose.model.backends import BackendVisit
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.logs import UnservedRequests
from diagnose.model.web_servers import SiteRoute, WebServer, WebServerConfig
from diagnose.parsers.redirects import REDIRECTS, leads_to_itself
from diagnose.parsers.web_sites import inner_path


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, BackendVisit],
    explains=[
        "server.application-answers",
        "server.own-answer",
        "websocket.not-upgraded",
        "upstream.application-log",
        "websocket.inner-proxy",
        "websocket.unauthorized",
        "http.server-error",
        "http.redirect-loop",
        "http.page-file-missing",
    ],
)
def path_changed(evidence: Evidence) -> Iterator[Claim]:
    view = server_on_port(evidence)
    if view is None:
        return
    paths = (*refused_paths(evidence), *_loops(evidence), *missed_paths(evidence))
    yield from claims_of_paths(paths, partial(_claims, view))


def _loops(
    evidence: Evidence,
) -> Iterator[tuple[str, Sequence[Visit], bool]]:
    """Yield the target's path if its page redirects to itself, as `refused_paths` does."""
    pages = page_exchanges(evidence)
    if pages and all(map(leads_to_itself, pages)):
        yield evidence.target.path, pages, False


def _claims(
    view: ServerView, full_path: str, visits: Sequence[Visit], websocket: bool
) -> Iterator[Claim]:
    path = full_path.partition("?")[0]
    route = route_to_application(view, path, websocket)
    if route is None or not visits:
        return
    inner = inner_path(route, path)
    changed = visit_of(view.evidence, route, path, inner, websocket)
    whole = visit_of(view.evidence, route, path, path, websocket)
    if inner == path or changed is None or whole is None:
        return
    loops = not websocket and all(map(_leads_back, visits))
    is_lost = changed.status in REDIRECTS if loops else not changed.succeeded
    is_missed = isinstance(visits[0], UnservedRequests)
    has_whole = is_there(whole) if is_missed else whole.succeeded
    if not is_lost or not has_whole or (loops and whole.status in REDIRECTS):
        return
    port = view.evidence.target.port
    is_spared = not loops and needs_change(view, route, path)
    yield Claim(
        about=Subject(port=port, path=path),
        covers=(
            *websocket_subjects(view.evidence, path),
            *([Subject(port=port)] if loops else []),
        ),
        because=(changed, whole, view.server, *visits),
        facts={
            **view.facts,
            "path": path,
            "inner": inner,
            "place": place_text(route.file, route.line),
            "target": route.target,
            "status": visits[0].status or "",
            "websocket": websocket,
            "loop": loops,
            "cut": is_cut(view, route, path, inner),
            "spared": is_spared,
            view.server.product: True,
        },
        # A page at the visitor's path shows that the application works there, not that it is meant.
        confidence=Confidence.CERTAIN if websocket else Confidence.LIKELY,
        severity=Severity.WARNING
        if is_missed
        else websocket_severity(view.evidence)
        if websocket
        else None,
        fix=_fix(view, route, path, is_spared),
    )


def _fix(view: ServerView, route: SiteRoute, path: str, is_spared: bool) -> Fix:
    """Return the edit after which the path is not changed: of this one alone, where the page needs
    the change."""
    if not is_spared:
        return whole_path_fix(view, route, path)
    return spared_path_fix(view, route, path) or manual_fix(view, "spare-the-path")


def _leads_back(visit: Visit) -> bool:
    return isinstance(visit, Exchange) and leads_to_itself(visit)
