"""Apache sends the application its own address as Host, and the application refuses that name:
`ProxyPreserveHost On` is missing (mod_proxy). Asked directly with the visitor's name, it answers.
"""

from collections.abc import Iterator

from checks.server import (
    ServerView,
    line_edit,
    line_text,
    manual_fix,
    place_text,
    reload_steps,
    server_view,
)
from checks.server._backend_answers import answer_with, failed_pages, route_to_application
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Severity, Subject
from diagnose.model.addresses import bracketed
from diagnose.model.backends import BackendAnswer
from diagnose.model.http import Exchange
from diagnose.model.web_servers import SiteRoute, WebServer, WebServerConfig


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, BackendAnswer, Exchange],
    explains=["http.host-refused", "websocket.not-upgraded", "websocket.origin-refused"],
)
def host_not_passed(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_view(evidence), evidence.target
    if view is None or target.port not in view.server.ports:
        return
    route, pages = route_to_application(view), failed_pages(evidence)
    if route is None or route.keeps_host or not pages:
        return
    own = f"{bracketed(route.host)}:{route.port}"
    right = answer_with(evidence, route, target.authority, "https")
    wrong = answer_with(evidence, route, own, "https")
    if right is None or wrong is None or (right.status or 999) >= 400:
        return
    if (wrong.status or 0) < 400 or {page.status for page in pages} != {wrong.status}:
        return
    yield Claim(
        about=Subject(port=target.port, path=target.path),
        covers=(Subject(port=target.port),),
        because=(right, wrong, view.server, *pages),
        facts={
            **view.facts,
            "application": own,
            "place": place_text(route.file, route.line),
            "status": wrong.status,
            "other_status": right.status,
            view.server.product: True,
        },
        fix=_fix(view, route),
    )


def _fix(view: ServerView, route: SiteRoute) -> Fix:
    line = line_text(view, route.file, route.line)
    if view.server.product != "apache" or not line.strip():
        return manual_fix(view, "keep-the-host")
    indent = line[: len(line) - len(line.lstrip())]
    edit = line_edit(view, route.file, {route.line: (f"{indent}ProxyPreserveHost On", line)})
    if edit is None:
        return manual_fix(view, "keep-the-host")
    # Other applications of the same virtual host may want their own name.
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
