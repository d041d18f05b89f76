"""The server's own front door, tried from within, where it is shut to us.

What visitors would meet next is known before they meet it: behind a port that a firewall closes
may lie a certificate that has expired. Only an address that is the server's own is tried: behind
any other another machine may answer, and its faults are not this one's.
"""

import asyncio

from diagnose.model import Vantage
from diagnose.model.server import Interface, Listeners
from diagnose.model.tcp import Connection
from diagnose.probes import Look, probe

LOOPBACK = {4: "127.0.0.1", 6: "::1"}

#: Seconds. On the server itself a connection takes no time.
PATIENCE = 2.0


@probe(after=Connection)
async def shut(look: Look, seen: Connection) -> None:
    if seen.failure:
        _knock(look)


@probe(after=Listeners)
async def listening(look: Look, _: Listeners) -> None:
    _knock(look)


@probe(after=Interface)
async def addressed(look: Look, _: Interface) -> None:
    _knock(look)


def _knock(look: Look) -> None:
    """As soon as the addresses, the sockets and the failure are known, in whatever order."""
    for address in _shut(look):
        open_there = _listened_on(look, address)
        within = look.within(open_there) if open_there else None
        if within is not None:
            look.start(_enter(within, open_there))


def _shut(look: Look) -> list[str]:
    """The server's own addresses of which none was open to us; from within alone, its first."""
    own = [address for nic in look.seen(Interface) for address in nic.addresses]
    if not look.options.outside:
        routed = [one for nic in look.seen(Interface) if nic.default for one in nic.addresses]
        return [one for one in [*routed, *own] if one != LOOPBACK[6] and one[:4] != "127."][:1]
    tried = [one for one in look.seen(Connection) if one.purpose in {"target", "again"}]
    if any(not one.failure for one in tried):
        return []
    return [one.address for one in tried if one.address in own]


def _listened_on(look: Look, address: str) -> str:
    """That address, where something listens there on the target's port; else the loopback
    address, where something listens only on that; else ""."""
    family = 6 if ":" in address else 4
    sockets = [one for seen in look.seen(Listeners) for one in seen.on(look.target.port)]
    wild = any(
        one.address in {"0.0.0.0", "::", "*"} and (one.family == family or one.dual)
        for one in sockets
    )
    bound = {one.address for one in sockets}
    return next((one for one in (address, LOOPBACK[family]) if wild or one in bound), "")


async def _enter(look: Look, address: str) -> None:
    secured = look.target.scheme in {"https", "wss"}
    await asyncio.gather(
        _connect(look, address, look.target.port, "target"),
        *([_connect(look, address, 80, "plain")] if secured and look.target.port != 80 else []),
    )


async def _connect(look: Look, address: str, port: int, purpose: str) -> None:
    at = look.now()
    done = await look.net.connect(address, port, PATIENCE)
    if done.stream is not None:
        family = 6 if ":" in address else 4
        look.see(
            Connection(
                vantage=Vantage.SERVER,
                at=at,
                took=done.took,
                address=address,
                port=port,
                family=family,
                purpose=purpose,
            ),
            live=done.stream,
        )
