"""The certificate, or an authority above it, may not be used for servers: its extended key usage
leaves them out (RFC 5280 section 4.2.1.12), as one for clients, code or mail does; or its key usage
leaves out all that a server does with a key (section 4.2.1.3). OpenSSL: 26. The same number for
anything else, as an extension that cannot be read, is `certificate.rejected`."""

from collections.abc import Iterator

from checks.certificate import BROUGHT_ABOUT, WRONG_PURPOSE, by_hand, claim, label
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.tls import Certificate, Handshake, path_of, served

#: serverAuth, and the older step-up of Netscape and Microsoft, which OpenSSL takes for it.
_SERVER = {"1.3.6.1.5.5.7.3.1", "2.16.840.1.113730.4.1", "1.3.6.1.4.1.311.10.3.3"}
_ANY = "2.5.29.37.0"
_NAMES = {
    "1.3.6.1.5.5.7.3.2": "clientAuth",
    "1.3.6.1.5.5.7.3.3": "codeSigning",
    "1.3.6.1.5.5.7.3.4": "emailProtection",
    "1.3.6.1.5.5.7.3.8": "timeStamping",
    "1.3.6.1.5.5.7.3.9": "OCSPSigning",
    _ANY: "anyExtendedKeyUsage",
}

#: What a server's key does, for one or the other exchange of keys.
_SERVING = {"digitalSignature", "keyEncipherment", "keyAgreement"}


@check(severity=Severity.ERROR, needs=[Handshake], explains=BROUGHT_ABOUT)
def wrong_purpose(evidence: Evidence) -> Iterator[Claim]:
    for one in served(evidence, lambda seen: unfit(seen) is not None):
        bad = unfit(one.handshakes[0]) or one.leaf
        usages = bad.usages if _excluded(bad) else ()
        facts = {
            "usages": tuple(_NAMES.get(usage, usage) for usage in usages),
            "key_usages": () if usages else bad.key_usages,
            "which": "" if bad is one.leaf else label(bad),
        }
        step = "reissue" if bad is one.leaf else "another-authority"
        yield claim(evidence, one, facts, by_hand(step))


def unfit(seen: Handshake) -> Certificate | None:
    """The certificate that may not be used for servers. Above the leaf it matters only where
    OpenSSL found no way around; what OpenSSL accepts is fit."""
    if seen.verify_code == 0 or not seen.chain:
        return None
    if _excluded(seen.chain[0]) or _idle(seen.chain[0]):
        return seen.chain[0]
    if seen.verify_code != WRONG_PURPOSE:
        return None
    return next(filter(_excluded, path_of(seen.chain)[1:]), None)


def _excluded(one: Certificate) -> bool:
    return bool(one.usages) and not _SERVER.intersection(one.usages)


def _idle(one: Certificate) -> bool:
    return bool(one.key_usages) and not _SERVING.intersection(one.key_usages)
