"""The certificate has no subject alternative name, and the host only as its common name. curl and
OpenSSL still accept that; browsers have refused it since 2017 (RFC 9525 section 2)."""

from collections.abc import Iterator

from checks.certificate import COMMON_EFFECTS, claim, request_fix
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.tls import Handshake, served_certificates
from diagnose.parsers.hostnames import covers


@check(severity=Severity.ERROR, needs=[Handshake], explains=COMMON_EFFECTS)
def no_san(evidence: Evidence) -> Iterator[Claim]:
    for served_cert in served_certificates(evidence):
        has_san = (
            bool(served_cert.leaf.dns_names or served_cert.leaf.addresses)
            or "names" in served_cert.leaf.unread
        )
        common_names = (served_cert.leaf.common_name,) if served_cert.leaf.common_name else ()
        # If the common name is another name, certificate.name-mismatch reports it.
        if not has_san and (
            not common_names or covers(evidence.target.host, common_names, common_names)
        ):
            yield claim(evidence, served_cert, {}, request_fix(evidence, "reissue"))
