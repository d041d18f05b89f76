"""Every server of HAProxy's backend has as many sessions as it may ("maxconn" of "server"): further
requests wait in a queue, and get 503 after "timeout queue" (Configuration Manual, "maxconn",
"timeout queue"; the log says "sQ")."""

from collections.abc import Iterator

from checks.server import reload_steps
from checks.server._haproxy import haproxy_view, place
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Subject, Where
from diagnose.model.haproxy import HaproxyStatus
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.web_servers import WebServer, WebServerConfig


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, HaproxyStatus, Exchange],
    explains=["server.application-answers", "server.application-silent", "http.server-error"],
)
def haproxy_server_full(evidence: Evidence) -> Iterator[Claim]:
    haproxy, port = haproxy_view(evidence), evidence.target.port
    backend = haproxy.proxies.backend if haproxy else None
    if haproxy is None or haproxy.status is None or backend is None:
        return
    states = [state for state in haproxy.status.of_backend(backend.name) if not state.is_down]
    pages = [page for page in page_exchanges(evidence) if page.status == 503 or page.failure]
    if not pages or not states or not all(state.is_full for state in states):
        return
    line = backend.setting("server")
    yield Claim(
        about=Subject(port=port, text=backend.name),
        covers=(Subject(port=port),),
        because=(haproxy.status, *pages),
        facts={
            **haproxy.view.facts,
            "backend": backend.name,
            "servers": tuple(state.name for state in states),
            "limit": states[0].limit,
            "place": place(line) if line else "",
        },
        ruled_out=("server.application-down",),
        fix=Fix(
            (Manual("let-more-in", Where.APPLICATION), *reload_steps(haproxy.view.server)),
            Applicability.MANUAL,
        ),
    )
