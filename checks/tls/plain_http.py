"""The port responds to a ClientHello in HTTP, or responds to plain HTTP only: there is no TLS
("wrong version number", ERR_SSL_PROTOCOL_ERROR)."""

from collections.abc import Iterator

from checks.tls import FailureGroup, failure_groups
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Subject, Where
from diagnose.model.server import Listeners
from diagnose.model.tls import Handshake

#: The port of http (IANA's registry, RFC 9110 section 4.2.1): plain HTTP is right there, and an
#: address with this port and https or wss is wrong.
HTTP_PORT = 80


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
                "http_port": group.subject.port == HTTP_PORT,
                "java": _is_java(evidence, group),
            },
            fix=Fix((_step(group.subject),), Applicability.MANUAL),
        )


def _is_java(evidence: Evidence, group: FailureGroup) -> bool:
    """Return whether the program on the port is one in Java (Spring Boot, Tomcat)."""
    listeners = evidence.good(Listeners)
    holders = [holder for listing in listeners for holder in listing.on(group.visits[0].port)]
    answers = (handshake.received for handshake in group.handshakes)
    return any((holder.process or "").startswith(("java", "jsvc")) for holder in holders) or any(
        "Apache Tomcat" in answer for answer in answers
    )


def _step(subject: Subject) -> Manual:
    if subject.port == HTTP_PORT:
        return Manual("other-port", Where.APPLICATION)
    return Manual("add-ssl", Where.SERVER)
