"""A rule drops what routers say of the server's large packets: "fragmentation needed" (RFC 792,
type 3 code 4) and "packet too big" (RFC 4443 section 3.2). Behind a tunnel or PPPoE, whose MTU is
smaller, small answers arrive and large ones never (RFC 2923 section 2.1; RFC 4890 section 4.3.1).
Rules that keep out ping by dropping all of ICMP do this, and rules that accept `established`
without `related`.

The run itself does not meet it, so that it is a note; unless a message says that something does not
come. A kernel that tries smaller packets by itself (tcp_mtu_probing) is not concerned.
"""

import re
from collections.abc import Iterator

from checks.firewall._netfilter import Blockage, NetfilterView, decide, netfilter_view
from checks.firewall._netfilter_claims import facts
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
from diagnose.model.kernel import Kernel
from diagnose.model.netfilter import Ruleset
from diagnose.parsers.netfilter import Packet

#: Messages that are about the size of packets.
_SIZE = re.compile(
    r"\b(?:P?MTUD?|MSS|PPPoE)\b|path mtu|fragmentation needed|packet too big"
    r"|(?:large|big) (?:packets?|pages?|answers?|responses?|files?|downloads?)"
    r"|大(?:数据)?包|大文件.{0,8}(?:卡|停)|分片",
    re.IGNORECASE,
)


@check(severity=Severity.NOTE, needs=[Ruleset])
def packet_too_big_blocked(evidence: Evidence) -> Iterator[Claim]:
    view, port = netfilter_view(evidence), evidence.target.port
    # What keeps out the port too is another check's cause.
    if any(kernel.mtu_probing for kernel in evidence.good(Kernel)) or view.blockages(port):
        return
    blockages = tuple(
        blockage
        for address, packet in view.packets(port)
        for blockage in _blockages(view, address, packet)
    )
    if not blockages:
        return
    symptom = evidence.target.symptom
    is_told = symptom is not None and bool(_SIZE.search(symptom.text))
    is_possible = symptom is not None and symptom.kind in {"timeout", "incomplete"}
    addresses = tuple(dict.fromkeys(blockage.packet.destination for blockage in blockages))
    yield Claim(
        about=Subject(text=f"{blockages[0].place.program}, packet too big"),
        covers=tuple(Subject(address=blockage.address) for blockage in blockages),
        because=view.because,
        confidence=Confidence.POSSIBLE if is_possible and not is_told else Confidence.LIKELY,
        severity=Severity.WARNING if is_told or is_possible else None,
        facts={
            **facts(view, blockages),
            "addresses": addresses,
            "commands": tuple(dict.fromkeys(map(_accepting_command, blockages))),
        },
        fix=Fix((Manual("accept", Where.SERVER),), Applicability.MANUAL),
    )


def _blockages(view: NetfilterView, address: str, packet: Packet) -> Iterator[Blockage]:
    # A router's report about a connection that is passed on goes through other chains.
    if decide(view.ruleset.rules, packet).to:
        return
    report = Packet(
        None, packet.destination, packet.port, packet.interface, host=packet.host, kind="too-big"
    )
    decision = decide(view.ruleset.rules, report)
    place = view.ruleset.position_of(decision)
    if decision.verdict in {"drop", "reject"} and place is not None:
        yield Blockage(address, report, "", decision, place, view.owner(place))


def _accepting_command(blockage: Blockage) -> str:
    """Return the rule that lets the report in, before all others of the chain."""
    place, is_v4 = blockage.place, blockage.family == 4
    if place.program == "nft":
        kind = "icmp type destination-unreachable" if is_v4 else "icmpv6 type packet-too-big"
        table = f"{place.table.family} {place.table.name}"
        return f"`nft insert rule {table} {place.chain.name} {kind} accept`"
    table = "" if place.table.name == "filter" else f" -t {place.table.name}"
    kind = (
        "-p icmp --icmp-type fragmentation-needed"
        if is_v4
        else "-p ipv6-icmp --icmpv6-type packet-too-big"
    )
    return f"`{place.program}{table} -I {place.chain.name} {kind} -j ACCEPT`"
