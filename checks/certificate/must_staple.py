"""The certificate requires a stapled OCSP response (RFC 7633), and the server sends none. Firefox
refuses the site; other clients do not care.

It counts only if every attempt asked for a response and got none, because nginx fetches one only
after the first request. Or the certificate itself names no responder.
"""

from collections.abc import Iterator

from checks.certificate import claim, request_fix
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.tls import Handshake, served_certificates


@check(severity=Severity.WARNING, needs=[Handshake], explains=["http.hsts-traps-visitors"])
def must_staple(evidence: Evidence) -> Iterator[Claim]:
    stapling_results = [
        handshake.stapled for handshake in evidence.of(Handshake) if handshake.stapled is not None
    ]
    for served_cert in served_certificates(evidence):
        if not served_cert.leaf.must_staple or any(stapling_results):
            continue
        if stapling_results or not served_cert.leaf.ocsp_urls:
            urls = served_cert.leaf.ocsp_urls
            yield claim(
                evidence,
                served_cert,
                {"url": urls[0] if urls else ""},
                request_fix(evidence, "reissue"),
            )
