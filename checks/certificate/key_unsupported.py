"""The certificate's key is on a curve that Chrome, Edge and other browsers built on Chromium do not
offer: only P-256 and P-384, and RSA, are usable there. OpenSSL and curl accept P-521, Brainpool and
Edwards curves (RFC 8446 section 4.2.3), so everything but a browser works.

Real Chromium was asked about each curve (tests/probes/outside/test_browser_keys.py):
ERR_SSL_VERSION_OR_CIPHER_MISMATCH. A server may have a second certificate for browsers, so a
handshake with Chromium's algorithms decides.
"""

from collections.abc import Iterator

from checks.certificate import COMMON_EFFECTS, claim, request_fix
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity
from diagnose.model.tls import Handshake, served_certificates

#: Alerts of servers that have no certificate for the algorithms offered (RFC 8446 section 6.2).
_NO_CERTIFICATE = {"handshake_failure", "insufficient_security", "internal_error"}

_NAMES = {"secp521r1": "P-521", "secp224r1": "P-224"}


@check(severity=Severity.ERROR, needs=[Handshake], explains=COMMON_EFFECTS)
def key_unsupported(evidence: Evidence) -> Iterator[Claim]:
    controls = [
        handshake for handshake in evidence.of(Handshake) if handshake.variant == "browser-key"
    ]
    if any(control.failure is None for control in controls):
        return
    refused = [
        control for control in controls if control.alert and control.alert.name in _NO_CERTIFICATE
    ]
    for served_cert in served_certificates(evidence):
        leaf = served_cert.leaf
        if leaf.has_browser_key:
            continue
        facts = {
            "curve": _NAMES.get(leaf.curve, leaf.curve or leaf.key_type),
            "firefox": leaf.curve == "secp521r1",
            "alert": refused[0].alert.name if refused and refused[0].alert else "",
        }
        confidence = Confidence.CERTAIN if refused else Confidence.LIKELY
        yield claim(evidence, served_cert, facts, request_fix(evidence, "reissue"), confidence)
