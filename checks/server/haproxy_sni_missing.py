"""HAProxy answers 503 because its health check cannot complete TLS with the server: the server
chooses its site by the name in the handshake (SNI), and the health check sends none. "sni" is for
the requests of visitors only; health checks have "check-sni" (Configuration Manual, section 5.2).

HAProxy's statistics say L6RSP, and a handshake with the name is completed.
"""

from collections.abc import Iterator

from checks.server import pages_with_status, reload_steps
from checks.server._haproxy import HaproxyView, haproxy_view, insert_word, place
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Edit,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.backends import BackendHandshake
from diagnose.model.haproxy import ServerState
from diagnose.model.http import Exchange
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.haproxy.addresses import BackendServer, servers_of
from diagnose.parsers.hostnames import is_address, is_host


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, BackendHandshake, Exchange],
    explains=["server.application-answers", "http.server-error", "websocket.*"],
)
def haproxy_sni_missing(evidence: Evidence) -> Iterator[Claim]:
    haproxy, port = haproxy_view(evidence), evidence.target.port
    backend = haproxy.proxies.backend if haproxy else None
    pages = pages_with_status(evidence, 503)
    if haproxy is None or backend is None or not pages or haproxy.status is None:
        return
    states = haproxy.status.of_backend(backend.name)
    if not states or any(not _fails_in_tls(state) for state in states):
        return
    for server in servers_of(backend):
        handshake = _handshake_with_name(evidence, server)
        if not _sends_no_name(server) or handshake is None:
            continue
        name = handshake.server_name
        edit = _edit(haproxy, server, name)
        step = edit or Manual("send-the-name", Where.SERVER)
        applicability = Applicability.AUTOMATIC if server.sni else Applicability.REVIEW
        yield Claim(
            about=Subject(port=port, text=backend.name),
            covers=(Subject(port=port),),
            because=(*pages, handshake, haproxy.status, haproxy.view.server),
            facts={
                **haproxy.view.facts,
                "backend": backend.name,
                "member": server.name,
                "address": server.address,
                "place": place(server.line),
                "wanted": name,
                "sni": server.sni,
                "words": _words(server, name),
                "detail": states[0].detail,
                "command": handshake.equivalent,
            },
            fix=Fix(
                (step, *reload_steps(haproxy.view.server)),
                applicability if edit else Applicability.MANUAL,
            ),
        )
        return


def _fails_in_tls(state: ServerState) -> bool:
    return state.is_down and state.check == "L6RSP"


def _sends_no_name(server: BackendServer) -> bool:
    """Return whether the health check of this server is over TLS and sends no name."""
    words = server.line.words
    return server.tls and server.check and "check-sni" not in words and "no-check-ssl" not in words


def _handshake_with_name(evidence: Evidence, server: BackendServer) -> BackendHandshake | None:
    """Return a completed handshake with this server that sent a name."""
    return next(
        (
            handshake
            for handshake in evidence.good(BackendHandshake)
            if (handshake.host, handshake.port) == (server.host, server.port)
            and handshake.verify_code is not None
            and is_host(handshake.server_name)
            and not is_address(handshake.server_name)
        ),
        None,
    )


def _words(server: BackendServer, name: str) -> str:
    return f"check-sni {name}" if server.sni else f"sni str({name}) check-sni {name}"


def _edit(haproxy: HaproxyView, server: BackendServer, name: str) -> Edit | None:
    """Add the name to the line of the server, if its TLS stands there too."""
    is_own = "ssl" in server.line.words and server.line.keyword == "server"
    return insert_word(haproxy.view, server.line, _words(server, name)) if is_own else None
