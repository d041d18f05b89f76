"""The server speaks none of the TLS versions that clients accept today: alert 70, or only TLS
1.1 and older goes well (RFC 8996). On OpenSSL 3 a server set to TLS 1.0 alone speaks none."""

from collections.abc import Iterator

from checks.tls import confidence, failed
from diagnose.catalogue import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Where
from diagnose.model.tls import Handshake


@check(severity=Severity.ERROR, needs=[Handshake])
def no_shared_protocol(evidence: Evidence) -> Iterator[Claim]:
    for one in failed(evidence, "no-shared-protocol"):
        old = one.control("old")
        alert = one.visits[0].alert
        yield Claim(
            about=one.about,
            covers=one.subjects,
            because=one.because,
            confidence=confidence(old or (alert and alert.code == 70)),
            facts={**one.facts, "old": old.protocol if old else ""},
            fix=Fix((Manual("set-protocols", Where.SERVER),), Applicability.MANUAL),
        )
