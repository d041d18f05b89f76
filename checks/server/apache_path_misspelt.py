"""A line of Apache's is for a path that is nearly the one which visitors ask for: it differs in
upper and lower case, or by one letter (`<Location /Guacamole/>`, `Alias /statics`). Apache compares
paths letter by letter (core, "Location"; mod_alias; mod_proxy).

The line is named for a path that gets 404 or a refused WebSocket, and which no other line of the
same kind takes. That may as well be a mistake in the address: of a page that nobody names elsewhere
it is a warning.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from checks.http import _page_files
from checks.server import ServerView, line_edit, line_text, place_text, reload_steps, server_on_port
from checks.server._backend_answers import refused_websockets, websocket_paths, websocket_severity
from checks.server._near_routes import answers_of_files, is_misspelt
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
from diagnose.model.http import Exchange, error_pages
from diagnose.model.logs import FailedRequests
from diagnose.model.web_servers import WebServer, WebServerConfig, WebSite
from diagnose.parsers.urls import parse_url
from diagnose.parsers.web_sites import takes

#: Lines that are for a path and what is below it.
_LINE = re.compile(r"(?i)\s*(ProxyPass|Alias|<Location)\s+[\"']?(/[\w./-]{2,200})")
#: Maximum number of lines of a virtual host.
_MAX_LINES = 2_000


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig],
    explains=[
        "http.page-for-api",
        "http.page-file-missing", "http.page-file-type", "http.redirect-to-error",
        "server.other-requests-failed",
        "server.own-answer", "server.page-missing", "server.path-excluded",
        "server.websocket-not-passed",
        "upstream.application-log",
        "server.application-answers", "websocket.no-location", "websocket.not-upgraded",
    ],
)  # fmt: skip
def apache_path_misspelt(evidence: Evidence) -> Iterator[Claim]:
    view = server_on_port(evidence)
    if view is None or view.config is None or view.server.product != "apache":
        return
    for site in view.answering_sites[:1]:
        lines = list(_lines(view, site))
        # A path that the application has is no plural of its own.
        inner = {route.path.rstrip("/"): route.backend_path.rstrip("/") for route in site.routes}
        missed = [
            (near, failure)
            for failure in _failing(view)
            if (near := _near(lines, failure.path.partition("?")[0], inner))
        ]
        if missed:
            near, _ = missed[0]
            failures = [failure for each, failure in missed if each.number == near.number]
            yield _claim(view, site, near, failures)


@frozen
class _PathLine:
    """A line of a virtual host, from 1: its directive, its path, and the path that is meant. `file`
    is its file. `is_shared` is True for a line of the main server, which counts for the virtual
    host as well: it may be a package's, and is compared in upper and lower case alone."""

    number: int
    directive: str
    path: str
    meant: str = ""
    file: str = ""
    is_shared: bool = False


@frozen(eq=False)
class _Failure:
    """A path that visitors do not get, what shows it, and the severity."""

    path: str
    because: tuple[Observation, ...]
    severity: Severity | None = None


def _lines(view: ServerView, site: WebSite) -> Iterator[_PathLine]:
    for number in range(site.line + 1, min(site.end, site.line + _MAX_LINES)):
        line = line_text(view, site.file, number)
        # An exclusion takes no path: what is behind it does.
        if (match := _LINE.match(line)) and not line.rstrip().endswith("!"):
            yield _PathLine(number, match[1].lower(), match[2], file=site.file)
    for alias in site.aliases:
        if alias.file != site.file:
            yield _PathLine(alias.line, "alias", alias.prefix, "", alias.file, is_shared=True)


def _near(lines: list[_PathLine], path: str, inner: Mapping[str, str]) -> _PathLine | None:
    """Return the first line that nearly takes the path, with the path that is meant; None if it is
    taken, but for a line of the whole site. `inner` are the paths at which applications have what
    comes to a line's own path."""
    if any(takes(line.path, path) for line in lines):
        return None
    for line in lines:
        parts, own = line.path.strip("/").split("/"), path.strip("/").split("/")
        meant = f"/{'/'.join(own[: len(parts)])}{'/' if line.path.endswith('/') else ''}"
        differing = [pair for pair in zip(parts, own, strict=False) if pair[0] != pair[1]]
        if len(parts) > len(own) or not differing or not takes(meant, path):
            continue
        is_case = line.path.lower() == meant.lower()
        is_own = inner.get(line.path.rstrip("/")) == meant.rstrip("/")
        is_near = len(differing) == 1 and (
            is_misspelt(*differing[0]) or (is_own and _is_one_letter_more(*differing[0]))
        )
        if is_case or (is_near and not line.is_shared):
            return _PathLine(line.number, line.directive, line.path, meant, line.file)
    return None


def _is_one_letter_more(written: str, asked: str) -> bool:
    return written[:-1] == asked or asked[:-1] == written


def _failing(view: ServerView) -> Iterator[_Failure]:
    """Yield what visitors do not get: WebSockets, files of the page, the page, logged requests."""
    evidence = view.evidence
    for path in websocket_paths(evidence):
        if refused := refused_websockets(evidence, path):
            yield _Failure(path, tuple(refused), websocket_severity(evidence))
    for file in _page_files.refused_files(evidence):
        url = parse_url(file.response.url)
        if url and file.response.status == 404:
            severity = _page_files.severity(file.page, [file.response.url])
            yield _Failure(url.path.partition("?")[0], (file.page, file.response), severity)
    # Files may answer with their page where data is asked for.
    for path, answer in answers_of_files(view):
        if isinstance(answer, Exchange):
            yield _Failure(path, (answer,))
    pages = tuple(page for page in error_pages(evidence) if page.status == 405)
    if pages:
        yield _Failure(evidence.target.path_without_query, pages)
    for logged in evidence.good(FailedRequests):
        if logged.status in {404, 405} and logged.is_from_page and logged.server == "apache":
            yield _Failure(logged.path, (logged,))


def _claim(
    view: ServerView,
    site: WebSite,
    line: _PathLine,
    failures: Sequence[_Failure],
) -> Claim:
    port, first = view.evidence.target.port, failures[0]
    plain = first.path.partition("?")[0]
    paths = [
        path for failure in failures for path in (failure.path, failure.path.partition("?")[0])
    ]
    changes = {}
    # Each line with the same path is meant for the same requests.
    for same in _lines(view, site):
        if (same.path, same.file) == (line.path, line.file):
            text = line_text(view, line.file, same.number)
            changes[same.number] = (text.replace(line.path, line.meant, 1),)
    edit = line_edit(view, line.file, changes)
    return Claim(
        about=Subject(port=port, path=first.path),
        covers=tuple(Subject(port=port, path=path) for path in dict.fromkeys(paths)),
        because=(
            view.server,
            *([view.config] if view.config else []),
            *(observation for failure in failures for observation in failure.because),
        ),
        confidence=Confidence.LIKELY,
        severity=first.severity,
        facts={
            **view.facts,
            "path": plain,
            "place": place_text(line.file, line.number),
            "line": line_text(view, line.file, line.number).strip(),
            "written": line.path,
            "meant": line.meant,
            "case": line.path.lower() == line.meant.lower(),
        },
        fix=Fix((*([edit] if edit else []), *reload_steps(view.server)), Applicability.REVIEW),
    )
