"""A field of the application's answer does not fit into Apache's buffer of 8192 bytes, and visitors
get 502 (mod_proxy, "responsefieldsize"; error.log: AH10124). The application answers when it is
asked directly. Long cookies, tokens and policies make such a field.
"""

import re
from collections.abc import Iterator

from checks.server import (
    ServerView,
    line_edit,
    line_text,
    manual_fix,
    place_text,
    reload_steps,
    server_on_port,
)
from checks.server._apache_workers import parameter_route
from checks.server._backend_answers import route_to_application, visit_of
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity, Subject
from diagnose.model.backends import BackendVisit
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.logs import ServerRequestError
from diagnose.model.web_servers import SiteRoute, WebServer, WebServerConfig
from diagnose.parsers.web_sites import inner_path

_DEFAULT, _WANTED = 8192, (32768, 65536, 131072)
_LOGGED = re.compile(r"over the limit allowed by ResponseFieldSize")
_SIZE = re.compile(r"(?i)\bresponsefieldsize=(\d{1,8})\b")
#: A line with one application; a balancer's members have their own parameters.
_PASS = re.compile(r'(?i)\s*ProxyPass(?:Match)?\s+(?:\S+\s+)?"?https?://[^\s"]{1,300}"?(?:\s.*)?')


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, BackendVisit, Exchange],
    explains=["http.server-error", "server.application-answers", "server.request-logged"],
)
def apache_response_header_limit(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    pages = page_exchanges(evidence)
    if view is None or view.server.product != "apache" or not pages:
        return
    path = target.path_without_query
    route = route_to_application(view)
    if route is None or {page.status for page in pages} - {500, 502}:
        return
    visit = visit_of(evidence, route, path, inner_path(route, path), websocket=False)
    logged = [error for error in evidence.good(ServerRequestError) if _LOGGED.search(error.message)]
    worker = parameter_route(view, route)
    line = line_text(view, worker.file, worker.line)
    written = _SIZE.search(line)
    limit = int(written[1]) if written and int(written[1]) else _DEFAULT
    if visit is None or not visit.succeeded or visit.head_bytes <= limit:
        return
    wanted = next((size for size in _WANTED if size >= 2 * visit.head_bytes), _WANTED[-1])
    yield Claim(
        about=Subject(port=target.port, path=path),
        covers=(Subject(port=target.port),),
        because=(visit, view.server, *logged, *pages),
        # The size is that of all fields together: the log alone says that one was too large.
        confidence=Confidence.CERTAIN if logged else Confidence.LIKELY,
        facts={
            **view.facts,
            "path": path,
            "status": pages[0].status,
            "application": route.authority,
            "direct_status": visit.status,
            "size": visit.head_bytes,
            "limit": limit,
            "wanted": wanted,
            "place": place_text(worker.file, worker.line),
            "logged": bool(logged),
        },
        fix=_fix(view, worker, line, wanted),
    )


def _fix(view: ServerView, route: SiteRoute, line: str, wanted: int) -> Fix:
    """Write the size on the line that passes the page on."""
    parameter = f"responsefieldsize={wanted}"
    edit = None
    if _PASS.fullmatch(line[:2000]):
        new = _SIZE.sub(parameter, line, count=1)
        new = new if new != line else f"{line.rstrip()} {parameter}"
        edit = line_edit(view, route.file, {route.line: (new,)})
    if edit is None:
        return manual_fix(view, "raise-the-size")
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
