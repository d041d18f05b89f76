"""A certificate above the leaf has expired. Current clients work without it, because they know a
newer path to a root. Old clients (OpenSSL before 1.1.0, Android before 7.1.1) follow the
certificates that are sent, and fail."""

from collections.abc import Iterator

from checks.certificate import claim, label, manual_fix
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.tls import Handshake, served_certificates


@check(severity=Severity.NOTE, needs=[Handshake])
def expired_cross_sign(evidence: Evidence) -> Iterator[Claim]:
    for served_cert in served_certificates(evidence, lambda handshake: handshake.verify_code == 0):
        expired_certs = [
            certificate
            for certificate in served_cert.chain[1:]
            if certificate.is_expired(evidence.started_at)
        ]
        if expired_certs:
            facts = {"extra": label(expired_certs[0]), "since": expired_certs[0].not_after}
            yield claim(evidence, served_cert, facts, manual_fix("leave-it-out"))
