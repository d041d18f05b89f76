"""Apache's ProxyPass has a path that ends with a slash, and a target that has neither a path nor a
slash: `ProxyPass / http://127.0.0.1:3000`. Apache puts the rest of the path right behind the port,
so that "/" alone works: /css/app.css is asked of a host with the port "3000css" (mod_proxy,
"ProxyPass": if the first argument ends with a trailing slash, the second one should too).

The start page opens, and its files, its WebSocket and every other path answer 500, 502 or 400. What
the access log has of visitors shows it as well: no request below such a path reaches a program.
"""

import re
from collections.abc import Iterator

from checks.http import _page_files
from checks.nginx._failed_requests import current_failures
from checks.server import (
    ServerView,
    line_edit,
    line_text,
    manual_fix,
    place_text,
    reload_steps,
    server_view,
)
from checks.server._backend_answers import route_to_application, websocket_severity
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Observation, Severity, Subject
from diagnose.model.http import Exchange, Upgrade, error_pages
from diagnose.model.logs import FailedRequests, ServerRequestError
from diagnose.model.web_servers import SiteRoute, WebServer, WebServerConfig

#: What Apache answers for an address that is none.
_STATUSES = frozenset({400, 500, 502, 503})
_BARE = re.compile(r"\w{1,10}://[^/]{1,300}")


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, Exchange],
    explains=[
        "http.page-file-missing",
        "http.page-file-type",
        "http.server-error",
        "server.application-answers",
        "server.other-requests-failed",
        "server.own-answer",
        "server.request-logged",
        "websocket.not-upgraded",
        "websocket.not-tried",
        "websocket.other-path",
    ],
)
def apache_target_without_slash(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_view(evidence), evidence.target
    if view is None or view.server.product != "apache" or target.port not in view.server.ports:
        return
    for path, status, response in _failures(evidence):
        route = route_to_application(view, path, isinstance(response, Upgrade))
        if route is None or not _lacks_slash(route) or path == route.path:
            continue
        yield Claim(
            about=Subject(port=target.port, path=target.path),
            covers=(Subject(port=target.port), Subject(port=target.port, path=path)),
            because=(response, view.server, *([view.config] if view.config else [])),
            severity=_severity(evidence, response),
            facts={
                **view.facts,
                "path": path,
                "status": status,
                "prefix": route.path,
                "target": route.target,
                "wrong": f"{route.target}{path.removeprefix(route.path)}",
                "place": place_text(route.file, route.line),
            },
            fix=_fix(view, route),
        )
        return


def _failures(evidence: Evidence) -> Iterator[tuple[str, int, Observation]]:
    """Yield the paths that answer with an error: the page, unless Apache's log names its reason
    (`server.backend-not-reached`), then its files, its WebSockets, and what visitors asked for."""
    path = evidence.target.path_without_query
    errors = evidence.good(ServerRequestError)
    is_told = any(error.reason == "backend-name" for error in errors)
    for page in () if is_told else error_pages(evidence):
        yield path, page.status or 0, page
    for file in _page_files.refused_files(evidence):
        if file.reason == "status":
            yield file.path, file.response.status or 0, file.response
    if is_told and error_pages(evidence):
        return
    for upgrade in evidence.good(Upgrade):
        is_failed = upgrade.status in _STATUSES and not upgrade.accepted
        if is_failed and upgrade.is_visit and upgrade.port == evidence.target.port:
            yield upgrade.path.partition("?")[0], upgrade.status or 0, upgrade
    for failure in current_failures(evidence, _STATUSES, "apache"):
        yield failure.path, failure.status, failure


def _severity(evidence: Evidence, response: Observation) -> Severity | None:
    if isinstance(response, FailedRequests):
        return Severity.WARNING
    return websocket_severity(evidence) if isinstance(response, Upgrade) else None


def _lacks_slash(route: SiteRoute) -> bool:
    is_prefix = route.path.endswith("/") and not route.pattern and not route.exact
    return is_prefix and bool(route.host) and _BARE.fullmatch(route.target) is not None


def _fix(view: ServerView, route: SiteRoute) -> Fix:
    line = line_text(view, route.file, route.line)
    words = line.split()
    if words[:1] and words[0].lower() == "proxypass" and words.count(route.target) == 1:
        written = line.replace(route.target, f"{route.target}/", 1)
        edit = line_edit(view, route.file, {route.line: (written,)})
        if edit:
            return Fix((edit, *reload_steps(view.server)), Applicability.AUTOMATIC)
    return manual_fix(view, "write-the-slash")
