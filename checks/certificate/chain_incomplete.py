"""The leaf comes without the certificate of its issuer, and the issuer is no trusted root: cert.pem
served instead of fullchain.pem. Desktop browsers often fetch or remember what is missing; curl,
Android, and other programs do not.

From outside an unknown issuer could also be a private root. A certificate that says where its
issuer's is to be had (RFC 5280 section 4.2.2.1), as all public ones do, speaks against that.
"""

from collections.abc import Iterator

from checks.certificate import BROUGHT_ABOUT, by_hand, chain_fault, claim
from diagnose.catalogue import check
from diagnose.model import Claim, Confidence, Evidence, Severity
from diagnose.model.tls import Handshake, served


@check(severity=Severity.ERROR, needs=[Handshake], explains=BROUGHT_ABOUT)
def chain_incomplete(evidence: Evidence) -> Iterator[Claim]:
    for one in served(evidence, lambda seen: chain_fault(seen) == "chain-incomplete"):
        urls = one.leaf.issuer_urls
        yield claim(
            evidence,
            one,
            {"url": urls[0] if urls else "", "sent": len(one.chain)},
            by_hand("serve-the-chain"),
            confidence=Confidence.CERTAIN if urls else Confidence.LIKELY,
            ruled_out=("certificate.self-signed", "certificate.wrong-intermediate"),
        )
