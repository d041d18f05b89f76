"""No interface by which visitors could come works: it is down (ip-link(8)), nothing is at the
other end of its wire, or it has no address. Its routes are lost with it, so the server finds no
name either."""

from collections.abc import Iterator
from typing import Literal

from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Vantage,
    Where,
)
from diagnose.model.dns import NOWHERE, is_within, reached
from diagnose.model.server import Interface
from diagnose.model.tcp import Connection

#: Interfaces that lead to containers, virtual machines or nowhere, and those that only hold
#: addresses and are down on purpose (kube-ipvs0).
INNER = (
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

Fault = Literal["down", "carrier", "address"]


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
    outer = [one for one in evidence.good(Interface) if _leads_out(one)]
    if not outer or any(_fault(one) is None for one in outer) or _answers(evidence):
        return
    # A card without an address may well be one that nobody uses.
    chosen = next((one for one in outer if _held(one)), outer[0])
    fault = _fault(chosen)
    yield Claim(
        about=Subject(text=chosen.name),
        covers=(Subject(),),
        because=tuple(outer),
        confidence=Confidence.CERTAIN if _held(chosen) else Confidence.LIKELY,
        facts={
            "interface": chosen.name,
            "others": tuple(one.name for one in outer if one is not chosen),
            "addresses": _held(chosen),
            "down": fault == "down",
            "carrier": fault == "carrier",
            "address": fault == "address",
            "published": reached(evidence),
        },
        fix=_fix(chosen, fault),
    )


def _fix(one: Interface, fault: Fault | None) -> Fix:
    """Switched on, an interface that holds an address works again, and whoever manages the
    network gives it its routes back; where nobody does, the next look says so."""
    name = one.name
    if fault == "carrier":
        return Fix((Manual("wire", Where.SERVER),), Applicability.MANUAL)
    if fault != "down":
        return Fix((Manual("address", Where.SERVER),), Applicability.MANUAL)
    up = Command(
        ("ip", "link", "set", "dev", name, "up"), undo=("ip", "link", "set", "dev", name, "down")
    )
    if _held(one):
        return Fix((up,))
    return Fix((up, Manual("address", Where.SERVER)), Applicability.REVIEW)


def _leads_out(one: Interface) -> bool:
    return one.vantage is Vantage.SERVER and not one.name.startswith(INNER)


def _fault(one: Interface) -> Fault | None:
    if not one.up:
        return "down"
    if not one.carrier:
        return "carrier"
    return None if _held(one) else "address"


def _held(one: Interface) -> tuple[str, ...]:
    """Its addresses, but for those that an interface gives itself (RFC 3927, RFC 4291)."""
    return tuple(address for address in one.addresses if not is_within(address, NOWHERE))


def _answers(evidence: Evidence) -> bool:
    """Whether the site is reached all the same, from wherever this is asked."""
    return any(not is_within(one.address, NOWHERE) for one in evidence.good(Connection))
