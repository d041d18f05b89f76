"""No `listen` on this socket has ssl, which is a property of the socket, so nginx speaks plain HTTP
on the HTTPS port. (A block without the word is healthy if another block on the socket has it.)"""

from collections.abc import Iterator

from checks.nginx import Nginx, SelectedServer, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edit
from checks.tls.plain_http import is_meant_for_http, is_scheme_assumed
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Manual,
    Severity,
    Step,
    Subject,
    Where,
)
from diagnose.model.addresses import family_of
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.model.tls import Handshake
from diagnose.parsers.nginx.edits import TextEdit
from diagnose.parsers.nginx.server_blocks import Socket


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig],
    explains=["tls.plain-http", "tls.not-tls", "http.plain-to-tls-port"],
)
def listen_without_ssl(evidence: Evidence) -> Iterator[Claim]:
    nginx, port = Nginx.of(evidence), evidence.target.port
    if not evidence.target.uses_tls or is_meant_for_http(evidence, port):
        # On this port plain HTTP is right, and the target's address is wrong (tls.plain-http).
        return
    handshakes = [handshake for handshake in evidence.of(Handshake) if handshake.port == port]
    plain_servers = [
        selected_server
        for selected_server in nginx.selected_servers()
        if not selected_server.socket.ssl and _may_be_plain(selected_server.socket, handshakes)
    ]
    listens = [
        listen
        for selected_server in plain_servers
        if (listen := _listen_directive(selected_server))
    ]
    if not listens:
        return
    servers = [selected_server.server for selected_server in plain_servers]
    has_certificate = any(server.directive("ssl_certificate") for server in servers)
    if is_scheme_assumed(evidence.target) and not has_certificate:
        # Nothing says that the port is meant for TLS: tls.plain-http says what it speaks.
        return
    yield Claim(
        about=Subject(port=port, text=file_line(listens[0])),
        because=(*nginx.configs, *handshakes),
        facts={
            "place": file_line(listens[0]),
            "port": port,
            "listens": tuple(f"listen {' '.join(directive.args)};" for directive in listens),
        },
        confidence=Confidence.CERTAIN if handshakes else Confidence.LIKELY,
        location=nginx.location(listens[0]),
        fix=_fix(nginx, plain_servers, listens),
    )


def _may_be_plain(socket: Socket, handshakes: list[Handshake]) -> bool:
    """Return whether nobody spoke TLS with the socket: a proxy in front of nginx may do it, or
    nginx was not reloaded. What was spoken over the other IP family says nothing of a socket that
    answered a handshake in plain HTTP: `listen 443 ssl` beside `listen [::]:443`."""
    family = 4 if socket.address == "*" else family_of(socket.address)
    spoken = {
        family_of(handshake.address)
        for handshake in handshakes
        if handshake.protocol or handshake.chain
    }
    answered_plainly = any(
        handshake.received and family_of(handshake.address) == family for handshake in handshakes
    )
    return not spoken or (family not in spoken and answered_plainly)


def _listen_directive(selected_server: SelectedServer) -> Directive | None:
    return next(
        (
            listen.directive
            for listen in selected_server.server.listens
            if listen.port == selected_server.socket.port
            and listen.address == selected_server.socket.address
        ),
        None,
    )


def _fix(nginx: Nginx, plain_servers: list[SelectedServer], listens: list[Directive]) -> Fix:
    edits = _edits(nginx, listens)
    servers = [selected_server.server for selected_server in plain_servers] + [
        selected_server.socket.default for selected_server in plain_servers
    ]
    if all(server.directive("ssl_certificate") for server in servers):
        return Fix((*edits, *reload_steps(nginx)))
    steps: tuple[Step, ...] = (
        *edits,
        Manual("name-the-certificate", Where.SERVER),
        *reload_steps(nginx),
    )
    return Fix(steps, Applicability.MANUAL)


def _edits(nginx: Nginx, listens: list[Directive]) -> tuple[Edit, ...]:
    """Add `ssl` after the last word of each `listen`."""
    changes: dict[str, list[TextEdit]] = {}
    for directive in dict.fromkeys(listens):
        end = directive.stop - (directive.end == ";")
        changes.setdefault(directive.file, []).append(TextEdit(end, end, " ssl"))
    edits = (config_edit(nginx, path, *file_changes) for path, file_changes in changes.items())
    return tuple(edit for edit in edits if edit)
