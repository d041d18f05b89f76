"""The key is too short or the signature uses a broken hash (OpenSSL: 66 for the key of the leaf, 67
for an authority's, 68 for the hash; CA/Browser Forum Baseline Requirements 6.1.5: RSA of 2048 bits
at least; 7.1.3.2: no SHA-1). A root's own signature does not matter: nobody relies on it. Its key
does; a root that is not sent is known only by its name."""

from collections.abc import Iterator

from checks.certificate import (
    BROUGHT_ABOUT,
    CA_KEY_TOO_SMALL,
    HASH_TOO_WEAK,
    WEAK,
    by_hand,
    claim,
    label,
)
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.tls import Certificate, Handshake, Served, path_of, served

_BROKEN = {"md2", "md4", "md5", "sha1"}
_SHORTEST = {"RSA": 2048, "DSA": 2048, "EC": 224}


@check(severity=Severity.ERROR, needs=[Handshake], explains=BROUGHT_ABOUT)
def weak(evidence: Evidence) -> Iterator[Claim]:
    for one in served(evidence):
        codes = one.verify_codes & WEAK
        bad = _weakest(one, codes)
        if bad is None and not codes:
            continue
        path = path_of(one.chain)
        facts = {
            "which": label(bad) if bad else path[-1].issuer,
            "authority": bad is not one.leaf,
            "key": f"{bad.key_type} {bad.key_bits}" if bad and _short(bad) else "",
            "hash": bad.signature_hash.upper() if bad and _broken(bad) else "",
        }
        step = "reissue" if bad is one.leaf else "another-authority"
        yield claim(evidence, one, facts, by_hand(step))


def _weakest(one: Served, codes: frozenset[int]) -> Certificate | None:
    """The certificate that is meant, None where it was not sent. Above the leaf it matters only
    where OpenSSL found no way around."""
    above = path_of(one.chain)[1:]
    if _short(one.leaf) or _broken(one.leaf):
        return one.leaf
    if CA_KEY_TOO_SMALL in codes:
        return next(filter(_short, above), None)
    if HASH_TOO_WEAK in codes:
        return next(filter(_broken, above), None)
    return one.leaf if codes else None


def _short(one: Certificate) -> bool:
    return 0 < one.key_bits < _SHORTEST.get(one.key_type, 0)


def _broken(one: Certificate) -> bool:
    return one.signature_hash in _BROKEN and not one.self_issued
