"""A ProxyPass comes too late: an earlier one of the same virtual host takes its path. "The
configured ProxyPass … rules are checked in the order of configuration. The first rule that matches
wins." (mod_proxy, "Ordering ProxyPass Directives").

Or an Alias of the virtual host never takes effect: mod_proxy translates a path before mod_alias
does, wherever the lines stand. So it is with a file of the DocumentRoot that the application does
not have.
"""

import re
from collections.abc import Iterator

from checks.http import _page_files
from checks.server import (
    ServerView,
    indentation,
    line_edit,
    line_text,
    manual_fix,
    pages_with_status,
    place_text,
    reload_steps,
    server_on_port,
)
from checks.server._backend_answers import (
    refused_websockets,
    websocket_paths,
    websocket_severity,
)
from checks.server._public_folders import public_folder
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
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.pages import PageFileResponse
from diagnose.model.server_rules import HandledPath
from diagnose.model.web_servers import SiteRoute, WebServer, WebServerConfig, WebSite
from diagnose.parsers.urls import parse_url, path_of
from diagnose.parsers.web_sites import misses_pattern, route_of, takes

#: Outside of <Location>, where the path is the first argument.
_LINE = re.compile(r'\s*ProxyPass\s+"?/', re.IGNORECASE)


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig],
    explains=[
        "server.own-answer", "server.path-excluded", "server.base-path-missing",
        "server.other-application",
        "http.page-file-missing", "http.page-file-type", "http.base-path-missing",
        "websocket.not-upgraded", "websocket.inner-proxy",
    ],
)  # fmt: skip
def apache_proxy_shadowed(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    if view is None or view.server.product != "apache" or len(view.answering_sites) != 1:
        return
    site = view.answering_sites[0]
    for late, early in (*_shadowed(view, site), *_unserved(view, site)):
        path, because, severity = _failing_path(evidence, late.prefix, late.is_for_websockets)
        if not because or (late.is_alias and _has_others(evidence, late.prefix)):
            continue
        is_unseen = late.is_alias and not late.found_file
        if is_unseen and target.symptom is None and isinstance(because[0], Exchange):
            # The folder may not have it either.
            severity = Severity.NOTE
        subject = Subject(port=target.port, path=path)
        yield Claim(
            about=subject,
            covers=(
                subject,
                Subject(port=target.port, path=path.partition("?")[0]),
                Subject(port=target.port),
            ),
            because=(view.server, *because),
            confidence=Confidence.LIKELY,
            severity=severity,
            facts={
                **view.facts,
                "path": path,
                "late": late.words,
                "late_place": place_text(late.file, late.line),
                "early": f"ProxyPass {early.path} {early.target}",
                "early_place": place_text(early.file, early.line),
                "alias": late.is_alias,
                "file": late.found_file,
                "exclusion": f"ProxyPass {late.prefix} !",
            },
            fix=_fix(view, late, early),
            consequence_of=("server.websocket-not-passed",) if late.is_same_program else (),
        )
        return


@frozen
class _LateLine:
    """A line that never takes effect, and the beginning of its paths. Where it is for WebSockets of
    the program that gets them now (`is_same_program`), all that is lost is the upgrade."""

    prefix: str
    words: str
    file: str
    line: int
    is_alias: bool = False
    is_for_websockets: bool = False
    found_file: str = ""
    is_same_program: bool = False


def _shadowed(view: ServerView, site: WebSite) -> Iterator[tuple[_LateLine, SiteRoute]]:
    """Yield each line that never takes effect, with the ProxyPass that takes its path."""
    routes = [
        route
        for route in site.routes
        if not route.pattern and _LINE.match(line_text(view, route.file, route.line))
    ]
    for index, late in enumerate(routes):
        early = next((route for route in routes[:index] if takes(route.path, late.path)), None)
        if early is not None and early.path != late.path and early.target != late.target:
            words = f"ProxyPass {late.path} {late.target}"
            # Where the first line is known to lose the upgrade, another check says so.
            is_for_websockets = early.websocket is None and late.websocket is not False
            yield (
                _LateLine(
                    late.path,
                    words,
                    late.file,
                    late.line,
                    is_for_websockets=is_for_websockets,
                    is_same_program=bool(late.websocket) and late.authority == early.authority,
                ),
                early,
            )
    for alias in site.aliases:
        if alias.file != site.file or not site.line <= alias.line <= site.end:
            continue
        early = next((route for route in site.routes if _reaches(route, alias.prefix)), None)
        if early in routes and early is not None and early.target != "!":
            words = f"Alias {alias.prefix} {alias.folder}"
            shadowed_file = _file_of_target(view.evidence, alias.folder)
            yield (
                _LateLine(
                    alias.prefix,
                    words,
                    alias.file,
                    alias.line,
                    is_alias=True,
                    found_file=shadowed_file,
                ),
                early,
            )


def _file_of_target(evidence: Evidence, folder: str) -> str:
    """Return the file of the target that is in the folder of an Alias, "" if none was seen."""
    path = evidence.target.path_without_query
    files = (
        handled.unserved_file
        for handled in evidence.good(HandledPath)
        if handled.path == path and handled.unserved_root.rstrip("/") == folder.rstrip("/")
    )
    return next(files, "")


def _unserved(view: ServerView, site: WebSite) -> Iterator[tuple[_LateLine, SiteRoute]]:
    """Yield the DocumentRoot for each file in it that a ProxyPass takes. A section has to say who
    may see the folder: nobody may by the server's default."""
    for handled in view.evidence.good(HandledPath) if site.guarded else ():
        early = route_of(site, handled.path)
        is_own = handled.product == "apache" and handled.unserved_root == site.root
        if early is None or early.pattern or not handled.unserved_file or not is_own:
            continue
        if _LINE.match(line_text(view, early.file, early.line)):
            yield (
                _LateLine(
                    public_folder(handled.path) or handled.path,
                    f"DocumentRoot {site.root}", site.file, site.line, is_alias=True,
                    found_file=handled.unserved_file,
                ),
                early,
            )  # fmt: skip


def _has_others(evidence: Evidence, prefix: str) -> bool:
    """Return whether the application itself has files of the page below a prefix."""
    files = evidence.good(PageFileResponse)
    urls = [file.url for file in files if file.status == 200 and not file.is_html]
    paths = [url.path.partition("?")[0] for url in map(parse_url, urls) if url]
    return any(takes(prefix, path) for path in paths)


def _reaches(route: SiteRoute, prefix: str) -> bool:
    """Return whether a route takes the paths below a prefix, or may."""
    return not misses_pattern(route, prefix) if route.pattern else takes(route.path, prefix)


def _failing_path(
    evidence: Evidence, prefix: str, is_for_websockets: bool
) -> tuple[str, tuple[Observation, ...], Severity | None]:
    """Return a path below a prefix that visitors do not get, and what shows it."""
    target = evidence.target
    own = target.path_without_query
    for path in websocket_paths(evidence) if is_for_websockets else ():
        refused = refused_websockets(evidence, path)
        if refused and takes(prefix, path.partition("?")[0]):
            return path, tuple(refused), websocket_severity(evidence)
    pages = pages_with_status(evidence, 404)
    if pages and takes(prefix, own):
        return own, tuple(pages), None
    for file in _page_files.refused_files(evidence):
        path = path_of(file.response.url)
        if path and takes(prefix, path):
            severity = _page_files.severity(file.page, [file.response.url])
            return path, (file.page, file.response), severity
    return "", (), None


def _fix(view: ServerView, late: _LateLine, early: SiteRoute) -> Fix:
    """Move the later line before the earlier one, or exclude the paths of an Alias before it."""
    late_text, early_text = (line_text(view, line.file, line.line) for line in (late, early))
    edit = None
    if late.is_alias and early_text and not set(late.prefix) & set(" \t\"'"):
        margin = indentation(early_text)
        added = f"{margin}ProxyPass {late.prefix} !"
        edit = line_edit(view, early.file, {early.line: (added, early_text)})
    elif late.file == early.file and late_text and early_text and not late.is_alias:
        changes: dict[int, tuple[str, ...]] = {
            early.line: (late_text, early_text),
            late.line: (),
        }
        edit = line_edit(view, late.file, changes)
    if edit is None:
        return manual_fix(view, "exclude-it" if late.is_alias else "move-it")
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
