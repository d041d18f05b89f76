"""The site's address is on one network card, and the server's default route leads out of another.

Replies leave by another way than the visitors came (asymmetric routing). Linux sends them, and many
networks drop what comes from an address that is not theirs (BCP 38), or whose SYN their firewall
has not seen. Then visitors' connections time out, and the server itself notices nothing.

It may be well: so it is a note, until a visitor's attempt has failed.
"""

from collections.abc import Iterator

from checks.firewall._visitors import external_connections, probes_from_the_server, target_addresses
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
)
from diagnose.model.addresses import family_of
from diagnose.model.kernel import Kernel
from diagnose.model.server import Interface, Route
from diagnose.model.tcp import Connection

#: Cards without a cable: addresses on them are reached by others on purpose.
_VIRTUAL = ("lo", "dummy", "docker", "br-", "veth", "virbr")


@check(
    severity=Severity.ERROR,
    needs=[Interface],
    explains=["tcp.timeout", "tcp.closed-outside", "tcp.open-elsewhere", "dns.dead-address"],
)
def replies_leave_elsewhere(evidence: Evidence) -> Iterator[Claim]:
    if external_connections(evidence, evidence.target.port):
        return
    interfaces = [nic for nic in evidence.good(Interface) if nic.up]
    for address in target_addresses(evidence):
        family = family_of(address)
        holder = next((nic for nic in interfaces if address in nic.addresses), None)
        leaving = [nic for nic in interfaces if family in nic.default]
        if holder is None or not leaving or holder in leaving or _is_virtual(holder, *leaving):
            continue
        if _has_own_route(evidence, address, holder.name) or _is_filtered(evidence, holder.name):
            continue
        failed = [
            attempt
            for attempt in evidence.of(Connection)
            if attempt.address == address
            and attempt.failure
            and attempt.failure.kind == "timeout"
            and not probes_from_the_server(evidence)
        ]
        yield Claim(
            about=Subject(address=address, text=f"{address} ({holder.name})"),
            covers=(Subject(address=address),),
            because=(holder, *leaving, *failed),
            severity=None if failed else Severity.NOTE,
            confidence=Confidence.LIKELY if failed else Confidence.POSSIBLE,
            facts={
                "address": address,
                "device": holder.name,
                "leaving": leaving[0].name,
                "failed": bool(failed),
                "ip": "ip -6" if family == 6 else "ip",
            },
            fix=Fix((Manual("route-by-source", Where.SERVER),), Applicability.MANUAL),
        )


def _is_virtual(*interfaces: Interface) -> bool:
    return any(nic.tunnel or nic.name.startswith(_VIRTUAL) for nic in interfaces)


def _has_own_route(evidence: Evidence, address: str, device: str) -> bool:
    """Return whether a rule of ip-rule(8) lets the replies leave as the visitors came."""
    return any(
        route.vantage is Vantage.SERVER and route.source == address and route.device == device
        for route in evidence.of(Route)
    )


def _is_filtered(evidence: Evidence, device: str) -> bool:
    """Return whether packets are dropped already as they come in (`tcp.reverse-path-filter`)."""
    return any(kernel.strictness(device) == 1 for kernel in evidence.good(Kernel))
