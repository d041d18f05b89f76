"""A rule drops neighbor discovery (ICMPv6 type 135, RFC 4861): nobody learns the link-layer address
of the server's IPv6 address, so that no IPv6 packet arrives, whichever ports are open. IPv4 has ARP
for this, which no rule of `ip` or `inet` sees. A rule that lets ICMP in for IPv4 is often written
and the one for ICMPv6 forgotten (RFC 4890 section 4.4.1).
"""

from collections.abc import Iterator

from checks.firewall._netfilter import Blockage, NetfilterView, decide, netfilter_view
from checks.firewall._netfilter_claims import facts
from checks.firewall._visitors import external_connections
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
from diagnose.model.netfilter import Ruleset
from diagnose.model.tcp import Connection
from diagnose.parsers.netfilter import Packet

#: Of a router: neighbor discovery is done from link-local addresses.
NEIGHBOR = "fe80::1"


@check(
    severity=Severity.ERROR,
    needs=[Ruleset],
    explains=["dns.dead-ipv6", "dns.dead-address", "tcp.host-down", "tcp.timeout"],
)
def neighbor_discovery_blocked(evidence: Evidence) -> Iterator[Claim]:
    view, port = netfilter_view(evidence), evidence.target.port
    # What keeps out the port too is another check's cause.
    spared = {connection.address for connection in external_connections(evidence, port)}
    spared |= {blockage.address for blockage in view.blockages(port)}
    packets = [(address, packet) for address, packet in view.packets(port) if address]
    blockages = [
        blockage
        for address, packet in packets
        if ":" in packet.destination and address not in spared
        for blockage in _blockages(view, address, packet)
    ]
    if not blockages:
        return
    addresses = tuple(blockage.address for blockage in blockages)
    other_addresses = [address for address, _ in packets if address not in addresses]
    failed = [
        connection
        for connection in evidence.of(Connection)
        if connection.address in addresses and connection.failure
    ]
    first = blockages[0]
    yield Claim(
        about=Subject(text=f"{first.place.program}, neighbor discovery"),
        covers=tuple(Subject(address=address) for address in addresses),
        because=(*view.because, *failed),
        # A link between two machines only may need no discovery.
        confidence=Confidence.LIKELY,
        # Clients fall back to the address that works (RFC 8305).
        severity=Severity.WARNING if other_addresses else None,
        facts={**facts(view, tuple(blockages)), "addresses": addresses},
        fix=Fix((Manual("accept", Where.SERVER),), Applicability.MANUAL),
    )


def _blockages(view: NetfilterView, address: str, packet: Packet) -> Iterator[Blockage]:
    solicitation = Packet(
        NEIGHBOR,
        packet.destination,
        packet.port,
        packet.interface,
        host=packet.host,
        kind="solicitation",
    )
    decision = decide(view.ruleset.rules, solicitation)
    place = view.ruleset.position_of(decision)
    if decision.verdict in {"drop", "reject"} and place is not None:
        yield Blockage(address, solicitation, "", decision, place, view.owner(place))
