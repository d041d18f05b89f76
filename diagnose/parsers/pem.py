"""PEM files (RFC 7468) as far as they are public: labels, certificates, public keys. Pure."""

import base64
import binascii
import hashlib
import re

from diagnose.model.tls import Certificate

#: Certificates of a file that are read at most.
MAX_CERTIFICATES = 16

_LABEL = re.compile(r"-----BEGIN ([A-Z0-9 #]{1,40})-----")
_BLOCK = re.compile(
    r"-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----([^-]*)-----END (?:X509 |TRUSTED )?"
    r"CERTIFICATE-----"
)

#: The algorithms of public keys by their object identifiers in DER (RFC 3279, 5480, 8410, 5756).
_ALGORITHMS = {
    bytes.fromhex("06092a864886f70d010101"): "RSA",
    bytes.fromhex("06092a864886f70d01010a"): "RSA",
    bytes.fromhex("06072a8648ce3d0201"): "EC",
    bytes.fromhex("06032b6570"): "Ed25519",
    bytes.fromhex("06032b6571"): "Ed448",
    bytes.fromhex("06072a8648ce380401"): "DSA",
}


def labels(text: str) -> tuple[str, ...]:
    """What the blocks of a file say they are, in order."""
    return tuple(_LABEL.findall(text)[: MAX_CERTIFICATES * 2])


def blocks(text: str) -> tuple[str, ...]:
    """The certificates of a file, each as it stands there."""
    return tuple(match[0] for match in _BLOCK.finditer(text))


def ders(text: str) -> tuple[bytes, ...]:
    """The certificates' DER; what is no base64 is left out."""
    decoded = []
    for body in _BLOCK.findall(text)[:MAX_CERTIFICATES]:
        try:
            decoded.append(base64.b64decode("".join(body.split()), validate=True))
        except (binascii.Error, ValueError):
            continue
    return tuple(decoded)


def certificates(text: str) -> tuple[tuple[Certificate, ...], tuple[str, ...]]:
    """The certificates that can be read, and the fingerprints of their public keys. Imports
    cryptography."""
    from diagnose.parsers.x509 import parse_certificate, public_key_der

    chain, key_hashes = [], []
    for der in ders(text):
        try:
            chain.append(parse_certificate(der))
        except ValueError:
            continue
        key_hashes.append(hashlib.sha256(public_key_der(der)).hexdigest())
    return tuple(chain), tuple(key_hashes)


def public_key(text: str) -> tuple[str, str]:
    """Algorithm and fingerprint of a public key, as `openssl pkey -pubout` prints it; "" and ""
    where there is none."""
    match = re.search(r"-----BEGIN PUBLIC KEY-----(.*?)-----END PUBLIC KEY-----", text, re.DOTALL)
    try:
        spki = base64.b64decode("".join(match[1].split()), validate=True) if match else b""
    except (binascii.Error, ValueError):
        spki = b""
    if not spki:
        return "", ""
    algorithms = (name for oid, name in _ALGORITHMS.items() if oid in spki[:32])
    return next(algorithms, "another algorithm"), hashlib.sha256(spki).hexdigest()


def has_only_certificates(text: str) -> bool:
    """Nothing secret among them, and nothing that a change could lose."""
    block_labels = labels(text)
    return bool(block_labels) and len(block_labels) == len(blocks(text)) and len(text) < 65536
