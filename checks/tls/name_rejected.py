"""The server ends the handshake because of the name: with alert 112 (RFC 6066 section 3), as nginx
does with `ssl_reject_handshake on`, or with another alert that does not occur with a different
name."""

from collections.abc import Iterator

from checks.tls import confidence, failure_groups
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Where
from diagnose.model.tls import Handshake
from diagnose.parsers.hostnames import is_address


@check(severity=Severity.ERROR, needs=[Handshake])
def name_rejected(evidence: Evidence) -> Iterator[Claim]:
    for group in failure_groups(evidence, "name-rejected"):
        alert = group.visits[0].alert
        yield Claim(
            about=group.subject,
            covers=group.subjects,
            because=group.handshakes,
            confidence=confidence(alert and alert.code == 112),
            facts={**group.facts, "unnamed": is_address(evidence.target.host)},
            fix=Fix((Manual("add-the-name", Where.SERVER),), Applicability.MANUAL),
        )
