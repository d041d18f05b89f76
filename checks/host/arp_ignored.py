"""The server does not say that it has the site's address: arp_ignore (ip-sysctl) lets it answer ARP
(RFC 826) for no address, or only for those of the interface that is asked. The router then finds
nobody. Instructions for real servers of LVS (direct routing) set it, and it stays.

An address on loopback that is kept quiet is well where a balancer in front has it too. So only a
failure seen from another machine counts there.
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
    Where,
)
from diagnose.model.packet_paths import ArpIgnore
from diagnose.model.server import Interface
from diagnose.model.tcp import Connection

#: It answers for no address; it answers only for addresses of the interface that is asked.
_NONE, _OWN_INTERFACE = 8, {1, 2}


@check(
    severity=Severity.ERROR,
    needs=[ArpIgnore, Interface],
    explains=[
        "tcp.host-down", "tcp.timeout", "tcp.rejected-by-router", "tcp.closed-outside",
        "dns.dead-address", "dns.wrong-address", "dns.resolver-unreachable", "dns.servfail",
        "http.port-closed",
    ],
)  # fmt: skip
def arp_ignored(evidence: Evidence) -> Iterator[Claim]:
    setting = evidence.good(ArpIgnore)[-1]
    if external_connections(evidence, evidence.target.port):
        return
    interfaces = evidence.good(Interface)
    asked_interfaces = [nic for nic in interfaces if 4 in nic.default and nic.up]
    own = {address for nic in asked_interfaces for address in nic.addresses}
    # Where the resolver's replies do not come either, the name's addresses are not known.
    for address in target_addresses(evidence) or sorted(own):
        holder = next((nic for nic in interfaces if address in nic.addresses), None)
        if holder is None or ":" in address or not asked_interfaces:
            continue
        value = setting.in_effect(asked_interfaces[0].name)
        is_elsewhere = holder not in asked_interfaces and value in _OWN_INTERFACE
        failed = [
            attempt
            for attempt in evidence.of(Connection)
            if attempt.address == address and attempt.failure
        ]
        is_seen = bool(failed) and not probes_from_the_server(evidence)
        if value == _NONE or (is_elsewhere and is_seen):
            yield Claim(
                about=Subject(address=address),
                covers=(Subject(address=address),),
                because=(setting, holder, *failed),
                confidence=Confidence.CERTAIN if is_seen else Confidence.LIKELY,
                facts={
                    "address": address,
                    "device": asked_interfaces[0].name,
                    "holder": holder.name,
                    "value": value,
                    "elsewhere": is_elsewhere,
                },
                fix=Fix((Manual("usual-value", Where.SERVER),), Applicability.MANUAL),
            )
