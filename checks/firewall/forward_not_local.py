"""A forward of firewalld or a rule of NAT redirects the port to a program on this machine, for what
comes in: visitors are served, and only the server's own connections to the port are refused
(firewalld.policies(5): without a policy for HOST nothing is forwarded in the OUTPUT chain).

A run on the server alone cannot visit such a site at its own address.
"""

from collections.abc import Iterator

from checks.firewall import _nat
from checks.firewall._netfilter import netfilter_view
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
    endpoints,
)
from diagnose.model.netfilter import Ruleset
from diagnose.model.server import Listeners
from diagnose.model.tcp import Connection


@check(
    severity=Severity.NOTE,
    needs=[Listeners, Ruleset, Connection],
    needs_fault=[Connection],
    explains=["tcp.refused", "http.port-closed", "nginx.not-running", "server.not-running"],
)
def forward_not_local(evidence: Evidence) -> Iterator[Claim]:
    port = evidence.target.port
    targets = _nat.redirects_for_visitors(evidence, port)
    addresses = tuple(target.address for target in targets)
    refused = [
        connection
        for connection in evidence.of(Connection)
        if connection.failure
        and connection.failure.kind == "refused"
        and connection.port == port
        and connection.address in addresses
    ]
    if not targets or not refused:
        return
    yield Claim(
        about=Subject(port=port, text=f"{port}/tcp"),
        covers=(Subject(port=port), *endpoints(addresses, port)),
        because=(*netfilter_view(evidence).because, *evidence.good(Listeners), *refused),
        facts={
            "url": evidence.target.url,
            "port": port,
            "to": targets[0].destination[1],
            "addresses": addresses,
        },
        fix=Fix((Manual("from-outside", Where.CLIENT),), Applicability.MANUAL),
    )
