"""The server sends certificates of authorities, and none of them issued the leaf, judged by the
names, the key identifiers (RFC 5280 section 4.2.1.1) or the signature (OpenSSL: 7). It may be a
bundle left from the last certificate, or the root instead of the intermediate.

A bad signature may also be a damaged one; then the key identifiers agree.
"""

from collections.abc import Iterator

from checks.certificate import (
    BAD_SIGNATURE,
    COMMON_EFFECTS,
    chain_fault,
    claim,
    label,
    replaced_by_hand,
)
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity
from diagnose.model.tls import Handshake, certificate_path, served_certificates


@check(severity=Severity.ERROR, needs=[Handshake], explains=COMMON_EFFECTS)
def wrong_intermediate(evidence: Evidence) -> Iterator[Claim]:
    for served_cert in served_certificates(
        evidence, lambda handshake: chain_fault(evidence, handshake) == "wrong-intermediate"
    ):
        path = certificate_path(served_cert.chain)
        unrelated_certs = [
            certificate for certificate in served_cert.chain if certificate not in path
        ] or list(served_cert.chain[1:])
        # Imported late: few servers send a certificate of another authority.
        from checks.certificate._sent_issuers import chain_file, is_fetched, sent_issuers

        urls = path[-1].issuer_urls
        # A chain may break further up as well: then the leaf's own issuer is there.
        fix = sent_issuers(evidence, served_cert.leaf) if len(path) == 1 else None
        facts = {
            "sent": tuple(dict.fromkeys(label(certificate) for certificate in unrelated_certs)),
            "wanted": path[-1].issuer,
            "url": urls[0] if urls else "",
            "apart": chain_file(evidence),
            "fetched": is_fetched(fix),
        }
        is_certain = BAD_SIGNATURE not in served_cert.verify_codes
        yield claim(
            evidence,
            served_cert,
            facts,
            fix or replaced_by_hand(evidence, served_cert.leaf, "replace-the-intermediate"),
            confidence=Confidence.CERTAIN if is_certain else Confidence.LIKELY,
        )
