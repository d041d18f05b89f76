"""Apache does not pass a path on: `ProxyPass /ws !` excludes it (mod_proxy), and nothing else takes
it. For a WebSocket, such a line comes from an example in which a RewriteRule passes WebSockets on.
For a file of the page, or the page itself, it is left from files that are gone: no Alias takes it,
and the site's folder has no such file.
"""

from collections.abc import Iterator

from checks.http import _page_files
from checks.server import (
    ServerView,
    line_edit,
    line_text,
    manual_fix,
    place_text,
    reload_steps,
    server_on_port,
)
from checks.server._backend_answers import refused_websockets
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
from diagnose.model.http import error_pages
from diagnose.model.web_servers import SiteRoute, WebServer, WebServerConfig
from diagnose.parsers.urls import parse_url
from diagnose.parsers.web_sites import is_taken, route_of, takes


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig],
    explains=[
        "http.page-file-missing",
        "server.other-application",
        "server.own-answer",
        "server.websocket-other-application",
        "websocket.not-upgraded",
        "websocket.no-location",
        "websocket.inner-proxy",
    ],
)
def path_excluded(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    if view is None or view.config is None:
        return
    for path in dict.fromkeys(target.websockets):
        plain, upgrades = path.partition("?")[0], refused_websockets(evidence, path)
        site = next(iter(view.answering_sites), None)
        excluded = route_of(site, plain, websocket=True) if site else None
        if site is None or not upgrades or excluded is None or excluded.target != "!":
            continue
        passing_route = next(
            (r for r in site.routes if is_taken(r, plain) and r.target != "!"), None
        )
        yield Claim(
            about=Subject(port=target.port, path=path),
            covers=(Subject(port=target.port, path=path),),
            because=(*upgrades, view.server, view.config),
            confidence=Confidence.LIKELY,
            facts={
                **view.facts,
                "path": path,
                "prefix": excluded.path,
                "place": place_text(excluded.file, excluded.line),
                "status": upgrades[0].status or "",
                "target": passing_route.target if passing_route else "",
                "page": False,
            },
            fix=_fix(evidence, excluded, passing_route),
        )
    yield from _of_pages(view)


def _of_pages(view: ServerView) -> Iterator[Claim]:
    """Make the claim for the first file of the page, or the page, that an exclusion keeps from the
    application, where Apache has none."""
    evidence, site = view.evidence, next(iter(view.answering_sites), None)
    lost: list[tuple[str, tuple[Observation, ...]]] = [
        (url.path.partition("?")[0], (file.page, file.response))
        for file in _page_files.refused_files(evidence)
        if file.response.status == 404 and (url := parse_url(file.response.url))
    ]
    pages = tuple(page for page in error_pages(evidence) if page.status == 404)
    lost += [(evidence.target.path_without_query, pages)] if pages else []
    for path, because in lost if site else ():
        assert site is not None
        excluded = route_of(site, path)
        if excluded is None or excluded.target != "!" or excluded.pattern:
            continue
        passing = next((r for r in site.routes if is_taken(r, path) and r.target != "!"), None)
        if passing is None or any(takes(alias.prefix, path) for alias in site.aliases):
            continue
        edit = None
        if line_text(view, excluded.file, excluded.line).rstrip().endswith("!"):
            edit = line_edit(view, excluded.file, {excluded.line: ()})
        yield Claim(
            about=Subject(port=evidence.target.port, path=path),
            covers=(Subject(port=evidence.target.port, path=path),),
            because=(view.server, *([view.config] if view.config else []), *because),
            confidence=Confidence.LIKELY,
            severity=Severity.WARNING,
            facts={
                **view.facts,
                "path": path,
                "prefix": excluded.path,
                "place": place_text(excluded.file, excluded.line),
                "status": 404,
                "target": passing.target,
                "page": True,
            },
            fix=Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
            if edit
            else manual_fix(view, "take-it-out"),
        )
        return


def _fix(evidence: Evidence, excluded: SiteRoute, passing: SiteRoute | None) -> Fix:
    """Pass the path on to where the site's other paths go, by ws://."""
    view = server_on_port(evidence)
    assert view is not None
    edit = None
    if passing is not None and passing.scheme == "http" and passing.host and passing.port:
        line = f"    ProxyPass {excluded.path} ws://{passing.authority}{excluded.path}"
        edit = line_edit(view, excluded.file, {excluded.line: (line,)})
    if edit is None:
        return manual_fix(view, "pass-on")
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
