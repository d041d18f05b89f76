"""The handshake fails and the evidence fits no known cause: only OpenSSL's message and the server's
alert are known, and what nginx logged of it. This is the most general check of the layer."""

from collections.abc import Iterator

from checks.tls import failure_groups
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Where
from diagnose.model.logs import LogLine
from diagnose.model.tls import Handshake

#: What nginx did at the time, in a line of its error log.
_HANDSHAKE = "SSL handshaking"


@check(severity=Severity.ERROR, needs=[Handshake], needs_fault=[Handshake])
def handshake_failed(evidence: Evidence) -> Iterator[Claim]:
    for group in failure_groups(evidence, "handshake-failed"):
        lines = [line for line in evidence.of(LogLine) if line.doing == _HANDSHAKE]
        yield Claim(
            about=group.subject,
            covers=group.subjects,
            because=(*group.handshakes, *lines[-1:]),
            facts={**group.facts, "logged": lines[-1].text if lines else ""},
            fix=Fix((Manual("read-the-log", Where.SERVER),), Applicability.MANUAL),
        )
