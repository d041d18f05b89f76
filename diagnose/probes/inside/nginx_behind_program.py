"""Finds the nginx behind a program that has the target's port, and whose configuration is not read:
sslh, stunnel, hitch, a tunnel's client.

Only the names of nginx's blocks say which socket gets the visitors. So nothing is concluded where
more than one of them may, or where visitors get another certificate than that of the block: the
program may pass them on to another machine.
"""

import posixpath
from collections.abc import Iterable, Iterator, Sequence

from diagnose.model.addresses import is_local_host, is_loopback
from diagnose.model.containers import CONTAINER_PROCESSES
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.nginx import NginxConfig
from diagnose.model.processes import TunnelClient
from diagnose.model.server import Listeners
from diagnose.model.tls import Handshake
from diagnose.model.web_servers import WebServer
from diagnose.parsers.nginx import server_blocks
from diagnose.parsers.nginx.install_paths import PROGRAM_NAMES
from diagnose.parsers.nginx.server_blocks import Socket
from diagnose.probes import ProbeContext


@frozen
class NginxSocket:
    """The socket at which nginx gets the visitors, and the program that passes them on."""

    address: str
    port: int
    tls: bool
    program: str


def nginx_socket(ctx: ProbeContext, config: NginxConfig) -> NginxSocket | None:
    """Return where nginx gets the target's visitors from another program; None if nginx has the
    port itself, a server whose configuration is read has it, or the socket is not certain."""
    target, main = ctx.target, config.main
    if any(server_blocks.answering_servers(main, target.host, target.port)):
        return None
    socket = _of_a_tunnel(ctx, config)
    if socket is not None:
        return socket
    program = _program_with_port(ctx)
    if not program or not _is_from_nginx((*ctx.observed(Exchange), *ctx.observed(Upgrade))):
        return None
    named = [
        socket
        for socket in _listening_sockets(ctx, config)
        if server_blocks.select_server(socket, target.host)[1] != "default"
    ]
    chosen = _only_socket(named)
    return _of_socket(chosen, program) if chosen else None


async def shows_certificate(ctx: ProbeContext, config: NginxConfig, socket: NginxSocket) -> bool:
    """Return whether visitors get the certificate of the block, where nginx ends TLS. A tunnel's
    client names the socket itself."""
    seen = {
        handshake.chain[0].sha256
        for handshake in ctx.observed(Handshake)
        if handshake.port == ctx.target.port and handshake.chain
    }
    is_named = any(client.port == socket.port for client in ctx.observed(TunnelClient))
    if not socket.tls or is_named or not seen:
        return True
    # Imported late: few servers have such a program.
    from diagnose.probes.inside.nginx_certificates import fingerprint

    folder = posixpath.dirname(config.path)
    for own in server_blocks.sockets(server_blocks.servers(config.main), socket.port):
        server, _ = server_blocks.select_server(own, ctx.target.host)
        for path in server_blocks.file_paths(server, "ssl_certificate"):
            file = await ctx.machine.read(posixpath.join(folder, path), 65536)
            if file.failure is not None or fingerprint(file.text) in seen:
                return True
    return False


def _of_socket(socket: Socket, program: str) -> NginxSocket:
    address = {"*": "127.0.0.1", "::": "::1"}.get(socket.address, socket.address)
    return NginxSocket(address, socket.port, socket.ssl, program)


def _of_a_tunnel(ctx: ProbeContext, config: NginxConfig) -> NginxSocket | None:
    """Return the socket to which the client of a tunnel passes visitors of the target's name."""
    for client in ctx.observed(TunnelClient):
        is_for_name = not client.names or ctx.target.host in client.names
        if not is_for_name or not is_local_host(client.host):
            continue
        address = client.host if is_loopback(client.host) else "127.0.0.1"
        candidates = [s for s in _listening_sockets(ctx, config) if s.port == client.port]
        socket = server_blocks.socket_for(candidates, address)
        if socket is not None:
            return NginxSocket(address, socket.port, socket.ssl, client.program)
    return None


def _program_with_port(ctx: ProbeContext) -> str:
    """Return the program of this machine that has the target's port; "" if there is none, more than
    one, a container's, nginx, or a server that is read."""
    port = ctx.target.port
    if any(port in server.ports for server in ctx.observed(WebServer)):
        return ""
    names = {
        listener.process or ""
        for listeners in ctx.observed(Listeners)
        for listener in listeners.on(port)
        if not is_loopback(listener.address)
    }
    name = next(iter(names)) if len(names) == 1 else ""
    return "" if name in {*CONTAINER_PROCESSES, *PROGRAM_NAMES, "systemd"} else name


def _is_from_nginx(responses: Iterable[Exchange | Upgrade]) -> bool:
    """Return whether nginx answered visitors: it writes its own name over the application's."""
    return any(
        (response.header("Server") or "").lower().startswith(PROGRAM_NAMES)
        for response in responses
    )


def _listening_sockets(ctx: ProbeContext, config: NginxConfig) -> Iterator[Socket]:
    """Yield the sockets of nginx's configuration at whose ports nginx listens."""
    ports = {
        listener.port
        for listeners in ctx.observed(Listeners)
        for listener in listeners.sockets
        if listener.process in PROGRAM_NAMES
    }
    blocks = server_blocks.servers(config.main)
    for port in sorted(ports):
        yield from server_blocks.sockets(blocks, port)


def _only_socket(sockets: Sequence[Socket]) -> Socket | None:
    """Return the socket that is meant for a program in front: the only one of loopback, else the
    only one that is not for visitors of http, else the only one."""
    loopback = [socket for socket in sockets if is_loopback(socket.address)]
    others = [socket for socket in sockets if socket.port != 80]
    for group in (loopback, others, sockets):
        if len({socket.port for socket in group}) == 1:
            return group[0]
        if group:
            return None
    return None
