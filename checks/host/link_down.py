"""No interface that visitors could use works: it is down (ip-link(8)), its cable has no link, or it
has no address. Its routes are lost too, so the server cannot resolve names either."""

from collections.abc import Iterator
from typing import Literal

from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Vantage,
    Where,
    network_commands,
)
from diagnose.model.addresses import LOCAL_ONLY, is_within
from diagnose.model.dns import resolved_addresses
from diagnose.model.server import Interface
from diagnose.model.tcp import Connection

#: Interfaces that lead to containers, virtual machines or nowhere, and interfaces that only hold
#: addresses and are down on purpose (kube-ipvs0).
INNER_PREFIXES = (
    *("lo", "br-", "cali", "cilium", "cni", "docker", "dummy", "flannel", "kube", "lxc", "lxd"),
    *(
        "nerdctl",
        "podman",
        "sit",
        "tap",
        "veth",
        "virbr",
        "vnet",
        "tunl",
        "ip6tnl",
        "gre",
        "erspan",
    ),
)

LinkFault = Literal["down", "carrier", "address"]


@check(
    severity=Severity.ERROR,
    needs=[Interface],
    explains=[
        "host.no-route",
        "dns.resolver-unreachable",
        "dns.servfail",
        "dns.dead-address",
        "dns.dead-ipv6",
        "dns.wrong-address",
        "tcp.*",
        "http.port-closed",
    ],
)
def link_down(evidence: Evidence) -> Iterator[Claim]:
    outward_interfaces = [
        interface for interface in evidence.good(Interface) if _is_outward(interface)
    ]
    if (
        not outward_interfaces
        or any(_link_fault(interface) is None for interface in outward_interfaces)
        or _is_site_reached(evidence)
    ):
        return
    # An interface without an address may be unused.
    interface = next(
        (interface for interface in outward_interfaces if _assigned_addresses(interface)),
        outward_interfaces[0],
    )
    fault = _link_fault(interface)
    yield Claim(
        about=Subject(text=interface.name),
        covers=(Subject(),),
        because=tuple(outward_interfaces),
        confidence=Confidence.CERTAIN if _assigned_addresses(interface) else Confidence.LIKELY,
        facts={
            "interface": interface.name,
            "others": tuple(
                candidate.name for candidate in outward_interfaces if candidate is not interface
            ),
            "addresses": _assigned_addresses(interface),
            "down": fault == "down",
            "carrier": fault == "carrier",
            "address": fault == "address",
            "published": resolved_addresses(evidence),
        },
        fix=_fix(interface, fault),
    )


def _fix(interface: Interface, fault: LinkFault | None) -> Fix:
    """Bring the interface up.

    An interface that holds an address then works, and the network manager restores its routes. If
    nothing manages the network, the next run reports that.
    """
    name = interface.name
    if fault == "carrier":
        return Fix((Manual("wire", Where.SERVER),), Applicability.MANUAL)
    if fault != "down":
        return Fix((Manual("address", Where.SERVER),), Applicability.MANUAL)
    up = network_commands.set_link_up(name)
    if _assigned_addresses(interface):
        return Fix((up,))
    return Fix((up, Manual("address", Where.SERVER)), Applicability.REVIEW)


def _is_outward(interface: Interface) -> bool:
    return interface.vantage is Vantage.SERVER and not interface.name.startswith(INNER_PREFIXES)


def _link_fault(interface: Interface) -> LinkFault | None:
    if not interface.up:
        return "down"
    if not interface.carrier:
        return "carrier"
    return None if _assigned_addresses(interface) else "address"


def _assigned_addresses(interface: Interface) -> tuple[str, ...]:
    """Return the interface's addresses without those that it assigns to itself (RFC 3927, RFC
    4291)."""
    return tuple(address for address in interface.addresses if not is_within(address, LOCAL_ONLY))


def _is_site_reached(evidence: Evidence) -> bool:
    """Return whether the site is reachable from the probing machine anyway."""
    return any(
        not is_within(connection.address, LOCAL_ONLY) for connection in evidence.good(Connection)
    )
