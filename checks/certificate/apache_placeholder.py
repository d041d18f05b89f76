"""Apache's mod_md should get the certificate and serves its own stand-in meanwhile (md_crypt.c: the
name "Apache Managed Domain Fallback"). It answers every request with 503 (mod_ssl, AH10085).

mod_md loads a certificate that it has got only when Apache is restarted gracefully.
"""

from collections.abc import Iterator

from checks.certificate import COMMON_EFFECTS, REPLACEABLE_FAULTS, chain_fault, claim
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Where
from diagnose.model.tls import Handshake, served_certificates

STAND_IN = "Apache Managed Domain Fallback"


@check(
    severity=Severity.ERROR,
    needs=[Handshake],
    explains=[
        "certificate.self-signed",
        "certificate.name-mismatch",
        "server.application-answers",
        "http.server-error",
        *REPLACEABLE_FAULTS,
        *COMMON_EFFECTS,
    ],
)
def apache_placeholder(evidence: Evidence) -> Iterator[Claim]:
    for served_cert in served_certificates(
        evidence, lambda handshake: chain_fault(evidence, handshake) == "self-signed"
    ):
        if served_cert.leaf.common_name == STAND_IN:
            steps = (Manual("let-it-get-one", Where.SERVER),)
            yield claim(evidence, served_cert, {}, Fix(steps, Applicability.MANUAL))
