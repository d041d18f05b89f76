"""HAProxy answers 503 because it cannot complete TLS with the server: the server chooses its site
by the name in the handshake (SNI), and HAProxy sends none. "sni" is for the requests of visitors
only; health checks have "check-sni" (Configuration Manual, section 5.2).

HAProxy's statistics say L6RSP, and a handshake with the name is completed. Without a health check
the visitors' own requests fail: a handshake without a name ends, and one with the name does not.
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
from diagnose.model.haproxy import HaproxyStatus, ServerState
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
    if haproxy is None or backend is None or not pages:
        return
    states = haproxy.status.of_backend(backend.name) if haproxy.status else ()
    is_checked = bool(states) and all(map(_fails_in_tls, states))
    for server in servers_of(backend):
        handshake = _handshake_with_name(evidence, server)
        refused = _refused_without_name(evidence, server)
        is_missing = (
            _sends_no_name(server)
            if is_checked
            else bool(refused) and _is_alone(haproxy, server) and not server.sni
        )
        if not is_missing or handshake is None:
            continue
        name = handshake.server_name
        edit = _edit(haproxy, server, name)
        step = edit or Manual("send-the-name", Where.SERVER)
        applicability = Applicability.AUTOMATIC if server.sni else Applicability.REVIEW
        yield Claim(
            about=Subject(port=port, text=backend.name),
            covers=(Subject(port=port),),
            because=(*pages, *refused, handshake, *_status(haproxy), haproxy.view.server),
            facts={
                **haproxy.view.facts,
                "backend": backend.name,
                "member": server.name,
                "address": server.address,
                "place": place(server.line),
                "wanted": name,
                "sni": server.sni,
                "words": _words(server, name),
                "checked": is_checked,
                "detail": states[0].detail if is_checked else "",
                "command": handshake.equivalent,
            },
            fix=Fix(
                (step, *reload_steps(haproxy.view.server)),
                applicability if edit else Applicability.MANUAL,
            ),
        )
        return


def _status(haproxy: HaproxyView) -> tuple[HaproxyStatus, ...]:
    return (haproxy.status,) if haproxy.status else ()


def _fails_in_tls(state: ServerState) -> bool:
    return state.is_down and state.check == "L6RSP"


def _sends_no_name(server: BackendServer) -> bool:
    """Return whether the health check of this server is over TLS and sends no name."""
    words = server.line.words
    return server.tls and server.check and "check-sni" not in words and "no-check-ssl" not in words


def _is_alone(haproxy: HaproxyView, server: BackendServer) -> bool:
    """Return whether this server gets all requests of visitors, with TLS and without a health
    check. HAProxy 3.3 sends the Host as the name by itself ("sni-auto")."""
    backend = haproxy.proxies.backend
    servers = [each for each in servers_of(backend) if not each.disabled] if backend else []
    numbers = haproxy.view.server.version.split(".")[:2]
    is_older = all(map(str.isdecimal, numbers)) and [int(number) for number in numbers] < [3, 3]
    return servers == [server] and server.tls and not server.check and is_older


def _refused_without_name(
    evidence: Evidence, server: BackendServer
) -> tuple[BackendHandshake, ...]:
    """Return the handshakes without a name that this server, which has an address, ended."""
    return tuple(
        handshake
        for handshake in evidence.good(BackendHandshake)
        if (handshake.host, handshake.port) == (server.host, server.port)
        and handshake.verify_code is None
        and is_address(handshake.server_name)
        and not handshake.plain
    )


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
    if not server.check:
        return f"sni str({name})"
    return f"check-sni {name}" if server.sni else f"sni str({name}) check-sni {name}"


def _edit(haproxy: HaproxyView, server: BackendServer, name: str) -> Edit | None:
    """Add the name to the line of the server, if its TLS stands there too."""
    is_own = "ssl" in server.line.words and server.line.keyword == "server"
    return insert_word(haproxy.view, server.line, _words(server, name)) if is_own else None
