"""The issuer has revoked the certificate (OCSP, RFC 6960; CRL, RFC 5280 section 5). Only the
issuer's own statement counts: a responder that is down proves nothing."""

from collections.abc import Iterator

from checks.certificate import COMMON_EFFECTS, REVOKED, claim, request_fix
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.tls import Handshake, Revocation, served_certificates


@check(severity=Severity.ERROR, needs=[Handshake], explains=COMMON_EFFECTS)
def revoked(evidence: Evidence) -> Iterator[Claim]:
    revocations = {
        revocation.serial: revocation
        for revocation in evidence.good(Revocation)
        if revocation.status == "revoked"
    }
    for served_cert in served_certificates(evidence):
        revocation = revocations.get(served_cert.leaf.serial)
        if revocation is None and REVOKED not in served_cert.verify_codes:
            continue
        facts = {
            "source": revocation.source if revocation else "",
            "since": revocation.revoked_at or "" if revocation else "",
            "reason": revocation.reason if revocation else "",
        }
        yield claim(evidence, served_cert, facts, request_fix(evidence, "replace"))
