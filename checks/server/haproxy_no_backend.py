"""HAProxy answers 503 because no rule of the frontend chooses a backend for the request: no
`use_backend` is for this name or path, and there is no `default_backend` (log: "<NOSRV>")."""

from collections.abc import Iterator

from checks.server import manual_fix, pages_with_status, place_text
from checks.server._haproxy import haproxy_view
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity, Subject
from diagnose.model.http import Exchange
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.haproxy.conditions import host_patterns, rules_of


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, Exchange],
    explains=["server.application-answers", "http.server-error", "websocket.*"],
)
def haproxy_no_backend(evidence: Evidence) -> Iterator[Claim]:
    haproxy, port = haproxy_view(evidence), evidence.target.port
    if haproxy is None or haproxy.proxies.selection is not None:
        return
    proxies = haproxy.proxies
    pages = pages_with_status(evidence, 503)
    if not proxies.is_decided or proxies.frontend.mode != "http" or not pages:
        return
    section = proxies.frontend.section
    yield Claim(
        about=Subject(port=port, text=proxies.frontend.name),
        covers=(Subject(port=port),),
        because=(*pages, *((haproxy.view.config,) if haproxy.view.config else ())),
        facts={
            **haproxy.view.facts,
            "frontend": proxies.frontend.name,
            "place": place_text(section.file, section.line),
            "names": host_patterns(rules_of(proxies.frontend))[:6],
            "path": evidence.target.path,
            "with_port": port not in {80, 443},
        },
        fix=manual_fix(haproxy.view, "choose"),
    )
