"""The key is too short or the signature uses a broken hash (OpenSSL: 66, 67, 68; CA/Browser Forum
Baseline Requirements 6.1.5: RSA of 2048 bits at least; 7.1.3.2: no SHA-1). A root's own
signature does not matter: nobody relies on it."""

from collections.abc import Iterator

from checks.certificate import BROUGHT_ABOUT, WEAK, by_hand, claim, label
from diagnose.catalogue import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.tls import Certificate, Handshake, path_of, served

_BROKEN = {"md2", "md4", "md5", "sha1"}
_SHORTEST = {"RSA": 2048, "DSA": 2048, "EC": 224}


@check(severity=Severity.ERROR, needs=[Handshake], explains=BROUGHT_ABOUT)
def weak(evidence: Evidence) -> Iterator[Claim]:
    for one in served(evidence):
        # Above the leaf it matters only where OpenSSL found no way around.
        refused = bool(WEAK.intersection(one.verify_codes))
        path = path_of(one.chain) if refused else (one.leaf,)
        bad = next((each for each in path if _short(each) or _broken(each)), None)
        if bad is None and not refused:
            continue
        told = bad or one.leaf
        facts = {
            "which": label(told),
            "key": f"{told.key_type} {told.key_bits}" if _short(told) else "",
            "hash": told.signature_hash.upper() if _broken(told) else "",
        }
        yield claim(evidence, one, facts, by_hand("reissue"))


def _short(one: Certificate) -> bool:
    return 0 < one.key_bits < _SHORTEST.get(one.key_type, 0)


def _broken(one: Certificate) -> bool:
    return one.signature_hash in _BROKEN and not one.self_issued
