"""The issuer has revoked the certificate (OCSP, RFC 6960; CRL, RFC 5280 section 5). Judged only
from the issuer's own word: a responder that is down says nothing."""

from collections.abc import Iterator

from checks.certificate import BROUGHT_ABOUT, REVOKED, by_hand, claim
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.tls import Handshake, Revocation, served


@check(severity=Severity.ERROR, needs=[Handshake], explains=BROUGHT_ABOUT)
def revoked(evidence: Evidence) -> Iterator[Claim]:
    said = {one.serial: one for one in evidence.good(Revocation) if one.status == "revoked"}
    for one in served(evidence):
        word = said.get(one.leaf.serial)
        if word is None and REVOKED not in one.verify_codes:
            continue
        facts = {
            "source": word.source if word else "",
            "since": word.revoked_at or "" if word else "",
            "reason": word.reason if word else "",
        }
        yield claim(evidence, one, facts, by_hand("replace"))
