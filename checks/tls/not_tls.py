"""The port responds to a ClientHello in a protocol other than TLS or HTTP. Its first words often
name the protocol (RFC 4253 section 4.2, RFC 5321 section 4.3.1 and similar)."""

from collections.abc import Iterator

from checks.tls import failure_groups
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Where
from diagnose.model.tls import Handshake

#: Text in a protocol's greeting, in lower case: at its beginning or anywhere. The first match
#: counts.
_GREETINGS = (
    ("SSH", "ssh-", ""),
    ("FTP", "220", "ftp"),
    ("SMTP", "220", "smtp"),
    ("SMTP", "554", ""),
    ("IMAP", "* ok", ""),
    ("POP3", "+ok", ""),
    ("Redis", "-err", ""),
    ("MySQL", "", "mysql_native_password"),
    ("MySQL", "", "caching_sha2_password"),
    ("MySQL", "", "mariadb"),
    ("VNC", "rfb ", ""),
)


@check(severity=Severity.ERROR, needs=[Handshake], needs_fault=[Handshake])
def not_tls(evidence: Evidence) -> Iterator[Claim]:
    for group in failure_groups(evidence, "not-tls"):
        received = next(handshake.received for handshake in group.handshakes if handshake.received)
        yield Claim(
            about=group.subject,
            covers=group.subjects,
            because=group.handshakes,
            facts={**group.facts, "received": received, "protocol": protocol(received)},
            fix=Fix((Manual("free-the-port", Where.SERVER),), Applicability.MANUAL),
        )


def protocol(greeting: str) -> str:
    """Return the protocol of a greeting; "" if it is unknown."""
    text = greeting.lower()
    return next(
        (
            name
            for name, prefix, substring in _GREETINGS
            if text.startswith(prefix) and substring in text
        ),
        "",
    )
