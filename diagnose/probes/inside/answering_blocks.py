"""Finds the server blocks of nginx that answer the target: on its port, or behind the server that
has the port (`InnerNginx`)."""

from collections.abc import Iterator

from diagnose.model.nginx import InnerNginx, NginxConfig
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
