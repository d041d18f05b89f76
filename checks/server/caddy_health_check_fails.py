"""Caddy answers 503 without asking the application: its active health check says that no upstream
is healthy (reverse_proxy, "Active health checks"). Asked directly, the application gives the page.
"""

import re
from collections.abc import Iterator, Sequence

from checks.server import (
    ServerView,
    file_rows,
    indentation,
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
from diagnose.model.backends import BackendVisit, MemberAnswer
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.web_servers import SiteRoute, WebServer, WebServerConfig
from diagnose.parsers.web_sites import inner_path

#: What says with what else than its path, or by what else than 2xx, the check is done.
_OTHER = re.compile(r"\s*health_(?:status|body|headers|port)\s.*")
#: The directive that turns the check on, and the name that it had before.
_LINE = re.compile(r"\s*health_(?:uri|path)\s+(\S{1,300})\s*")


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, Exchange],
    explains=["server.application-answers", "http.server-error"],
)
def caddy_health_check_fails(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    pages = page_exchanges(evidence)
    # Caddy's own error has no body.
    is_refused = pages and all(page.status == 503 and not page.body for page in pages)
    if view is None or view.server.product != "caddy" or not is_refused:
        return
    path = target.path_without_query
    route, line = failed_route(view), _health_line(view)
    if route is None or line is None or decisive_rule(view, path, False, 503):
        return
    visits = _visits(evidence, route, path)
    if not visits:
        return
    visit = visits[0]
    file, number, uri = line
    edit = _edit(view, route, file, number, uri, visit)
    yield Claim(
        about=Subject(port=target.port, path=target.path),
        covers=(Subject(port=target.port),),
        because=(*visits, view.server, *pages),
        # A check that failed some times (max_fails) has the same answer.
        confidence=Confidence.LIKELY,
        facts={
            **view.facts,
            "place": place_text(file, number),
            "page": visit.path if edit else "",
            "uri": uri if uri.startswith("/") else "/",
            "application": _authority(route, visit),
            "direct_status": visit.status,
        },
        fix=Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
        if edit
        else manual_fix(view, "ask-a-page-that-is-there"),
    )


def _visits(
    evidence: Evidence, route: SiteRoute, path: str
) -> Sequence[BackendVisit | MemberAnswer]:
    """Return the good answers of the application, or of all members of a group, that was asked
    directly; none if one of them failed, or was not asked."""
    if not route.members:
        visit = visit_of(evidence, route, path, inner_path(route, path), False)
        return [visit] if visit is not None and visit.succeeded else []
    answers = [
        member_answer
        for member_answer in evidence.good(MemberAnswer)
        if member_answer.member in route.members
    ]
    is_whole = {answer.member for answer in answers} == set(route.members)
    are_good = all(200 <= (answer.status or 999) < 400 for answer in answers)
    return answers if is_whole and are_good else []


def _authority(route: SiteRoute, visit: BackendVisit | MemberAnswer) -> str:
    if isinstance(visit, MemberAnswer):
        return visit.member
    return route.authority if route.host else route.target


def _edit(
    view: ServerView,
    route: SiteRoute,
    file: str,
    number: int,
    uri: str,
    visit: BackendVisit | MemberAnswer,
) -> Edit | None:
    """Return the edit that lets the check ask for the page that the application gives, with the
    fields with which it gave it; None if that is no success for Caddy, or if the check is done in
    another way than the visit."""
    config = view.config.file(file) if view.config else None
    rows = file_rows(view, config) if config else ()
    is_other = any(_OTHER.fullmatch(row[:400]) for row in rows)
    path = visit.path if re.fullmatch(r"/[\w./~%-]{0,200}", visit.path) else ""
    if is_other or not path or path == uri or not 200 <= (visit.status or 0) < 300:
        return None
    text = line_text(view, file, number)
    if "#" in text:
        return None
    indent, target = indentation(text), view.evidence.target
    is_own = route.keeps_host or isinstance(visit, BackendVisit)
    host = target.authority if is_own else route.sent_host
    fields = (*([f"Host {host}"] if host else []), "X-Forwarded-Proto https")
    rows = tuple(f"{indent}\t{field}" for field in fields)
    block = (f"{indent}health_headers {{", *rows, f"{indent}}}")
    return line_edit(view, file, {number: (text.replace(uri, path, 1), *block)})


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
