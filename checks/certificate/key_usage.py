"""The certificate's key usage does not allow what the server does with its key (RFC 5280 section
4.2.1.3): a signature in TLS 1.3 and with ephemeral keys (digitalSignature; RFC 8446 section
4.4.2.2), a decryption in TLS 1.2 with RSA key exchange (keyEncipherment; RFC 5246 section 7.4.2).

Chromium refuses it with ERR_SSL_KEY_USAGE_INCOMPATIBLE, and was asked about each row of
tests/probes/outside/test_browser_keys.py; OpenSSL and curl do not look.
"""

from collections.abc import Iterator

from checks.certificate import COMMON_EFFECTS, claim, request_fix
from checks.certificate.wrong_purpose import unfit_certificate
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.tls import Handshake, served_certificates

#: Suites of TLS 1.2 with ephemeral keys begin with these words.
_EPHEMERAL = ("ECDHE-", "DHE-", "TLS_")


@check(severity=Severity.ERROR, needs=[Handshake], explains=COMMON_EFFECTS)
def key_usage(evidence: Evidence) -> Iterator[Claim]:
    for served_cert in served_certificates(evidence, _lacks_usage):
        handshake = served_cert.handshakes[0]
        facts = {
            "needed": _needed_usage(handshake),
            "key_usages": served_cert.leaf.key_usages,
            "protocol": handshake.protocol,
        }
        yield claim(evidence, served_cert, facts, request_fix(evidence, "reissue"))


def _needed_usage(handshake: Handshake) -> str:
    """Return the key usage that the handshake needs; "" if it is unknown."""
    if not handshake.protocol or not handshake.cipher:
        return ""
    is_signed = handshake.protocol == "TLSv1.3" or handshake.cipher.startswith(_EPHEMERAL)
    return "digitalSignature" if is_signed else "keyEncipherment"


def _lacks_usage(handshake: Handshake) -> bool:
    """Return whether the key usage is there and lacks what the handshake needs. What OpenSSL
    refuses is `certificate.wrong-purpose`."""
    needed = _needed_usage(handshake)
    usages = handshake.chain[0].key_usages if handshake.chain else ()
    return bool(needed and usages) and needed not in usages and not unfit_certificate(handshake)
