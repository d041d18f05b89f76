"""HAProxy answers 503 because no rule of the frontend chooses a backend for the request: no
`use_backend` is for this name or path, its map lacks the name or names a backend that is not there,
and there is no `default_backend` (log: "<NOSRV>")."""

from collections.abc import Iterator

from checks.server import manual_fix, pages_with_status, place_text
from checks.server._haproxy import haproxy_view
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity, Subject
from diagnose.model.http import Exchange
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.haproxy.conditions import host_patterns, rules_of
from diagnose.parsers.haproxy.config import Proxy
from diagnose.parsers.haproxy.dynamic_backends import dynamic_backend
from diagnose.parsers.haproxy.ended_searches import ended_search
from diagnose.parsers.haproxy.view import missing_backend
from diagnose.parsers.sanitize import clean


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
    if ended_search(proxies, evidence.target) is not None:
        return  # a rule is for it, and is not reached
    section, names = proxies.frontend.section, host_patterns(rules_of(proxies.frontend))
    with_port = port not in {80, 443}
    yield Claim(
        about=Subject(port=port, text=proxies.frontend.name),
        covers=(Subject(port=port),),
        because=(*pages, *((haproxy.view.config,) if haproxy.view.config else ())),
        facts={
            **haproxy.view.facts,
            "frontend": proxies.frontend.name,
            "place": place_text(section.file, section.line),
            "names": names[:6],
            "path": evidence.target.path,
            "with_port": with_port,
            # A rule has the name, and visitors send it with the port.
            "port_decides": with_port and evidence.target.host.lower() in map(str.lower, names),
            "port": port,
            "map": _map(proxies.frontend),
            "missing": clean(missing_backend(proxies, evidence.target), 300),
        },
        fix=manual_fix(haproxy.view, "choose"),
    )


def _map(frontend: Proxy) -> str:
    """Return the first map by which a frontend chooses a backend."""
    dynamic_backends = map(dynamic_backend, frontend.own("use_backend"))
    return next(
        (clean(backend.file, 300) for backend in dynamic_backends if backend and backend.file), ""
    )
