"""ECONNREFUSED: a reset, or an ICMP that says port unreachable. From outside nobody can tell
whether nothing listens or a firewall answers in the name of the port (RFC 9293 section 3.10.7.1)."""

from collections.abc import Iterator

from diagnose.catalogue import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    endpoints,
    together,
)
from diagnose.model.tcp import Connection


@check(severity=Severity.ERROR, needs=[Connection])
def refused(evidence: Evidence) -> Iterator[Claim]:
    seen = [
        one
        for one in evidence.of(Connection)
        if one.purpose == "target" and one.failure and one.failure.kind == "refused"
    ]
    if not seen:
        return
    subjects = endpoints((one.address for one in seen), seen[0].port)
    yield Claim(
        about=together(subjects),
        covers=subjects,
        because=tuple(seen),
        facts={
            "addresses": tuple(one.address for one in seen),
            "port": seen[0].port,
            "icmp": any(one.icmp for one in seen),
        },
        fix=Fix((Manual("look-inside", Where.SERVER),), Applicability.MANUAL),
    )
