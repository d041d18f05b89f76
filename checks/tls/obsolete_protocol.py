"""TLS 1.0 or 1.1 is still offered besides newer versions (RFC 8996). Only a server that went
through its whole first flight in that version counts: OpenSSL 3 at its default security level
offers neither, whatever nginx's configuration says. Whether old devices that still come in may be
turned away is for a person to say."""

from collections.abc import Iterator

from checks.tls import Settings, settings, value
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    endpoints,
    together,
)
from diagnose.model.tls import Handshake

_OLD = {"SSLv2", "SSLv3", "TLSv1", "TLSv1.1"}
_CURRENT = ("TLSv1.2", "TLSv1.3")


@check(severity=Severity.WARNING, needs=[Handshake])
def obsolete_protocol(evidence: Evidence) -> Iterator[Claim]:
    reached = {one.address for one in evidence.of(Handshake) if one.as_a_visitor and one.protocol}
    old = [
        one for one in evidence.good(Handshake) if one.variant == "old" and one.address in reached
    ]
    if not old:
        return
    subjects = endpoints((one.address for one in old), old[0].port)
    given = settings(evidence, "ssl_protocols", early=True)
    fix = _fix(given) if given else None
    yield Claim(
        about=together(subjects),
        covers=subjects,
        because=tuple(old),
        facts={
            "name": evidence.target.host,
            "addresses": tuple(one.address for one in old),
            "port": old[0].port,
            "protocol": old[0].protocol,
            "cipher": old[0].cipher,
            "place": given.place if given and fix else "",
        },
        location=given.location if given and fix else None,
        fix=fix or Fix((Manual("set-protocols", Where.SERVER),), Applicability.MANUAL),
    )


def _fix(given: Settings) -> Fix | None:
    """The old versions taken out of the lines that count. Without such a line nginx's default
    holds, which named them until 1.27.3."""
    lines = []
    for one in given.found:
        left = value(one.args, lambda arg: arg not in _OLD, _CURRENT if not one.line else ())
        if one.line is None or _OLD.intersection(one.args):
            lines.append((one, f"ssl_protocols {left or ' '.join(_CURRENT)};"))
    steps = given.steps(lines)
    return Fix(steps, Applicability.REVIEW) if steps else None
