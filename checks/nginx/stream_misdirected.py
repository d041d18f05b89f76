"""A block of nginx's `stream` has the target's port and passes connections on as they are, and what
is behind it cannot take them: nothing listens there, the visitor's name leads nowhere, or only one
of both sides speaks the PROXY protocol (ngx_stream_proxy_module, `proxy_protocol`).

Visitors see a handshake that is cut, and nothing of what is behind.
"""

from collections.abc import Iterator
from typing import Literal

from checks.nginx import Nginx, file_line
from checks.nginx._commands import reload_steps
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Subject, Where
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.model.server import Listeners
from diagnose.model.tls import Handshake
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.server_blocks import parse_listen
from diagnose.parsers.nginx.stream_fronts import StreamRoute, stream_route

Reason = Literal["nobody", "no_name", "no_header", "header"]


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig, Handshake],
    explains=["tls.*", "http.server-error", "websocket.*"],
)
def stream_misdirected(evidence: Evidence) -> Iterator[Claim]:
    nginx, target = Nginx.of(evidence), evidence.target
    handshakes = [
        handshake
        for handshake in evidence.of(Handshake)
        if handshake.port == target.port and handshake.variant in {"normal", "again"}
    ]
    if (
        nginx.config is None
        or not handshakes
        or any(not handshake.failure for handshake in handshakes)
    ):
        return
    route = stream_route(nginx.config.main, target.host, target.port)
    reason = _reason(evidence, nginx, route) if route else None
    if route is None or reason is None:
        return
    place = _place_text(route)
    inner = _inner_listens(nginx, route)
    yield Claim(
        about=Subject(port=target.port, text=file_line(route.proxy_pass)),
        covers=(Subject(port=target.port),),
        because=(nginx.config, *evidence.good(Listeners), *handshakes),
        facts={
            "name": target.host,
            "port": target.port,
            "place": file_line(route.proxy_pass),
            "block": file_line(route.block),
            "target": place,
            "inner": file_line(inner[0]) if inner else "",
            **dict.fromkeys(("nobody", "no_name", "no_header", "header"), False),
            reason: True,
        },
        location=nginx.location(route.proxy_pass),
        fix=Fix(
            (Manual(reason.replace("_", "-"), Where.SERVER), *reload_steps(nginx)),
            Applicability.MANUAL,
        ),
    )


def _reason(evidence: Evidence, nginx: Nginx, route: StreamRoute) -> Reason | None:
    if not route.target:
        return "no_name"
    ports = [port for port, _ in route.places if port]
    listeners = evidence.good(Listeners)
    is_whole = len(ports) == len(route.places) and bool(ports)
    if (
        is_whole
        and listeners
        and not any(listener.on(port) for listener in listeners for port in ports)
    ):
        return "nobody"
    takes = [
        "proxy_protocol" in inner_listen.args[1:] for inner_listen in _inner_listens(nginx, route)
    ]
    if takes and all(takes) and not route.sends_proxy:
        return "no_header"
    if takes and not any(takes) and route.sends_proxy:
        return "header"
    return None


def _inner_listens(nginx: Nginx, route: StreamRoute) -> list[Directive]:
    """Return the `listen` of this nginx's server blocks to which the connections go."""
    ports = {port for port, _ in route.places if port}
    paths = {f"unix:{path}" for _, path in route.places if path}
    return [
        directive
        for server in nginx.servers
        for directive in children(server.block, "listen")
        if (directive.args and directive.args[0] in paths)
        or any(listen.port in ports for listen in parse_listen(directive))
    ]


def _place_text(route: StreamRoute) -> str:
    port, path = next(iter(route.places), (0, ""))
    return path or (f"127.0.0.1:{port}" if port else route.target)
