"""A ProxyPass comes too late: an earlier one of the same virtual host takes its path. "The
configured ProxyPass … rules are checked in the order of configuration. The first rule that matches
wins." (mod_proxy, "Ordering ProxyPass Directives")."""

import re
from collections.abc import Iterator

from checks.http import _page_files
from checks.server import (
    ServerView,
    line_edit,
    line_text,
    manual_fix,
    pages_with_status,
    place_text,
    reload_steps,
    server_on_port,
)
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Observation,
    Severity,
    Subject,
)
from diagnose.model.web_servers import SiteRoute, WebServer, WebServerConfig, WebSite
from diagnose.parsers.urls import parse_url
from diagnose.parsers.web_sites import takes

#: Outside of <Location>, where the path is the first argument.
_LINE = re.compile(r'\s*ProxyPass\s+"?/', re.IGNORECASE)


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig],
    explains=[
        "server.own-answer", "server.path-excluded", "server.base-path-missing",
        "http.page-file-missing", "http.page-file-type", "http.base-path-missing",
    ],
)  # fmt: skip
def apache_proxy_shadowed(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    if view is None or view.server.product != "apache" or len(view.answering_sites) != 1:
        return
    for late, early in _shadowed(view, view.answering_sites[0]):
        path, because, severity = _failing_path(evidence, late.path)
        if not because:
            continue
        subject = Subject(port=target.port, path=path)
        yield Claim(
            about=subject,
            covers=(subject, Subject(port=target.port)),
            because=(view.server, *because),
            confidence=Confidence.LIKELY,
            severity=severity,
            facts={
                **view.facts,
                "path": path,
                "late": f"ProxyPass {late.path} {late.target}",
                "late_place": place_text(late.file, late.line),
                "early": f"ProxyPass {early.path} {early.target}",
                "early_place": place_text(early.file, early.line),
            },
            fix=_fix(view, late, early),
        )
        return


def _shadowed(view: ServerView, site: WebSite) -> Iterator[tuple[SiteRoute, SiteRoute]]:
    """Yield each ProxyPass that never takes effect, with the earlier one that takes its path."""
    routes = [
        route
        for route in site.routes
        if not route.pattern and _LINE.match(line_text(view, route.file, route.line))
    ]
    for index, late in enumerate(routes):
        early = next((route for route in routes[:index] if takes(route.path, late.path)), None)
        if early is not None and early.path != late.path and early.target != late.target:
            yield late, early


def _failing_path(
    evidence: Evidence, prefix: str
) -> tuple[str, tuple[Observation, ...], Severity | None]:
    """Return a path below a prefix that visitors do not get, and what shows it."""
    target = evidence.target
    own = target.path.partition("?")[0]
    pages = pages_with_status(evidence, 404)
    if pages and takes(prefix, own):
        return own, tuple(pages), None
    for file in _page_files.refused_files(evidence):
        url = parse_url(file.response.url)
        path = url.path.partition("?")[0] if url else ""
        if path and takes(prefix, path):
            severity = _page_files.severity(file.page, [file.response.url])
            return path, (file.page, file.response), severity
    return "", (), None


def _fix(view: ServerView, late: SiteRoute, early: SiteRoute) -> Fix:
    """Move the later line before the earlier one."""
    lines = [line_text(view, route.file, route.line) for route in (late, early)]
    edit = None
    if late.file == early.file and all(lines):
        changes: dict[int, tuple[str, ...]] = {early.line: (lines[0], lines[1]), late.line: ()}
        edit = line_edit(view, late.file, changes)
    if edit is None:
        return manual_fix(view, "move-it")
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
