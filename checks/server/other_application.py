"""Apache or Caddy answers a path from files, or passes it on to an application that does not have
it, and another application of the same site has it when it is asked directly: the route for the
path is missing, or another one takes it first, such as a matcher for `*.js` that is meant for files
(Apache, "ProxyPass": the first that matches; Caddy, "handle": the first that matches).

The evidence is that application, asked for the path, and for one that nobody has as the control. A
matcher that nearly fits: server.path-not-handled. WebSockets: server.websocket-other-application.
"""

import posixpath
from collections.abc import Iterator

from checks.http import _page_files
from checks.server import ServerView, manual_fix, place_text, reload_steps, server_on_port
from checks.server._apache_pass_edits import passed_path_steps
from checks.server._backend_answers import route_to_application
from checks.server._caddy_proxy_lines import passed_folder_edit
from checks.server._near_routes import Answer, answers_of_files, near_route
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Severity,
    Step,
    Subject,
)
from diagnose.model.backends import BackendVisit
from diagnose.model.pages import PageFileResponse
from diagnose.model.site_folders import SiteFolder
from diagnose.model.web_servers import SiteRoute, WebServer, WebServerConfig
from diagnose.parsers.other_programs import is_of_many
from diagnose.parsers.unknown_paths import unknown_path
from diagnose.parsers.urls import path_of


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig, BackendVisit],
    explains=[
        "http.page-file-missing",
        "http.page-file-type",
        "http.page-for-api",
        "server.application-answers",
        "server.own-answer",
        "server.page-missing",
        "server.other-requests-failed",
        "server.request-logged",
    ],
)
def other_application(evidence: Evidence) -> Iterator[Claim]:
    view = server_on_port(evidence)
    if view is None or view.config is None or view.server.product not in {"apache", "caddy"}:
        return
    groups: dict[str, list[tuple[str, Answer, BackendVisit]]] = {}
    if any(folder.is_unset for folder in evidence.good(SiteFolder)):
        return  # no file has a folder here: server.page-missing
    for path, answer in answers_of_files(view):
        visits = _having(evidence, path)
        is_near = any(near_route(site, path) for site in view.answering_sites)
        if len(visits) == 1 and not is_near and view.answering_sites:
            # Several paths of one application have one fault.
            groups.setdefault(visits[0].target, []).append((path, answer, visits[0]))
    for group in groups.values():
        claim = _claim(view, group)
        if claim is not None:
            yield claim


def _having(evidence: Evidence, path: str) -> list[BackendVisit]:
    """Return the direct visits that got the path, one for each application that has not a page for
    every path."""
    visits = {
        visit.target: visit
        for visit in evidence.good(BackendVisit)
        if visit.requested == path and visit.status == 200 and not visit.websocket
        if _has_not(evidence, visit.target, unknown_path(visit.path))
    }
    return list(visits.values())


def _has_not(evidence: Evidence, target: str, path: str) -> bool:
    """Return whether an application was asked for a path, and has none."""
    return any(
        visit.target == target and visit.path == path and (visit.status or 0) >= 400
        for visit in evidence.good(BackendVisit)
    )


def _has_it_elsewhere(evidence: Evidence, route: SiteRoute, path: str) -> bool:
    """Return whether the path's own application has it at another path: server.prefix-kept and the
    like."""
    return any(
        visit.target == route.target and visit.requested == path and visit.status == 200
        for visit in evidence.good(BackendVisit)
        if not visit.websocket
    )


