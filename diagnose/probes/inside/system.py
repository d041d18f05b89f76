"""The server itself: who it is, what listens on it, its network interfaces."""

import asyncio

from diagnose.machine import Socket
from diagnose.model import Failure, Host, Unseen, Vantage
from diagnose.model.server import Interface, Listener, Listeners
from diagnose.probes import Look, probe
from diagnose.wire.files import interfaces as read_interfaces
from diagnose.wire.files import os_name
from diagnose.wire.text import clean

_EQUIVALENT = "ss -ltnp"

#: User number, name, whether systemd runs (sd_booted(3)), os-release(5).
WHO = (
    "id -u; uname -n; if [ -d /run/systemd/system ]; then echo systemd; else echo none; fi; "
    "cat /etc/os-release 2>/dev/null || cat /usr/lib/os-release 2>/dev/null; :"
)


@probe()
async def server(look: Look) -> None:
    """Who it is, and what listens: what of that root alone may see depends on who we are."""
    privileged, _ = await asyncio.gather(_who(look), _listeners(look))
    if privileged is False:
        what, enable = "the processes that listen", "sudo ss -ltnp"
        look.see(
            Unseen(
                vantage=Vantage.SERVER, at=look.now(), what=what, why="needs root", enable=enable
            )
        )


@probe()
async def network(look: Look) -> None:
    machine = look.machine
    at = look.now()
    words = (("ip", "addr"), ("ip", "route"), ("ip", "-6", "route"))
    addresses, *routes = await asyncio.gather(*(machine.run(*argv) for argv in words))
    for nic in read_interfaces(addresses.out, *(ran.out for ran in routes)):
        look.see(
            Interface(
                vantage=Vantage.SERVER,
                at=at,
                took=addresses.took,
                equivalent="ip addr; ip route; ip -6 route",
                name=nic.name,
                up=nic.up,
                addresses=nic.addresses,
                default=nic.default,
            )
        )


async def _who(look: Look) -> bool | None:
    """Whether this is root; None where the server cannot be entered, which is said."""
    at = look.now()
    ran = await look.machine.run("sh", "-c", WHO)
    lines = ran.out.splitlines()
    if len(lines) < 3:
        why = clean(ran.failure.message if ran.failure else "no answer")
        enable = "" if look.machine.via == "local" else f"ssh {look.machine.via}"
        look.see(Unseen(vantage=Vantage.SERVER, at=at, what="the server", why=why, enable=enable))
        return None
    seen = look.see(
        Host(
            vantage=Vantage.SERVER,
            at=at,
            took=ran.took,
            equivalent="id -u; uname -n; cat /etc/os-release",
            hostname=clean(lines[1], 255),
            role="server",
            via=look.machine.via,
            privileged=lines[0] == "0",
            manager=clean(lines[2], 20),
            system=os_name(ran.out),
        )
    )
    return seen.privileged


async def _listeners(look: Look) -> None:
    at = look.now()
    found = await look.machine.listeners()
    sockets = () if isinstance(found, Failure) else tuple(_listener(at, one) for one in found)
    look.see(
        Listeners(
            vantage=Vantage.SERVER,
            at=at,
            took=look.now() - at,
            equivalent=_EQUIVALENT,
            failure=found if isinstance(found, Failure) else None,
            sockets=sockets,
        )
    )


def _listener(at: float, one: Socket) -> Listener:
    return Listener(
        vantage=Vantage.SERVER,
        at=at,
        equivalent=_EQUIVALENT,
        address=one.address,
        port=one.port,
        family=one.family,
        dual=one.dual,
        pid=one.pid,
        process=one.process,
    )
