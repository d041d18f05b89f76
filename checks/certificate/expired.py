"""The certificate, or an intermediate that the server sends, has expired (RFC 5280 section
4.1.2.5)."""

from collections.abc import Iterator

from checks.certificate import (
    COMMON_EFFECTS,
    EXPIRED,
    certificate_out_of_time,
    claim,
    label,
    renewal_fix,
    replaced_by_hand,
)
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.tls import Certificate, Handshake, ServedCertificate, served_certificates


def expired_certificate(evidence: Evidence, served_cert: ServedCertificate) -> Certificate | None:
    """Return the certificate that has expired, or None."""
    return certificate_out_of_time(
        served_cert, lambda certificate: certificate.is_expired(evidence.started_at), EXPIRED
    )


@check(
    severity=Severity.ERROR,
    needs=[Handshake],
    explains=["certificate.expires-soon", "certificate.must-staple", *COMMON_EFFECTS],
)
def expired(evidence: Evidence) -> Iterator[Claim]:
    for served_cert in served_certificates(evidence):
        expired_cert = expired_certificate(evidence, served_cert)
        if expired_cert is not None and expired_cert.not_after is not None:
            facts = {
                "which": label(expired_cert),
                "intermediate": expired_cert is not served_cert.leaf,
                "since": expired_cert.not_after,
                "days": (evidence.started_at - expired_cert.not_after).days,
            }
            fix = (
                renewal_fix(evidence, served_cert.leaf)
                if expired_cert is served_cert.leaf
                else replaced_by_hand(evidence, served_cert.leaf, "new-intermediate")
            )
            yield claim(evidence, served_cert, facts, fix)
