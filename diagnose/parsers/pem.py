"""Parse the public parts of PEM files (RFC 7468): labels, certificates, public keys. No I/O."""

import base64
import binascii
import hashlib
import re

from diagnose.model.tls import Certificate

#: Most certificates of a file that are read.
MAX_CERTIFICATES = 16

_LABEL = re.compile(r"-----BEGIN ([A-Z0-9 #]{1,40})-----")
_BLOCK = re.compile(
    r"-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----([^-]*)-----END (?:X509 |TRUSTED )?"
    r"CERTIFICATE-----"
)

#: Public key algorithms by object identifier in DER (RFC 3279, 5480, 8410, 5756).
_ALGORITHMS = {
    bytes.fromhex("06092a864886f70d010101"): "RSA",
    bytes.fromhex("06092a864886f70d01010a"): "RSA",
    bytes.fromhex("06072a8648ce3d0201"): "EC",
    bytes.fromhex("06032b6570"): "Ed25519",
    bytes.fromhex("06032b6571"): "Ed448",
    bytes.fromhex("06072a8648ce380401"): "DSA",
}


def labels(text: str) -> tuple[str, ...]:
    """Return the labels of a file's blocks, in order."""
    return tuple(_LABEL.findall(text)[: MAX_CERTIFICATES * 2])


def blocks(text: str) -> tuple[str, ...]:
    """Return the certificates of a file as text, unchanged."""
    return tuple(match[0] for match in _BLOCK.finditer(text))


def ders(text: str) -> tuple[bytes, ...]:
    """Return the certificates in DER; invalid base64 is left out."""
    decoded = []
    for body in _BLOCK.findall(text)[:MAX_CERTIFICATES]:
        try:
            decoded.append(base64.b64decode("".join(body.split()), validate=True))
        except (binascii.Error, ValueError):
            continue
    return tuple(decoded)


def certificates(text: str) -> tuple[tuple[Certificate, ...], tuple[str, ...]]:
    """Return the certificates that can be parsed, and the SHA-256 fingerprints of their public
    keys. Imports cryptography."""
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
    """Return algorithm and SHA-256 fingerprint of a public key as `openssl pkey -pubout` prints it,
    or "" and ""."""
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
    """Return whether a file holds certificates only: no secrets, and nothing an edit could lose."""
    block_labels = labels(text)
    return bool(block_labels) and len(block_labels) == len(blocks(text)) and len(text) < 65536
