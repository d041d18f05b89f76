"""The port responds to a ClientHello in HTTP, or responds to plain HTTP only: there is no TLS
("wrong version number", ERR_SSL_PROTOCOL_ERROR)."""

from collections.abc import Iterator

from checks.tls import failure_groups
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Where
from diagnose.model.tls import Handshake


@check(severity=Severity.ERROR, needs=[Handshake], needs_fault=[Handshake])
def plain_http(evidence: Evidence) -> Iterator[Claim]:
    for group in failure_groups(evidence, "plain-http"):
        yield Claim(
            about=group.subject,
            covers=group.subjects,
            because=group.handshakes,
            facts={
                **group.facts,
                "received": next(
                    handshake.received for handshake in group.handshakes if handshake.received
                ),
            },
            fix=Fix((Manual("add-ssl", Where.SERVER),), Applicability.MANUAL),
        )
