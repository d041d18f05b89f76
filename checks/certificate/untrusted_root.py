"""The chain is whole, and ends in a root that this machine does not trust (OpenSSL: 19, or 20
where the root itself is, rightly, not sent). A company's authority, a CDN's origin authority
(trusted by its own edge alone), a development tool's. A leaf that comes alone and does not say
where its issuer's certificate is, as all public ones do, is taken for a private authority's."""

from collections.abc import Iterator

from checks.certificate import (
    BROUGHT_ABOUT,
    SELF_SIGNED_IN_CHAIN,
    by_hand,
    chain_fault,
    claim,
    label,
    private_authority,
)
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity
from diagnose.model.tls import Handshake, path_of, served


@check(severity=Severity.ERROR, needs=[Handshake], explains=BROUGHT_ABOUT)
def untrusted_root(evidence: Evidence) -> Iterator[Claim]:
    for one in served(evidence, lambda seen: chain_fault(evidence, seen) == "untrusted-root"):
        top = path_of(one.chain)[-1]
        kind = private_authority(top.issuer)
        sent = SELF_SIGNED_IN_CHAIN in one.verify_codes or top.self_issued
        yield claim(
            evidence,
            one,
            {
                "root": label(top) if top.self_issued else top.issuer,
                "origin": kind == "origin",
                "sent": sent,
            },
            by_hand("trust-or-replace"),
            confidence=Confidence.CERTAIN if sent or kind else Confidence.LIKELY,
            ruled_out=("certificate.self-signed", "certificate.wrong-intermediate"),
        )
