"""How this server resolves names: its resolvers, and which names are in /etc/hosts."""

import asyncio
import shlex
from collections.abc import Collection

from diagnose.model import Vantage
from diagnose.model.upstream import ServerNames
from diagnose.net.resolvconf import hosts_lines, name_servers
from diagnose.probes import ProbeContext

_FILES = ("/etc/resolv.conf", "/etc/hosts")


async def emit_server_names(ctx: ProbeContext, names: Collection[str]) -> ServerNames:
    """Emit, and return, how the system resolves these names."""
    at = ctx.elapsed()
    resolv, hosts = await asyncio.gather(*(ctx.machine.read(path, 65536) for path in _FILES))
    return ctx.emit(
        ServerNames(
            vantage=Vantage.SERVER,
            at=at,
            took=ctx.elapsed() - at,
            equivalent=shlex.join(["cat", *_FILES]),
            failure=resolv.failure,
            resolvers=name_servers(resolv.text),
            written=tuple(name for name in sorted(set(names)) if hosts_lines(hosts.text, name)),
        )
    )