def _claim(view: ServerView, group: list[tuple[str, Answer, BackendVisit]]) -> Claim | None:
    path, answer, visit = group[0]
    port, site = view.evidence.target.port, view.answering_sites[0]
    other = next((each for each in site.routes if each.target == visit.target), None)
    route = route_to_application(view, path)
    if other is None or (route is not None and route.authority == other.authority):
        return None
    if route is not None and _has_it_elsewhere(view.evidence, route, path):
        return None
    is_alone = len({_first_part(each) for each, _, _ in group}) == 1
    if is_alone and _is_own_absence(view, path, answer):
        return None
    answers = [each for _, each, _ in group]
    files = [each for each in answers if isinstance(each, PageFileResponse)]
    page = _page_files.page_of(view.evidence)
    subjects = [Subject(port=port, path=each) for each, _, _ in group]
    severity = _page_files.severity(page, [file.url for file in files]) if files and page else None
    if severity is Severity.NOTE:
        return None  # an icon that every application has
    is_own = route is not None and bool(route.target)
    folders = [
        folder for folder in view.folders if folder.requested == path and not folder.websocket
    ]
    fix = _fix(view, group, other, bool(folders) and not is_own)
    return Claim(
        about=subjects[0],
        # A file that is missing is a fault of the page.
        covers=(*subjects, *([Subject(port=port)] if files else [])),
        because=(visit, view.server, *([view.config] if view.config else []), *answers),
        # Which application was meant, only its owner knows.
        confidence=Confidence.LIKELY,
        severity=severity,
        facts={
            **view.facts,
            "path": path,
            "status": answer.status or "",
            "target": other.authority,
            "inner": visit.path if visit.path != path else "",
            "own": route.authority if route and is_own else "",
            "own_place": place_text(route.file, route.line) if route and is_own else "",
            "folder": folders[0].root if folders and not is_own else "",
            "ending": _ending(path) if folders and not is_own else "",
            "other_place": place_text(other.file, other.line),
            "place": place_text(site.file, site.line),
            "first": _first_part(path),
            "whole": fix.applicability is Applicability.REVIEW,
            "tls": other.scheme == "https",
        },
        fix=fix,
    )


def _fix(
    view: ServerView,
    group: list[tuple[str, Answer, BackendVisit]],
    other: SiteRoute,
    is_folder: bool,
) -> Fix:
    """Pass the first part of the path on, where all that is known to be there is the other's."""
    step, path, visit = _step(view, other, is_folder), group[0][0], group[0][2]
    first = _first_part(path)
    is_cut = visit.path != path
    is_plain = not is_cut or visit.path == path.removeprefix(first)
    is_whole = all(each.startswith(f"{first}/") for each, _, _ in group)
    route, edits = route_to_application(view, path), tuple[Step, ...]()
    # What a person leads to one application by name may have more than this path.
    is_rest = route is None or route.path == "/"
    if not (step.startswith("lead-there") and is_plain and is_whole and is_rest):
        return manual_fix(view, step)
    if _is_shared(view, first):
        return manual_fix(view, step)
    if view.server.product == "apache":
        edits = passed_path_steps(view, other, f"{first}/", "/" if is_cut else f"{first}/")
    elif route is not None and other.scheme == "http":
        # TLS may need lines of the other route's block.
        edit = passed_folder_edit(view, route, first, other.authority, is_cut)
        edits = (edit,) if edit else ()
    if not edits:
        return manual_fix(view, step)
    return Fix((*edits, *reload_steps(view.server)), Applicability.REVIEW)


def _is_shared(view: ServerView, first: str) -> bool:
    """Return whether the page gets files from this folder where they are now."""
    return any(
        (file.status or 0) < 400 and _first_part(path_of(file.url)) == first
        for file in view.evidence.good(PageFileResponse)
    )


def _is_own_absence(view: ServerView, path: str, answer: Answer) -> bool:
    """Return whether the application of the site's other paths may simply not have this one, of
    which many applications have one of that name."""
    route = route_to_application(view, path)
    is_rest = route is not None and bool(route.target) and route.path == "/" and not route.pattern
    return is_rest and is_of_many(path) and not isinstance(answer, PageFileResponse)


def _step(view: ServerView, other: SiteRoute, is_folder: bool) -> str:
    """A route for every path is bypassed; any other one does not take this path."""
    is_for_all = other.path == "/" and not other.exact and not other.pattern
    if is_for_all and is_folder:
        return f"limit-the-files-{view.server.product}"
    return f"lead-there-{view.server.product}"


def _ending(path: str) -> str:
    """Return ".js" of a path that ends so; "" for one without an ending."""
    return posixpath.splitext(path)[1]


def _first_part(path: str) -> str:
    """Return "/api" of "/api/items"."""
    return f"/{path.lstrip('/').partition('/')[0]}"
