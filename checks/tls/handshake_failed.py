"""The handshake fails and the evidence fits no known cause: only OpenSSL's message and the server's
alert are known. This is the most general check of the layer."""

from collections.abc import Iterator

from checks.tls import failure_groups
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Where
from diagnose.model.tls import Handshake


@check(severity=Severity.ERROR, needs=[Handshake], needs_fault=[Handshake])
def handshake_failed(evidence: Evidence) -> Iterator[Claim]:
    for group in failure_groups(evidence, "handshake-failed"):
        yield Claim(
            about=group.subject,
            covers=group.subjects,
            because=group.handshakes,
            facts=group.facts,
            fix=Fix((Manual("read-the-log", Where.SERVER),), Applicability.MANUAL),
        )
