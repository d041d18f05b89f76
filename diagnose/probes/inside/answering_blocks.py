"""Finds the server blocks of nginx that answer the target: on its port, or behind the server that
has the port (`InnerNginx`)."""

from collections.abc import Iterator
from dataclasses import replace

from diagnose.model.nginx import InnerNginx, NginxConfig
from diagnose.model.server import Listeners
from diagnose.parsers.nginx import server_blocks
from diagnose.parsers.nginx.server_blocks import Server, Socket
from diagnose.probes import ProbeContext


def answering_blocks(ctx: ProbeContext, config: NginxConfig) -> Iterator[tuple[Socket, Server]]:
    """Yield each socket that gets the target's requests, and the block that answers them there."""
    target, main = ctx.target, config.main
    own = list(server_blocks.answering_servers(main, target.host, target.port))
    yield from own
    for inner in ctx.observed(InnerNginx) if not own else ():
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


def plain_blocks(ctx: ProbeContext, config: NginxConfig) -> Iterator[tuple[Socket, Server]]:
    """Yield the sockets and blocks that have the site's name and speak http, where nothing on this
    machine listens on its port: another machine ends TLS, and asks them."""
    target, listeners = ctx.target, ctx.observed(Listeners)
    is_held = any(each.on(target.port) for each in listeners)
    if not target.uses_tls or not listeners or is_held:
        return
    for socket, server in server_blocks.answering_servers(config.main, target.host, 80):
        if server_blocks.select_server(socket, target.host)[1] != "default":
            yield socket, server
