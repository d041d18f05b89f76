"""The server connects to its own public address, and the router that translates that address does
not do so for the server itself (RFC 4787 section 6, hairpinning). It says nothing about visitors.
"""

from collections.abc import Iterator
from dataclasses import replace

from checks.tcp import claim, probed_ports
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Host, Manual, Severity, Where
from diagnose.model.server import Interface, Listeners
from diagnose.model.tcp import Connection


@check(severity=Severity.NOTE, needs=[Connection, Host, Interface])
def hairpin(evidence: Evidence) -> Iterator[Claim]:
    ports = probed_ports(evidence, "hairpin")
    if not ports:
        return
    target = evidence.target
    interface_addresses = (
        address for interface in evidence.good(Interface) for address in interface.addresses
    )
    own_addresses = tuple(
        address
        for address in interface_addresses
        if ":" not in address and not address.startswith("127.")
    )
    failures = (
        attempt.failure.message for port in ports for attempt in port.attempts if attempt.failure
    )
    extra_facts = {
        "own": own_addresses,
        "how": tuple(dict.fromkeys(failures)),
        "listens": any(snapshot.on(target.port) for snapshot in evidence.good(Listeners)),
        "url": target.url,
        "name": target.host,
    }
    base_claim = claim(
        evidence,
        ports,
        Manual("outside", Where.CLIENT),
        Manual("local", Where.SERVER),
        extra_facts=extra_facts,
        confidence=Confidence.LIKELY,
    )
    yield replace(base_claim, severity=Severity.NOTE)
