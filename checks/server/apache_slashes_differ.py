"""Apache's ProxyPass has a slash at the end of its path or of its address, and not of both:
`ProxyPass /app http://127.0.0.1:3000/` or `ProxyPass /app/ http://127.0.0.1:3000/base`. Apache
replaces the first by the second and keeps the rest (mod_proxy, "ProxyPass": if the first argument
ends with a trailing slash, the second one should too, and vice versa). The application is asked for
//page or for /basepage.

The evidence is the application itself: it refuses that path, and answers the one with a slash. An
address without a path is another check's.
"""

import re
from collections.abc import Iterator, Sequence

from checks.http import _page_files
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
from checks.server._backend_answers import (
    refused_websockets,
    route_to_application,
    visit_of,
    websocket_paths,
    websocket_severity,
    websocket_subjects,
)
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Edit,
    Evidence,
    Fix,
    Observation,
    Severity,
    Subject,
)
from diagnose.model.backends import BackendVisit
from diagnose.model.http import Exchange, Upgrade, error_pages
from diagnose.model.pages import PageFileResponse
from diagnose.model.web_servers import SiteRoute, WebServer, WebServerConfig
from diagnose.parsers.web_sites import inner_path, slashed_path

_PROXY_PASS = re.compile(r"(?i)(\s{0,200}ProxyPass)(\s.*)")
_ADDRESS = re.compile(r"[\w$%{}]{1,80}://[^\s\"']{1,500}")

#: A path, whether it is a WebSocket's, and what visitors got for it.
_Refusal = tuple[str, bool, Sequence[Exchange | Upgrade | PageFileResponse]]


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, BackendVisit],
    explains=[
        "http.page-file-missing",
        "http.page-file-type",
        "http.server-error",
        "server.application-answers",
        "server.own-answer",
        "server.path-changed",
        "server.request-logged",
        "websocket.not-upgraded",
        "upstream.application-log",
    ],
)
def apache_slashes_differ(evidence: Evidence) -> Iterator[Claim]:
    view = server_on_port(evidence)
    if view is None or view.server.product != "apache":
        return
    for full_path, is_websocket, answers in _refusals(evidence):
        path = full_path.partition("?")[0]
        route = route_to_application(view, path, is_websocket)
        slashed = slashed_path(route, path) if route else ""
        if route is None or not slashed or not answers:
            continue
        inner = inner_path(route, path)
        visit = visit_of(evidence, route, path, slashed, is_websocket)
        sent = visit_of(evidence, route, path, inner, is_websocket)
        if visit is None or not visit.succeeded or (sent is not None and sent.succeeded):
            continue
        yield _claim(view, route, path, answers, (visit, *([sent] if sent else [])), is_websocket)
        return


def _refusals(evidence: Evidence) -> Iterator[_Refusal]:
    """Yield the page, then the WebSockets and the files of the page that visitors do not get."""
    pages = [page for page in error_pages(evidence) if page.status not in {401, 407}]
    yield evidence.target.path, False, pages
    for path in websocket_paths(evidence):
        yield path, True, refused_websockets(evidence, path)
    for file in _page_files.refused_files(evidence):
        if file.reason == "status":
            yield file.path, False, [file.response]


def _claim(
    view: ServerView,
    route: SiteRoute,
    path: str,
    answers: Sequence[Exchange | Upgrade | PageFileResponse],
    visits: Sequence[Observation],
    is_websocket: bool,
) -> Claim:
    port = view.evidence.target.port
    doubled = route.backend_path.endswith("/")
    return Claim(
        about=Subject(port=port, path=path),
        covers=(Subject(port=port), *websocket_subjects(view.evidence, path)),
        because=(*visits, view.server, *answers),
        severity=websocket_severity(view.evidence) if is_websocket else None,
        facts={
            **view.facts,
            "path": path,
            "prefix": route.path,
            "target": route.target,
            "inner": inner_path(route, path),
            "slashed": slashed_path(route, path),
            "status": answers[0].status or "",
            "doubled": doubled,
            "written": route.target.rstrip("/") if doubled else f"{route.target}/",
            "place": place_text(route.file, route.line),
        },
        fix=_fix(view, route, doubled),
    )


def _fix(view: ServerView, route: SiteRoute, doubled: bool) -> Fix:
    edit = _edit(view, route, doubled)
    if edit is None:
        return manual_fix(view, "same-slashes")
    # Without the slash, a name may be meant to begin with the address's last word.
    applicability = Applicability.AUTOMATIC if doubled else Applicability.REVIEW
    return Fix((edit, *reload_steps(view.server)), applicability)


def _edit(view: ServerView, route: SiteRoute, doubled: bool) -> Edit | None:
    """Return the edit of the address in ProxyPass and in the ProxyPassReverse that is written
    alike; None if the slash is not in these lines, as in a variable's value."""
    line = line_text(view, route.file, route.line)
    match = _PROXY_PASS.fullmatch(line)
    addresses = _ADDRESS.findall(line)
    file = view.config.file(route.file) if view.config else None
    if match is None or file is None or len(addresses) != 1 or route.socket:
        return None
    old = addresses[0]
    if old.endswith("/") is not doubled or old.endswith(("//", "}")):
        return None
    new = old[:-1] if doubled else f"{old}/"
    words = match[2].split()
    changes = {route.line: (line.replace(old, new),)}
    for number, text in enumerate(file_rows(view, file), 1):
        name, *rest = text.split() or [""]
        if name.lower() == "proxypassreverse" and rest and rest == words[: len(rest)]:
            changes[number] = (text.replace(old, new),)
    return line_edit(view, route.file, changes)
