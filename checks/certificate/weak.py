"""The key is too short or the signature uses a broken hash (OpenSSL: 66 for the leaf's key, 67 for
an authority's, 68 for the hash; CA/Browser Forum Baseline Requirements 6.1.5: RSA of 2048 bits at
least; 7.1.3.2: no SHA-1).

A root's own signature does not matter, because nobody relies on it. Its key matters; a root that is
not sent is known only by name.
"""

from collections.abc import Iterator

from checks.certificate import (
    CA_KEY_TOO_SMALL,
    COMMON_EFFECTS,
    HASH_TOO_WEAK,
    WEAK,
    claim,
    label,
    request_fix,
)
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.tls import (
    Certificate,
    Handshake,
    ServedCertificate,
    certificate_path,
    served_certificates,
)

_BROKEN_HASHES = {"md2", "md4", "md5", "sha1"}
_MIN_KEY_BITS = {"RSA": 2048, "DSA": 2048, "EC": 224}


@check(severity=Severity.ERROR, needs=[Handshake], explains=COMMON_EFFECTS)
def weak(evidence: Evidence) -> Iterator[Claim]:
    for served_cert in served_certificates(evidence):
        codes = served_cert.verify_codes & WEAK
        weak_cert = _weak_certificate(served_cert, codes)
        if weak_cert is None and not codes:
            continue
        path = certificate_path(served_cert.chain)
        facts = {
            "which": label(weak_cert) if weak_cert else path[-1].issuer,
            "authority": weak_cert is not served_cert.leaf,
            "key": f"{weak_cert.key_type} {weak_cert.key_bits}"
            if weak_cert and _has_short_key(weak_cert)
            else "",
            "hash": weak_cert.signature_hash.upper()
            if weak_cert and _has_broken_hash(weak_cert)
            else "",
        }
        step = "reissue" if weak_cert is served_cert.leaf else "another-authority"
        yield claim(evidence, served_cert, facts, request_fix(evidence, step))


def _weak_certificate(served_cert: ServedCertificate, codes: frozenset[int]) -> Certificate | None:
    """Return the weak certificate, or None if it was not sent. Above the leaf it counts only if
    OpenSSL found no other path."""
    issuers = certificate_path(served_cert.chain)[1:]
    if _has_short_key(served_cert.leaf) or _has_broken_hash(served_cert.leaf):
        return served_cert.leaf
    if CA_KEY_TOO_SMALL in codes:
        return next(filter(_has_short_key, issuers), None)
    if HASH_TOO_WEAK in codes:
        return next(filter(_has_broken_hash, issuers), None)
    return served_cert.leaf if codes else None


def _has_short_key(certificate: Certificate) -> bool:
    return 0 < certificate.key_bits < _MIN_KEY_BITS.get(certificate.key_type, 0)


def _has_broken_hash(certificate: Certificate) -> bool:
    return certificate.signature_hash in _BROKEN_HASHES and not certificate.self_issued
