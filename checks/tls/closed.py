"""The other end closes the connection in order, without one word of TLS."""

from collections.abc import Iterator

from checks.tls import failed
from diagnose.catalogue import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Where
from diagnose.model.tls import Handshake


@check(severity=Severity.ERROR, needs=[Handshake])
def closed(evidence: Evidence) -> Iterator[Claim]:
    for one in failed(evidence, "closed"):
        yield Claim(
            about=one.about,
            covers=one.subjects,
            because=one.because,
            severity=one.severity,
            facts={
                **one.facts,
                "sometimes": one.sometimes,
                "by_name": not one.sometimes and one.passing_name is not None,
                "bytes": max(seen.bytes_received for seen in one.visits),
            },
            fix=Fix((Manual("look-inside", Where.SERVER),), Applicability.MANUAL),
        )
