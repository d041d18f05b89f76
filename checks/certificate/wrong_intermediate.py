"""The server sends certificates of authorities, and none of them issued the leaf: by the names,
by the key identifiers (RFC 5280 section 4.2.1.1), or by the signature (OpenSSL: 7). A bundle
left from the last certificate, or the root in the place of the intermediate. A signature that does
not verify may also be one that was damaged; key identifiers that agree say that it is so."""

import shlex
from collections.abc import Iterator

from checks.certificate import BAD_SIGNATURE, BROUGHT_ABOUT, by_hand, chain_fault, claim, label
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity
from diagnose.model.tls import Handshake, path_of, served


@check(severity=Severity.ERROR, needs=[Handshake], explains=BROUGHT_ABOUT)
def wrong_intermediate(evidence: Evidence) -> Iterator[Claim]:
    for one in served(evidence, lambda seen: chain_fault(evidence, seen) == "wrong-intermediate"):
        path = path_of(one.chain)
        strangers = [each for each in one.chain if each not in path] or list(one.chain[1:])
        urls = path[-1].issuer_urls
        facts = {
            "sent": tuple(dict.fromkeys(label(each) for each in strangers)),
            "wanted": path[-1].issuer,
            "url": shlex.quote(urls[0]) if urls else "",
        }
        sure = BAD_SIGNATURE not in one.verify_codes
        yield claim(
            evidence,
            one,
            facts,
            by_hand("replace-the-intermediate"),
            confidence=Confidence.CERTAIN if sure else Confidence.LIKELY,
        )
