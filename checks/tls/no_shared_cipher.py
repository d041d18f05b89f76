"""Client and server find no cipher suite: alert 40 whatever the name and version.

It is certain only where the server takes a suite that clients no longer offer. Else a server
whose key does not fit its certificate looks the same: it has no suite that it could use.
"""

from collections.abc import Iterator

from checks.tls import confidence, failed
from diagnose.catalogue import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Where
from diagnose.model.tls import Handshake


@check(severity=Severity.ERROR, needs=[Handshake])
def no_shared_cipher(evidence: Evidence) -> Iterator[Claim]:
    for one in failed(evidence, "no-shared-cipher"):
        taken = one.control("any-cipher")
        yield Claim(
            about=one.about,
            covers=one.subjects,
            because=one.because,
            confidence=confidence(taken),
            ruled_out=("tls.no-shared-protocol", "tls.name-rejected"),
            facts={**one.facts, "cipher": taken.cipher if taken else ""},
            fix=Fix((Manual("set-ciphers", Where.SERVER),), Applicability.MANUAL),
        )
