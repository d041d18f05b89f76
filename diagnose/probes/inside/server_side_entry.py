"""Probes the site from the server itself, if its port is closed to this machine.

This finds the next problems before visitors meet them: behind a port that a firewall blocks there
may be an expired certificate. Only addresses of the server itself are tried: another address may
belong to another machine, whose faults do not matter here.
"""

import asyncio

from diagnose.model import Vantage
from diagnose.model.server import Interface, Listeners
from diagnose.model.tcp import Connection, ConnectionPurpose
from diagnose.probes import ProbeContext, probe

LOOPBACK = {4: "127.0.0.1", 6: "::1"}

#: Seconds. On the server itself a connection takes no time.
PATIENCE = 2.0


@probe(after=Connection)
async def shut(ctx: ProbeContext, connection: Connection) -> None:
    if connection.failure:
        _enter_if_shut(ctx)


@probe(after=Listeners)
async def listening(ctx: ProbeContext, _: Listeners) -> None:
    _enter_if_shut(ctx)


@probe(after=Interface)
async def addressed(ctx: ProbeContext, _: Interface) -> None:
    _enter_if_shut(ctx)


def _enter_if_shut(ctx: ProbeContext) -> None:
    """Connect once the addresses, sockets and failure are known, in whatever order."""
    for address in _shut_addresses(ctx):
        entry_address = listening_address(ctx, address)
        server_side = ctx.from_server(entry_address) if entry_address else None
        if server_side is not None:
            ctx.start(_enter(server_side, entry_address))


def _shut_addresses(ctx: ProbeContext) -> list[str]:
    """Return the server's addresses that failed for us; with only inside probes, its first one."""
    own_addresses = [address for nic in ctx.observed(Interface) for address in nic.addresses]
    if not ctx.options.outside:
        routed = [
            address for nic in ctx.observed(Interface) if nic.default for address in nic.addresses
        ]
        return [
            address
            for address in [*routed, *own_addresses]
            if address != LOOPBACK[6] and address[:4] != "127."
        ][:1]
    attempts = [connection for connection in ctx.observed(Connection) if connection.is_to_target]
    if any(not connection.failure for connection in attempts):
        return []
    return [connection.address for connection in attempts if connection.address in own_addresses]


def listening_address(ctx: ProbeContext, address: str, port: int | None = None) -> str:
    """Return the address to connect to for a port, by default the target's.

    It is `address` if something listens there, else the loopback address if something listens
    there, else "".
    """
    family = 6 if ":" in address else 4
    sockets = [
        listener
        for listeners in ctx.observed(Listeners)
        for listener in listeners.on(port or ctx.target.port)
    ]
    is_wildcard = any(
        listener.address in {"0.0.0.0", "::", "*"} and (listener.family == family or listener.dual)
        for listener in sockets
    )
    bound_addresses = {listener.address for listener in sockets}
    return next(
        (
            candidate
            for candidate in (address, LOOPBACK[family])
            if is_wildcard or candidate in bound_addresses
        ),
        "",
    )


async def _enter(ctx: ProbeContext, address: str) -> None:
    secured = ctx.target.uses_tls
    await asyncio.gather(
        _connect(ctx, address, ctx.target.port, "target"),
        *([_connect(ctx, address, 80, "plain")] if secured and ctx.target.port != 80 else []),
    )


async def _connect(ctx: ProbeContext, address: str, port: int, purpose: ConnectionPurpose) -> None:
    at = ctx.elapsed()
    attempt = await ctx.net.connect(address, port, PATIENCE)
    if attempt.stream is not None:
        family = 6 if ":" in address else 4
        ctx.emit(
            Connection(
                vantage=Vantage.SERVER,
                at=at,
                took=attempt.took,
                address=address,
                port=port,
                family=family,
                purpose=purpose,
            ),
            live_stream=attempt.stream,
        )
