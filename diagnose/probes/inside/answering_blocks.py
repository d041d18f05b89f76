"""Finds the server blocks of nginx that answer the target: on its port, or behind the server that
has the port (`InnerNginx`)."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from diagnose.model.nginx import InnerNginx, NginxConfig
from diagnose.model.server import Listeners
from diagnose.parsers.nginx import server_blocks
from diagnose.parsers.nginx.server_blocks import Server, Socket
from diagnose.probes import ProbeContext

if TYPE_CHECKING:
    from diagnose.parsers.nginx.inner_blocks import InnerRequest


def answering_blocks(ctx: ProbeContext, config: NginxConfig) -> Iterator[tuple[Socket, Server]]:
    """Yield each socket that gets the target's requests, and the block that answers them there."""
    target, main = ctx.target, config.main
    behind = ctx.observed(InnerNginx)
    own = list(server_blocks.answering_servers(main, target.host, target.port))
    if any(inner.is_own_block for inner in behind):
        own = []
    yield from own
    for inner in behind if not own else ():
        yield from server_blocks.servers_behind(main, inner.address, inner.port, inner.host)


def ending_blocks(
    ctx: ProbeContext, config: NginxConfig, path: str
) -> Iterator[tuple[Server, str]]:
    """Yield each block that answers a path in the end, and the path as it gets it: the target's, or
    a block of the same nginx to which its location passes the path on."""
    # Imported late: a healthy site needs no file.
    from diagnose.parsers.nginx.inner_blocks import inner_requests

    for _, server in answering_blocks(ctx, config):
        behind = inner_requests(
            server_blocks.servers(config.main), server, replace(ctx.target, path=path)
        )
        if behind and not behind[-1].passes_on:
            yield behind[-1].server, behind[-1].path
        else:
            yield server, path


def failing_block(ctx: ProbeContext, config: NginxConfig, port: int) -> "InnerRequest | None":
    """Return the last block of the same nginx behind the visitors' one, which passes the target's
    path on as it came; None if there is none, or if the first block behind has another port."""
    from diagnose.parsers.nginx.inner_blocks import inner_requests

    servers = server_blocks.servers(config.main)
    chosen = server_blocks.answering_servers(config.main, ctx.target.host, ctx.target.port)
    ways = [inner_requests(servers, server, ctx.target) for _, server in chosen]
    lasts = {id(way[-1].server.block): way[-1] for way in ways if way}
    if not ways or not all(ways) or len(lasts) != 1:
        return None
    (last,) = lasts.values()
    is_asked = ways[0][0].socket.port == port
    return last if is_asked and last.passes_on and last.path == ctx.target.path else None


def plain_blocks(ctx: ProbeContext, config: NginxConfig) -> Iterator[tuple[Socket, Server]]:
    """Yield the sockets and blocks that have the site's name and speak http, where nothing on this
    machine listens on its port: another machine ends TLS, and asks them."""
    target, listeners = ctx.target, ctx.observed(Listeners)
    is_held = any(listener.on(target.port) for listener in listeners)
    if not target.uses_tls or not listeners or is_held:
        return
    for socket, server in server_blocks.answering_servers(config.main, target.host, 80):
        if server_blocks.select_server(socket, target.host)[1] != "default":
            yield socket, server
