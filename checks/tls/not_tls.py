"""The port answers a ClientHello in another protocol than TLS or HTTP, which its first words
often name (RFC 4253 section 4.2, RFC 5321 section 4.3.1 and their like)."""

from collections.abc import Iterator

from checks.tls import failed
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Where
from diagnose.model.tls import Handshake

#: How a protocol's greeting, in lower case, begins or what it contains. The first that fits.
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


@check(severity=Severity.ERROR, needs=[Handshake])
def not_tls(evidence: Evidence) -> Iterator[Claim]:
    for one in failed(evidence, "not-tls"):
        received = next(seen.received for seen in one.because if seen.received)
        yield Claim(
            about=one.about,
            covers=one.subjects,
            because=one.because,
            facts={**one.facts, "received": received, "protocol": protocol(received)},
            fix=Fix((Manual("free-the-port", Where.SERVER),), Applicability.MANUAL),
        )


def protocol(greeting: str) -> str:
    """The protocol that a greeting is of, "" where it does not say."""
    said = greeting.lower()
    return next(
        (name for name, begins, holds in _GREETINGS if said.startswith(begins) and holds in said),
        "",
    )
