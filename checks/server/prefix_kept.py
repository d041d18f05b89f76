"""The server passes a path on whole, and the application knows it only without the beginning by
which the server chose it: Caddy's `handle /app/*` and `reverse_proxy /app/*` keep "/app", HAProxy's
`path_beg` does, and Apache's ProxyPass with the same path on both sides. Or a rule for WebSockets
alone keeps what the route of the same application's pages takes off.

The evidence is the application itself, asked for both paths. An application may answer its start
page for every path that it does not have: then the page comes, and its files do not.
"""

from collections.abc import Iterator, Sequence
from functools import partial

from checks.http import _page_files
from checks.http._page_files import RefusedFile
from checks.server import ServerView, manual_fix, place_text, reload_steps, server_on_port
from checks.server._apache_targets import apache_rule_edit, apache_target_edit
from checks.server._backend_answers import (
    Visit,
    claims_of_paths,
    is_there,
    missed_paths,
    refused_paths,
    route_to_application,
    visit_of,
    websocket_subjects,
)
from checks.server._caddy_edits import handle_path_edit
from checks.server._caddy_proxy_lines import stripped_prefix_edit
from checks.server._haproxy import replaced_path
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Severity,
    Subject,
)
from diagnose.model.backends import BackendVisit
from diagnose.model.http import Upgrade
from diagnose.model.logs import UnservedRequests
from diagnose.model.web_servers import SiteRoute, WebServer, WebServerConfig
from diagnose.parsers.browser_types import refusal
from diagnose.parsers.web_sites import inner_path, rest_of, sibling_of


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig, BackendVisit],
    explains=[
        "http.page-file-missing", "http.page-file-type", "server.own-answer",
        "websocket.not-upgraded", "websocket.other-path", "upstream.application-log",
        "websocket.inner-proxy",
    ],
)  # fmt: skip
def prefix_kept(evidence: Evidence) -> Iterator[Claim]:
    view = server_on_port(evidence)
    if view is None:
        return
    paths = (*refused_paths(evidence), *missed_paths(evidence))
    yield from claims_of_paths(paths, partial(_claims, view))
    yield from _file_claims(view)


def _claims(
    view: ServerView, full_path: str, visits: Sequence[Visit], websocket: bool
) -> Iterator[Claim]:
    path = full_path.partition("?")[0]
    route = route_to_application(view, path, websocket)
    sibling = _sibling(view, route, path) if route else None
    remainder = (rest_of(route, path) if route else "") or (
        inner_path(sibling, path) if sibling else ""
    )
    if route is None or not visits or not remainder or inner_path(route, path) != path:
        return
    sibling = None if rest_of(route, path) else sibling
    if not websocket and _opens(view.evidence, path):
        return
    whole = visit_of(view.evidence, route, path, path, websocket)
    short = visit_of(view.evidence, route, path, remainder, websocket)
    if whole is None or short is None or whole.succeeded:
        return
    is_missed = isinstance(visits[0], UnservedRequests)
    if not (is_there(short) if is_missed else short.succeeded):
        return
    subject = Subject(port=view.evidence.target.port, path=path)
    yield Claim(
        about=subject,
        covers=websocket_subjects(view.evidence, path),
        because=(whole, short, view.server, *visits),
        facts={
            **_facts(view, route, path, remainder),
            **({"prefix": sibling.path.rstrip("/")} if sibling else {}),
            "websocket": websocket,
            "file": False,
            "sibling": place_text(sibling.file, sibling.line) if sibling else "",
        },
        # That the page is at the other path does not show that it is the one that is meant.
        confidence=Confidence.LIKELY,
        fix=_sibling_fix(view, route, sibling) if sibling else _fix(view, route, path, websocket),
    )


def _sibling(view: ServerView, route: SiteRoute, path: str) -> SiteRoute | None:
    """Return the route to the same application that takes the beginning of a path off."""
    siblings = {sibling_of(site, route, path) for site in view.answering_sites}
    return siblings.pop() if len(siblings) == 1 else None


def _sibling_fix(view: ServerView, route: SiteRoute, sibling: SiteRoute) -> Fix:
    edit = apache_rule_edit(view, route, sibling) if view.server.product == "apache" else None
    if edit is None:
        return manual_fix(view, "take-it-off-too")
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)


def _opens(evidence: Evidence, path: str) -> bool:
    """Return whether the path is a WebSocket's that opens: it need not have a page."""
    return any(
        upgrade.accepted and upgrade.path.partition("?")[0] == path
        for upgrade in evidence.good(Upgrade)
    )


def _file_claims(view: ServerView) -> Iterator[Claim]:
    """Make the claim for the first file of the page that the application has at the other path."""
    port, refused = view.evidence.target.port, _page_files.refused_files(view.evidence)
    urls = [file.response.url for file in refused]
    for file in refused:
        route = route_to_application(view, file.path)
        remainder = rest_of(route, file.path) if route else ""
        if route is None or not remainder or inner_path(route, file.path) != file.path:
            continue
        short = visit_of(view.evidence, route, file.path, remainder, websocket=False)
        if short is None or not _is_file(short, file):
            continue
        own = Subject(port=port, path=file.path)
        yield Claim(
            about=own,
            covers=(own, Subject(port=port)),
            because=(file.page, file.response, short, view.server),
            severity=_page_files.severity(file.page, urls),
            confidence=Confidence.LIKELY,
            facts={
                **_facts(view, route, file.path, remainder),
                "websocket": False,
                "file": True,
                "html": file.response.is_html,
            },
            fix=_fix(view, route, file.path, False),
        )
        return


def _is_file(visit: BackendVisit, file: RefusedFile) -> bool:
    """Return whether an application answers with a file that browsers use, and not with its start
    page, as it may for every path."""
    fields = (("Content-Type", visit.media_type),)
    is_typed = visit.media_type not in {"", "text/html", "application/xhtml+xml"}
    kind, quirks = file.response.file_kind, file.page.quirks
    return visit.status == 200 and is_typed and not refusal(kind, 200, fields, quirks)


def _facts(view: ServerView, route: SiteRoute, path: str, remainder: str) -> dict[str, object]:
    return {
        **view.facts,
        "path": path,
        "rest": remainder,
        "prefix": route.path.rstrip("/"),
        "target": route.target,
        "place": place_text(route.file, route.line),
        "exact": route.exact,
        "html": False,
        "sibling": "",
        view.server.product: True,
    }


def _caddy_edit(view: ServerView, route: SiteRoute, prefix: str) -> Edit | None:
    return stripped_prefix_edit(view, route, prefix) if view.server.product == "caddy" else None


def _fix(view: ServerView, route: SiteRoute, path: str, websocket: bool) -> Fix:
    prefix = route.path.rstrip("/")
    edit = (
        apache_target_edit(view, route)
        if view.server.product == "apache"
        else handle_path_edit(view, prefix)
        or _caddy_edit(view, route, prefix)
        or replaced_path(view, prefix, path, websocket)
    )
    if edit is None:
        return manual_fix(view, "take-it-off")
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
