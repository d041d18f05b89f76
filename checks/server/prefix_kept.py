"""The server passes a path on whole, and the application knows it only without the beginning by
which the server chose it: Caddy's `handle /app/*` and `reverse_proxy /app/*` keep "/app", HAProxy's
`path_beg` does, and Apache's ProxyPass with the same path on both sides.

The evidence is the application itself, asked for both paths.
"""

from collections.abc import Iterator, Sequence

from checks.server import ServerView, manual_fix, place_text, reload_steps, server_on_port
from checks.server._backend_answers import (
    refused_paths,
    route_to_application,
    visit_of,
)
from checks.server._caddy_edits import handle_path_edit
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Severity,
    Subject,
)
from diagnose.model.backends import BackendVisit
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.web_servers import SiteRoute, WebServer, WebServerConfig
from diagnose.parsers.web_sites import inner_path, rest_of


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig, BackendVisit],
    explains=["server.own-answer", "websocket.not-upgraded", "websocket.inner-proxy"],
)
def prefix_kept(evidence: Evidence) -> Iterator[Claim]:
    view = server_on_port(evidence)
    if view is None:
        return
    for path, visits, is_websocket in refused_paths(evidence):
        yield from _claims(view, path, visits, is_websocket)


def _claims(
    view: ServerView, full_path: str, visits: Sequence[Exchange | Upgrade], websocket: bool
) -> Iterator[Claim]:
    path = full_path.partition("?")[0]
    route = route_to_application(view, path, websocket)
    remainder = rest_of(route, path) if route else ""
    if route is None or not visits or not remainder or inner_path(route, path) != path:
        return
    whole = visit_of(view.evidence, route, path, path, websocket)
    short = visit_of(view.evidence, route, path, remainder, websocket)
    if whole is None or short is None or whole.succeeded or not short.succeeded:
        return
    subject = Subject(port=view.evidence.target.port, path=path)
    yield Claim(
        about=subject,
        covers=(subject,),
        because=(whole, short, view.server, *visits),
        facts={
            **view.facts,
            "path": path,
            "rest": remainder,
            "prefix": route.path.rstrip("/"),
            "target": route.target,
            "place": place_text(route.file, route.line),
            "websocket": websocket,
            "exact": route.exact,
            view.server.product: True,
        },
        # That the page is at the other path does not show that it is the one that is meant.
        confidence=Confidence.LIKELY,
        fix=_fix(view, route),
    )


def _fix(view: ServerView, route: SiteRoute) -> Fix:
    edit = handle_path_edit(view, route.path.rstrip("/"))
    if edit is None:
        return manual_fix(view, "take-it-off")
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
