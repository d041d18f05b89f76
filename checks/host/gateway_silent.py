"""The gateway of the server does not say its link-layer address (ARP, RFC 826; neighbor discovery,
RFC 4861): the kernel has a route for its replies and nobody to hand them to. Visitors' SYNs may
well arrive, and on the server itself everything looks healthy.

Usual reasons: a typing error in the gateway's address, a gateway of another network, a VLAN or a
virtual switch that does not carry ARP, a packet filter that drops neighbor discovery.

If somebody set the gateway's link-layer address, the kernel never asks for it: a gateway that was
replaced gets nothing. That is likely only where nothing outside this machine answers.
"""

from collections.abc import Iterator

from checks.dns._reach import unanswered_questions
from checks.firewall import EXPLAINS
from checks.firewall._visitors import (
    external_connections,
    probes_from_the_server,
    target_addresses,
)
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
from diagnose.model.addresses import family_of, is_local_host, is_loopback
from diagnose.model.server import SilentGateway
from diagnose.model.tcp import Connection


@check(
    severity=Severity.ERROR,
    needs=[SilentGateway],
    explains=[
        *EXPLAINS, "tcp.host-down", "host.no-route", "dns.resolver-unreachable", "dns.servfail",
    ],
)  # fmt: skip
def gateway_silent(evidence: Evidence) -> Iterator[Claim]:
    addresses = target_addresses(evidence)
    is_looped = not addresses and any(
        is_loopback(connection.address)
        for connection in evidence.of(Connection)
        if connection.purpose == "target"
    )
    if is_looped and is_local_host(evidence.target.host):
        return  # no packet of it takes a gateway
    families = {family_of(address) for address in addresses}
    for gateway in evidence.good(SilentGateway):
        if families and gateway.family not in families:
            continue
        if _is_answered(evidence, gateway.family):
            continue
        is_set = gateway.state == "PERMANENT"
        unanswered = unanswered_questions(evidence, gateway.family) if is_set else ()
        if is_set and not (unanswered and probes_from_the_server(evidence)):
            continue
        affected = [address for address in addresses if family_of(address) == gateway.family]
        failed = [
            connection
            for connection in evidence.of(Connection)
            if connection.address in affected and connection.failure
        ]
        # What fails on loopback fails for another reason.
        is_whole_site = not is_looped and len(affected) == len(addresses)
        subjects = tuple(Subject(address=address) for address in affected)
        yield Claim(
            about=Subject(text=f"gateway {gateway.address}"),
            covers=(Subject(),) if is_whole_site else subjects,
            because=(gateway, *failed, *unanswered),
            severity=None if is_whole_site else Severity.WARNING,
            confidence=Confidence.CERTAIN if gateway.state == "FAILED" else Confidence.LIKELY,
            facts={
                "gateway": gateway.address,
                "device": gateway.device,
                "family": f"IPv{gateway.family}",
                "ipv6": gateway.family == 6,
                "state": gateway.state,
                "set": is_set,
                "ip": "ip -6" if gateway.family == 6 else "ip",
                "show": gateway.equivalent,
            },
            fix=Fix(
                (Manual("ask-again" if is_set else "find-the-gateway", Where.SERVER),),
                Applicability.MANUAL,
            ),
        )


def _is_answered(evidence: Evidence, family: int) -> bool:
    """Return whether another machine got a reply over this IP version: then the answers get out."""
    return any(
        connection.family == family
        for connection in external_connections(evidence, evidence.target.port)
    )
