"""Caddy answers 503 without asking the application: its active health check says that no upstream
is healthy (reverse_proxy, "Active health checks"). Asked directly, the application gives the page.
"""

import re
from collections.abc import Iterator

from checks.server import (
    ServerView,
    file_rows,
    line_edit,
    line_text,
    manual_fix,
    place_text,
    reload_steps,
    server_on_port,
)
from checks.server._backend_answers import failed_route, visit_of
from checks.server._rules import decisive_rule
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Edit, Evidence, Fix, Severity, Subject
from diagnose.model.backends import BackendVisit
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.web_sites import inner_path

#: What says with what else than its path, or by what else than 2xx, the check is done.
_OTHER = re.compile(r"\s*health_(?:status|body|headers|port)\s.*")
#: The directive that turns the check on, and the name that it had before.
_LINE = re.compile(r"\s*health_(?:uri|path)\s+(\S{1,300})\s*")


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, BackendVisit, Exchange],
    explains=["server.application-answers", "http.server-error"],
)
def caddy_health_check_fails(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    pages = page_exchanges(evidence)
    # Caddy's own error has no body.
    is_refused = pages and all(page.status == 503 and not page.body for page in pages)
    if view is None or view.server.product != "caddy" or not is_refused:
        return
    path = target.path.partition("?")[0]
    route, line = failed_route(view), _health_line(view)
    if route is None or line is None or decisive_rule(view, path, False, 503):
        return
    visit = visit_of(evidence, route, path, inner_path(route, path), False)
    if visit is None or not visit.succeeded:
        return
    file, number, uri = line
    edit = _edit(view, file, number, uri, visit)
    yield Claim(
        about=Subject(port=target.port, path=target.path),
        covers=(Subject(port=target.port),),
        because=(visit, view.server, *pages),
        # A check that failed some times (max_fails) has the same answer.
        confidence=Confidence.LIKELY,
        facts={
            **view.facts,
            "place": place_text(file, number),
            "page": visit.path if edit else "",
            "uri": uri if uri.startswith("/") else "/",
            "application": route.authority if route.host else route.target,
            "direct_status": visit.status,
        },
        fix=Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
        if edit
        else manual_fix(view, "ask-a-page-that-is-there"),
    )


def _edit(view: ServerView, file: str, number: int, uri: str, visit: BackendVisit) -> Edit | None:
    """Return the edit that lets the check ask for the page that the application gives; None if that
    is no success for Caddy, or if the check is done in another way than the visit."""
    config = view.config.file(file) if view.config else None
    rows = file_rows(view, config) if config else ()
    is_other = any(_OTHER.fullmatch(row[:400]) for row in rows)
    path = visit.path if re.fullmatch(r"/[\w./~%-]{0,200}", visit.path) else ""
    if is_other or not path or path == uri or not 200 <= (visit.status or 0) < 300:
        return None
    text = line_text(view, file, number)
    return (
        line_edit(view, file, {number: (text.replace(uri, path, 1),)}) if "#" not in text else None
    )


def _health_line(view: ServerView) -> tuple[str, int, str] | None:
    """Return the file and the number of the line that turns the check on, and its path; None if the
    sites that answer have none or several."""
    lines = [
        (file.path, number, match[1])
        for file in (view.config.files if view.config else ())
        for number, line in enumerate(file_rows(view, file), 1)
        if (match := _LINE.fullmatch(line))
        if any(
            site.file == file.path and site.line <= number <= site.end
            for site in view.answering_sites
        )
    ]
    return lines[0] if len(lines) == 1 else None
