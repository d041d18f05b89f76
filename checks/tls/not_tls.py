"""The port responds to a ClientHello in a protocol other than TLS or HTTP. Its first words often
name the protocol (RFC 4253 section 4.2, RFC 5321 section 4.3.1 and similar).

On the protocol's own port this is no fault: port 587 of a mail server speaks SMTP, and begins TLS
later (STARTTLS, RFC 3207)."""

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

#: The ports of these protocols (IANA's registry), and 2222 and 2525, which are in wide use.
_PORTS = {
    "SSH": {22, 2222},
    "FTP": {21},
    "SMTP": {25, 587, 2525},
    "IMAP": {143},
    "POP3": {110},
    "Redis": {6379},
    "MySQL": {3306},
    "VNC": {*range(5900, 5910)},
}
#: Protocols that begin TLS on a command, as `openssl s_client -starttls` calls them.
_STARTTLS = {"FTP": "ftp", "SMTP": "smtp", "IMAP": "imap", "POP3": "pop3", "MySQL": "mysql"}

_FREE = Manual("free-the-port", Where.SERVER)


@check(severity=Severity.ERROR, needs=[Handshake], needs_fault=[Handshake])
def not_tls(evidence: Evidence) -> Iterator[Claim]:
    for group in failure_groups(evidence, "not-tls"):
        received = next(handshake.received for handshake in group.handshakes if handshake.received)
        name = protocol(received)
        is_own = group.visits[0].port in _PORTS.get(name, ())
        step = Manual("ask-the-site", Where.CLIENT) if is_own else _FREE
        yield Claim(
            about=group.subject,
            covers=group.subjects,
            because=group.handshakes,
            severity=Severity.NOTE if is_own else None,
            facts={
                **group.facts,
                "received": received,
                "protocol": name,
                "own": name if is_own else "",
                "starttls": _STARTTLS.get(name, "") if is_own else "",
            },
            fix=Fix((step,), Applicability.MANUAL),
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
