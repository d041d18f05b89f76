"""Evidence about firewalld, from literals: a server with eth0 in the zone public."""

from typing import Any

from diagnose.model import Claim, Command, Host, Observation, Vantage
from diagnose.model.firewall import Firewalld, IpSet, Policy, PortRange, Zone
from diagnose.model.server import Interface, Listener, Listeners
from diagnose.model.tcp import Connection

ADDRESS = "203.0.113.10"
SSH, HTTP, HTTPS = (PortRange(port, port, "tcp") for port in (22, 80, 443))
STOCK = (("http", (HTTP,)), ("https", (HTTPS,)))


def firewalld(**more: Any) -> Firewalld:
    given = {"default_zone": "public", "permanent_default": "public", "services": STOCK}
    known = {"running": True, "backend": "nftables", **given, **more}
    return Firewalld(vantage=Vantage.SERVER, **known)


def zone(name: str, *opens: PortRange, permanent: bool = False, **more: Any) -> Zone:
    return Zone(vantage=Vantage.SERVER, name=name, permanent=permanent, opens=opens, **more)


def both(name: str, *opens: PortRange, **more: Any) -> tuple[Zone, Zone]:
    """A zone that is now as it would be after a reload."""
    return zone(name, *opens, **more), zone(name, *opens, permanent=True, **more)


def policies(name: str, *opens: PortRange, **more: Any) -> tuple[Policy, Policy]:
    """A policy from ANY to HOST that is now as it would be after a reload."""
    given = {"ingress": ("ANY",), "egress": ("HOST",), **more}
    now, later = (
        Policy(vantage=Vantage.SERVER, name=name, permanent=permanent, opens=opens, **given)
        for permanent in (False, True)
    )
    return now, later


def ipset(name: str, *entries: str) -> tuple[IpSet, IpSet]:
    now, later = (
        IpSet(vantage=Vantage.SERVER, name=name, permanent=permanent, entries=entries)
        for permanent in (False, True)
    )
    return now, later


def remedy(claim: Claim) -> list[str]:
    """The commands of a claim's remedy, as typed."""
    steps = claim.fix.steps if claim.fix else ()
    return [" ".join(step.argv) for step in steps if isinstance(step, Command)]


def nic(name: str = "eth0", *addresses: str, default: tuple[int, ...] = (4, 6)) -> Interface:
    return Interface(
        vantage=Vantage.SERVER,
        name=name,
        up=True,
        addresses=addresses or (ADDRESS,),
        default=default,
    )


def listening(*ports: int, address: str = "0.0.0.0", process: str = "nginx") -> Listeners:
    sockets = tuple(
        Listener(vantage=Vantage.SERVER, address=address, port=port, family=4, process=process)
        for port in ports
    )
    return Listeners(vantage=Vantage.SERVER, sockets=sockets)


def host(via: str = "local") -> Host:
    return Host(vantage=Vantage.SERVER, hostname="web", role="server", via=via, privileged=True)


def connected(address: str = ADDRESS, port: int = 443, **more: Any) -> Connection:
    return Connection(address=address, port=port, family=6 if ":" in address else 4, **more)


def server(*more: Observation, **daemon: Any) -> tuple[Observation, ...]:
    """A server that serves on 80 and 443, seen from itself."""
    return (host(), firewalld(**daemon), nic(), listening(80, 443), connected(), *more)
