"""Whose answer a refusal of the page is: the application's own, which the server in front passes
on, or one that the server in front makes itself, without an application.

It is no fault by itself: an application may answer 403 or 404 on purpose. It says where to look.
The application was asked directly, with the site's name.
"""

import re
from collections.abc import Iterator, Sequence

from checks.http._challenges import challenge_faults
from checks.server import ServerView, place_text, server_on_port
from checks.server._backend_answers import answer_with, route_to_application
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
from diagnose.model.backends import BackendHandshake
from diagnose.model.http import Exchange, Upgrade, page_exchanges
from diagnose.model.web_servers import SiteRoute, WebServer, WebServerConfig
from diagnose.parsers.web_sites import inner_path

_HANDLER = re.compile(
    r"^\s*(?:SetHandler|AddHandler|ScriptAlias\w*)\s", re.IGNORECASE | re.MULTILINE
)


@check(severity=Severity.NOTE, needs=[WebServer, WebServerConfig, Exchange])
def own_answer(evidence: Evidence) -> Iterator[Claim]:
    view = server_on_port(evidence)
    if view is None or not view.answering_sites:
        return
    target = evidence.target
    opened = (upgrade for upgrade in evidence.of(Upgrade) if upgrade.opens_path)
    if target.is_websocket and any(upgrade.path == target.path for upgrade in opened):
        # At the address of a WebSocket that opens, nobody asks for a page.
        return
    pages = page_exchanges(evidence)
    statuses = {page.status for page in pages}
    if len(statuses) != 1 or not 400 <= (pages[0].status or 0) < 500 or pages[0].status == 401:
        return
    route = route_to_application(view)
    if route is not None and not _is_the_applications(view, route, pages[0].status):
        return
    if route is None and any(site.routes or site.gateways for site in view.answering_sites):
        return  # which one takes the path is not known
    if route is None and view.server.product == "apache" and _runs_programs(view):
        return
    yield _claim(view, route, pages)


def _is_the_applications(view: ServerView, route: SiteRoute, status: int | None) -> bool:
    """Return whether the application answers the same, asked as it should be: a port that speaks
    TLS was asked in plain HTTP, with the mistake of the server in front."""
    if route.scheme == "http" and any(
        shake.target == route.target and shake.verify_code is not None
        for shake in view.evidence.good(BackendHandshake)
    ):
        return False
    answer = answer_with(view.evidence, route, view.evidence.target.authority, "https")
    return answer is not None and answer.status == status


def _runs_programs(view: ServerView) -> bool:
    """Return whether Apache's files hand requests to a program (SetHandler, AddHandler)."""
    files = view.config.files if view.config else ()
    return any(_HANDLER.search(file.text) for file in files)


def _claim(view: ServerView, route: SiteRoute | None, pages: Sequence[Exchange]) -> Claim:
    from diagnose.parsers.html_tags import excerpt

    target, page, site = view.evidence.target, pages[0], view.sites_at_target[0]
    place = place_text(route.file, route.line) if route else place_text(site.file, site.line)
    path = target.path_without_query
    inner = inner_path(route, path) if route else path
    return Claim(
        about=Subject(port=target.port, path=target.path),
        because=(view.server, *pages),
        consequence_of=challenge_faults(path),
        # The application was asked for the path that the server in front makes of the visitor's.
        confidence=Confidence.CERTAIN if inner == path else Confidence.LIKELY,
        facts={
            **view.facts,
            "url": page.url,
            "status": page.status,
            "answer": excerpt(page.body),
            "application": route.authority if route else "",
            "place": place,
            "path": path,
            "inner": inner if inner != path else "",
            "folder": site.root if not route else "",
        },
        fix=Fix(
            (Manual("ask-the-application" if route else "look-at-the-site", Where.SERVER),),
            Applicability.MANUAL,
        ),
    )
