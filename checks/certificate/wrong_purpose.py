"""The certificate, or an authority above it, must not be used for servers (OpenSSL: 26). Its
extended key usage lacks servers (RFC 5280 section 4.2.1.12), as in certificates for clients, code
or mail. Or its key usage lacks everything that a server does with a key (section 4.2.1.3).

The same OpenSSL error for other reasons, such as an unreadable extension, is
`certificate.rejected`.
"""

from collections.abc import Iterator

from checks.certificate import COMMON_EFFECTS, WRONG_PURPOSE, claim, label, request_fix
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.tls import Certificate, Handshake, certificate_path, served_certificates

#: serverAuth, and the older "step-up" purposes of Netscape and Microsoft, which OpenSSL accepts
#: instead.
_SERVER_PURPOSES = {"1.3.6.1.5.5.7.3.1", "2.16.840.1.113730.4.1", "1.3.6.1.4.1.311.10.3.3"}
_ANY_PURPOSE = "2.5.29.37.0"
_PURPOSE_NAMES = {
    "1.3.6.1.5.5.7.3.2": "clientAuth",
    "1.3.6.1.5.5.7.3.3": "codeSigning",
    "1.3.6.1.5.5.7.3.4": "emailProtection",
    "1.3.6.1.5.5.7.3.8": "timeStamping",
    "1.3.6.1.5.5.7.3.9": "OCSPSigning",
    _ANY_PURPOSE: "anyExtendedKeyUsage",
}

#: What a server does with its key, depending on the key exchange.
_SERVER_KEY_USAGES = {"digitalSignature", "keyEncipherment", "keyAgreement"}


@check(severity=Severity.ERROR, needs=[Handshake], explains=COMMON_EFFECTS)
def wrong_purpose(evidence: Evidence) -> Iterator[Claim]:
    for served_cert in served_certificates(
        evidence, lambda handshake: unfit_certificate(handshake) is not None
    ):
        unfit_cert = unfit_certificate(served_cert.handshakes[0]) or served_cert.leaf
        usages = unfit_cert.usages if _excludes_servers(unfit_cert) else ()
        facts = {
            "usages": tuple(_PURPOSE_NAMES.get(usage, usage) for usage in usages),
            "key_usages": () if usages else unfit_cert.key_usages,
            "which": "" if unfit_cert is served_cert.leaf else label(unfit_cert),
        }
        step = "reissue" if unfit_cert is served_cert.leaf else "another-authority"
        yield claim(evidence, served_cert, facts, request_fix(evidence, step))


def unfit_certificate(handshake: Handshake) -> Certificate | None:
    """Return the certificate that must not be used for servers, or None.

    Above the leaf it counts only if OpenSSL found no other path. A certificate that OpenSSL accepts
    is fit.
    """
    if handshake.verify_code == 0 or not handshake.chain:
        return None
    if _excludes_servers(handshake.chain[0]) or _lacks_server_key_usage(handshake.chain[0]):
        return handshake.chain[0]
    if handshake.verify_code != WRONG_PURPOSE:
        return None
    return next(filter(_excludes_servers, certificate_path(handshake.chain)[1:]), None)


def _excludes_servers(certificate: Certificate) -> bool:
    return bool(certificate.usages) and not _SERVER_PURPOSES.intersection(certificate.usages)


def _lacks_server_key_usage(certificate: Certificate) -> bool:
    return bool(certificate.key_usages) and not _SERVER_KEY_USAGES.intersection(
        certificate.key_usages
    )
