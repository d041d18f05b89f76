"""The certificate is not valid yet (RFC 5280 section 4.1.2.5). If a wrong clock on this machine is
the cause, `host.clock-wrong` reports it."""

from collections.abc import Iterator

from checks.certificate import (
    COMMON_EFFECTS,
    NOT_YET_VALID,
    certificate_out_of_time,
    claim,
    label,
    manual_fix,
)
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.tls import Certificate, Handshake, ServedCertificate, served_certificates


def premature_certificate(evidence: Evidence, served_cert: ServedCertificate) -> Certificate | None:
    """Return the certificate that is not valid yet, or None."""
    current_time = evidence.started_at
    return certificate_out_of_time(
        served_cert,
        lambda certificate: (certificate.not_before or current_time) > current_time,
        NOT_YET_VALID,
    )


@check(severity=Severity.ERROR, needs=[Handshake], explains=COMMON_EFFECTS)
def not_yet_valid(evidence: Evidence) -> Iterator[Claim]:
    for served_cert in served_certificates(evidence):
        early_cert = premature_certificate(evidence, served_cert)
        if early_cert is not None and early_cert.not_before is not None:
            facts = {
                "which": label(early_cert),
                "intermediate": early_cert is not served_cert.leaf,
                "since": early_cert.not_before,
            }
            yield claim(evidence, served_cert, facts, manual_fix("compare-clocks"))
