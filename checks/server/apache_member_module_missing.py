"""Apache passes a path on to the members of a balancer, and the module for their protocol is not
loaded, such as mod_proxy_http for `BalancerMember http://…`. It answers 503 and its log blames
the members (AH00934: "all workers are busy"): they are well, and nobody asked them.

Without a balancer Apache names the protocol in its log (AH01144): server.request-failed.
"""

from collections.abc import Iterator

from checks.server import (
    manual_fix,
    pages_with_status,
    place_text,
    reload_steps,
    server_on_port,
)
from checks.server._apache_modules import loading_fix, modules_of_protocol
from checks.server._backend_answers import route_to_application
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity, Subject
from diagnose.model.http import Exchange
from diagnose.model.web_servers import WebServer, WebServerConfig


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, Exchange],
    explains=[
        "http.server-error",
        "server.application-answers",
        "server.application-down",
        "server.other-requests-failed",
        "server.request-logged",
        "websocket.*",
    ],
)
def apache_member_module_missing(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    if view is None or view.config is None or view.server.product != "apache":
        return
    pages = [page for status in (500, 503) for page in pages_with_status(evidence, status)]
    route, modules = route_to_application(view), view.config.modules
    if not pages or not modules or route is None or not route.members:
        return
    missing = tuple(name for name in modules_of_protocol(route.scheme) if name not in modules)
    if not missing or view.config.loaded is False:
        return
    yield Claim(
        about=Subject(port=target.port, path=target.path),
        covers=(Subject(port=target.port, path=target.path), Subject(port=target.port)),
        because=(*pages, view.config, view.server),
        confidence=Confidence.CERTAIN,
        facts={
            **view.facts,
            "path": route.path,
            "scheme": route.scheme,
            "members": route.members,
            "modules": missing,
            "place": place_text(route.file, route.line),
            "status": pages[0].status,
        },
        fix=loading_fix(view, missing, reload_steps(view.server))
        or manual_fix(view, "load-the-module"),
    )
