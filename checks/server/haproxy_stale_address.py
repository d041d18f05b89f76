"""HAProxy connects to an address that the name on its `server` line has no more: it looks a name up
when it is started or reloaded, and not again without `resolvers` (Configuration Manual,
"init-addr", "resolvers"). A container or a machine that was made anew has another address.

The evidence is HAProxy's own statistics, the name's addresses now, and the application, which
answers at the name.
"""

from collections.abc import Iterator

from checks.server import reload_steps
from checks.server._haproxy import haproxy_view, place
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Severity, Subject
from diagnose.model.addresses import bracketed
from diagnose.model.haproxy import HaproxyStatus, ServerState
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.haproxy.addresses import servers_of
from diagnose.parsers.http import GATEWAY_FAILURES


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, HaproxyStatus, Exchange],
    explains=[
        "http.server-error",
        "server.answer-too-late",
        "server.application-answers",
        "server.application-down",
        "server.application-silent",
        "server.backend-not-reached",
        "server.haproxy-health-check-fails",
        "server.haproxy-no-server",
        "server.other-requests-failed",
        "websocket.not-upgraded",
    ],
)
def haproxy_stale_address(evidence: Evidence) -> Iterator[Claim]:
    haproxy, port = haproxy_view(evidence), evidence.target.port
    backend = haproxy.proxies.backend if haproxy else None
    if haproxy is None or haproxy.status is None or backend is None:
        return
    pages = [page for page in page_exchanges(evidence) if page.status in GATEWAY_FAILURES]
    states = {state.name: state for state in haproxy.status.of_backend(backend.name)}
    stale = [
        (server, states[server.name])
        for server in servers_of(backend)
        if server.name in states and _is_stale(states[server.name])
    ]
    serving = [
        attempt
        for attempt in haproxy.tries_for("page")
        if 0 < (attempt.status or 0) < 500 and attempt.name in {server.name for server, _ in stale}
    ]
    # One server that still serves takes the visitors.
    if not pages or not serving or len(stale) < len(states):
        return
    server, state = stale[0]
    yield Claim(
        about=Subject(port=port, text=backend.name),
        covers=(Subject(port=port), Subject(port=port, path=evidence.target.path)),
        because=(haproxy.status, *serving, *pages),
        facts={
            **haproxy.view.facts,
            "name": server.host,
            "server_name": f"{backend.name}/{server.name}",
            "old": state.address,
            "now": tuple(state.now),
            "status": pages[0].status,
            "place": place(server.line),
            "answered": serving[0].status,
        },
        ruled_out=("server.application-down",),
        fix=Fix(reload_steps(haproxy.view.server), Applicability.REVIEW),
    )


def _is_stale(state: ServerState) -> bool:
    """Return whether HAProxy has an address that is none of the name's."""
    host = state.address.rpartition(":")[0]
    return bool(host) and bool(state.now) and host not in {bracketed(each) for each in state.now}
