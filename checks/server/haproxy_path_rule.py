"""A backend of HAProxy changes the path of its requests ("http-request replace-path", "set-path")
into one that its application does not have. The application does not have the visitor's path
either, but what follows the beginning by which the backend is chosen. A path without a slash is
none (RFC 9112 section 3.2.1): applications answer 400.

The evidence is the application itself, asked for all three.
"""

import re
from collections.abc import Iterator, Sequence

from checks.server import (
    ServerView,
    indentation,
    line_edit,
    line_text,
    manual_fix,
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
from checks.server._haproxy import changing_line, place
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity, Subject
from diagnose.model.backends import BackendVisit
from diagnose.model.http import Exchange, Upgrade, page_exchanges
from diagnose.model.web_servers import SiteRoute, WebServer, WebServerConfig
from diagnose.parsers.haproxy.config import Line
from diagnose.parsers.web_sites import inner_path, rest_of

#: A beginning that is the same text in a regular expression and in a configuration.
_PLAIN_PATH = re.compile(r"(?:/[\w-]{1,100}){1,10}", re.ASCII)


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, BackendVisit],
    explains=[
        "http.host-refused",
        "server.application-answers",
        "server.own-answer",
        "websocket.inner-proxy",
        "websocket.not-upgraded",
    ],
)
def haproxy_path_rule(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    if view is None or view.server.product != "haproxy":
        return
    pages = [page for page in page_exchanges(evidence) if page.status in {400, 404}]
    if claim := _claim(view, target.path, pages, False):
        yield claim
    for path in websocket_paths(evidence):
        if claim := _claim(view, path, refused_websockets(evidence, path), True):
            yield claim
            return


def _claim(
    view: ServerView, full_path: str, visits: Sequence[Exchange | Upgrade], websocket: bool
) -> Claim | None:
    path, evidence = full_path.partition("?")[0], view.evidence
    route = route_to_application(view, path, websocket) if visits else None
    line = changing_line(view, route, path) if route else None
    if route is None or line is None:
        return None
    inner, remainder = inner_path(route, path), rest_of(route, path)
    changed = visit_of(evidence, route, path, inner, websocket)
    whole = visit_of(evidence, route, path, path, websocket)
    right = visit_of(evidence, route, path, remainder, websocket)
    if whole is None or right is None or whole.succeeded or not right.succeeded:
        return None
    if inner == remainder or (changed.succeeded if changed else inner.startswith("/")):
        return None
    subject = Subject(port=evidence.target.port, path=path)
    return Claim(
        about=subject,
        covers=(subject, *websocket_subjects(evidence, path)),
        because=(whole, right, *([changed] if changed else []), view.server, *visits),
        facts={
            **view.facts,
            "path": path,
            "inner": inner,
            "slash": inner.startswith("/"),
            "rest": remainder,
            "place": place(line),
            "change": " ".join(line.words[1:2]),
            "target": route.target,
            "status": visits[0].status or "",
            "websocket": websocket,
        },
        # That the page is at the other path does not show that it is the one that is meant.
        confidence=Confidence.LIKELY,
        severity=websocket_severity(evidence) if websocket else None,
        fix=_fix(view, route, line),
    )


def _fix(view: ServerView, route: SiteRoute, line: Line) -> Fix:
    prefix, words = route.path.rstrip("/"), line.words
    starts = [index for index, word in enumerate(words) if word in {"if", "unless"}]
    if not _PLAIN_PATH.fullmatch(prefix) or starts:
        return manual_fix(view, "write-the-path")
    indent = _indent(view, line)
    text = rf"{indent}http-request replace-path ^{prefix}(/|$)(.*) /\2"
    edit = line_edit(view, line.file, {line.number: (text,)})
    if edit is None:
        return manual_fix(view, "write-the-path")
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)


def _indent(view: ServerView, line: Line) -> str:
    text = line_text(view, line.file, line.number)
    return indentation(text)
