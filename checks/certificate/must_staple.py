"""The certificate demands a stapled OCSP answer (RFC 7633), and none comes. Firefox refuses the
site, other clients do not mind. Judged only where an answer was asked for and none came, on every
try, for nginx fetches one only after the first client has asked; or where the certificate itself
names no responder from which one could be had."""

from collections.abc import Iterator

from checks.certificate import by_hand, claim
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.tls import Handshake, served


@check(severity=Severity.WARNING, needs=[Handshake], explains=["http.hsts-traps-visitors"])
def must_staple(evidence: Evidence) -> Iterator[Claim]:
    asked = [one.stapled for one in evidence.of(Handshake) if one.stapled is not None]
    for one in served(evidence):
        if not one.leaf.must_staple or any(asked):
            continue
        if asked or not one.leaf.ocsp_urls:
            urls = one.leaf.ocsp_urls
            yield claim(evidence, one, {"url": urls[0] if urls else ""}, by_hand("reissue"))
