"""Looks up the names of HAProxy's servers where the site fails: HAProxy keeps the address that a
name had when it was started (Configuration Manual, "init-addr", "resolvers")."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from diagnose.model.haproxy import ServerState
from diagnose.parsers.haproxy.addresses import servers_of
from diagnose.parsers.haproxy.config import Proxy
from diagnose.parsers.hostnames import is_address, is_host
from diagnose.probes import ProbeContext

#: Maximum number of names, and of addresses of one.
MAX_NAMES, MAX_ADDRESSES = 4, 16
PATIENCE = 3.0


async def with_current_addresses(
    ctx: ProbeContext, states: Sequence[ServerState], backend: Proxy | None
) -> tuple[ServerState, ...]:
    """Return the states; those of the backend's servers that are written by name have the addresses
    that the name has now."""
    hosts = {
        server.name: server.host
        for server in (servers_of(backend) if backend else ())
        if is_host(server.host) and not is_address(server.host)
    }
    own = backend.name if backend else ""
    shown = {state.name for state in states if state.backend == own and state.address}
    names = list(dict.fromkeys(host for name, host in hosts.items() if name in shown))[:MAX_NAMES]
    addresses = dict(
        zip(names, await asyncio.gather(*(_addresses(ctx, name) for name in names)), strict=True)
    )
    return tuple(
        replace(state, now=addresses.get(hosts.get(state.name, ""), ()))
        if state.backend == own
        else state
        for state in states
    )


async def _addresses(ctx: ProbeContext, name: str) -> tuple[str, ...]:
    result = await ctx.machine.run("getent", "ahosts", name, timeout=PATIENCE)
    words = (line.split()[:1] for line in result.out.splitlines()[: 8 * MAX_ADDRESSES])
    addresses = dict.fromkeys(word for address in words for word in address if is_address(word))
    return tuple(addresses)[:MAX_ADDRESSES]
