"""The certificate is valid for longer than Apple's systems accept: 825 days for every certificate
of a TLS server since July 2019, of private authorities too (Apple, "Requirements for trusted
certificates in iOS 13 and macOS 10.15"). Safari and apps there refuse it; other browsers refuse
more than 398 days only from public authorities (ERR_CERT_VALIDITY_TOO_LONG), which issue none.

A private authority may do so for visitors who use none of these systems: it is a note, and a fault
for a person who reports it.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from checks.certificate import COMMON_EFFECTS, claim, request_fix
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.tls import Handshake, served_certificates

_LONGEST = timedelta(days=825)
_SINCE = datetime(2019, 7, 1, tzinfo=UTC)


@check(severity=Severity.NOTE, needs=[Handshake], explains=COMMON_EFFECTS)
def lifetime_too_long(evidence: Evidence) -> Iterator[Claim]:
    for served_cert in served_certificates(evidence, _is_too_long):
        lifetime = served_cert.leaf.lifetime
        facts = {"days": lifetime.days if lifetime else 0, "longest": _LONGEST.days}
        yield claim(evidence, served_cert, facts, request_fix(evidence, "reissue"))


def _is_too_long(handshake: Handshake) -> bool:
    """Return whether a certificate that is otherwise accepted is valid for too long."""
    leaf = handshake.chain[0] if handshake.chain else None
    if leaf is None or leaf.lifetime is None or leaf.not_before is None:
        return False
    is_accepted = handshake.failure is None and handshake.verify_code == 0
    return is_accepted and leaf.not_before >= _SINCE and leaf.lifetime > _LONGEST
