"""The server asks for its own public address, and whoever translates that address does not do so
for the server itself (RFC 4787 section 6, hairpinning). Of visitors it says nothing."""

from collections.abc import Iterator
from dataclasses import replace

from checks.tcp import claim, ports
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Host, Manual, Severity, Where
from diagnose.model.server import Interface, Listeners
from diagnose.model.tcp import Connection


@check(severity=Severity.NOTE, needs=[Connection, Host, Interface])
def hairpin(evidence: Evidence) -> Iterator[Claim]:
    met = ports(evidence, "hairpin")
    if not met:
        return
    target = evidence.target
    held = (one for nic in evidence.good(Interface) for one in nic.addresses)
    own = tuple(one for one in held if ":" not in one and not one.startswith("127."))
    failures = (one.failure.message for port in met for one in port.tries if one.failure)
    said = {
        "own": own,
        "how": tuple(dict.fromkeys(failures)),
        "listens": any(one.on(target.port) for one in evidence.good(Listeners)),
        "url": target.url,
        "name": target.host,
    }
    made = claim(
        evidence,
        met,
        Manual("outside", Where.CLIENT),
        Manual("local", Where.SERVER),
        said=said,
        confidence=Confidence.LIKELY,
    )
    yield replace(made, severity=Severity.NOTE)
