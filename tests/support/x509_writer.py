"""Writes X.509 certificates byte by byte, with signatures that are right: what no library would
write. Always the same ones; only RSA keys are new in each run."""

import functools
import hashlib
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa

NAME = "shop.example.com"

OIDS = {
    "CN": "2.5.4.3",
    "C": "2.5.4.6",
    "O": "2.5.4.10",
    "serial": "2.5.4.5",
    "email": "1.2.840.113549.1.9.1",
    "own": "1.3.6.1.4.1.99999.1",
}
SAN, BASIC, USAGE, EXTENDED = "2.5.29.17", "2.5.29.19", "2.5.29.15", "2.5.29.37"
SKI, AKI, AIA = "2.5.29.14", "2.5.29.35", "1.3.6.1.5.5.7.1.1"
CRL, FEATURE, CONSTRAINTS = "2.5.29.31", "1.3.6.1.5.5.7.1.24", "2.5.29.30"
POLICIES, POLICY_LIMITS, ANY_POLICY_LIMIT = "2.5.29.32", "2.5.29.36", "2.5.29.54"
SERVER, CLIENT, CODE = "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.3"
ANY, STEP_UP = "2.5.29.37.0", "2.16.840.1.113730.4.1"

#: The kinds of string (X.680 section 8).
STRINGS = {
    "utf8": 0x0C,
    "numeric": 0x12,
    "printable": 0x13,
    "t61": 0x14,
    "ia5": 0x16,
    "visible": 0x1A,
    "general": 0x1B,
    "universal": 0x1C,
    "bmp": 0x1E,
}


# DER


def tlv(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    size = len(content)
    if size < 128:
        return bytes((tag, size)) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(octets))) + octets + content


def seq(*parts: bytes) -> bytes:
    return tlv(0x30, *parts)


def integer(value: int | bytes) -> bytes:
    if isinstance(value, bytes):
        return tlv(0x02, value)
    return tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def oid(dotted: str) -> bytes:
    head, second, *rest = map(int, dotted.split("."))
    octets = bytearray()
    for number in (40 * head + second, *rest):
        group = [number & 0x7F]
        while number := number >> 7:
            group.append(0x80 | number & 0x7F)
        octets += bytes(reversed(group))
    return tlv(0x06, bytes(octets))


def bits(data: bytes, unused: int = 0) -> bytes:
    return tlv(0x03, bytes((unused,)), data)


def octets(data: bytes) -> bytes:
    return tlv(0x04, data)


def rdn(kind: str, value: bytes, tag: int = 0x0C) -> bytes:
    return tlv(0x31, seq(oid(OIDS[kind]), tlv(tag, value)))


def named(common_name: str) -> bytes:
    return seq(rdn("CN", common_name.encode()))


def dns(name: bytes = NAME.encode()) -> bytes:
    return tlv(0x82, name)


# Keys


@functools.cache
def curve_key(number: int, curve: type[ec.EllipticCurve] = ec.SECP256R1) -> Any:
    return ec.derive_private_key(1000 + number, curve())


@functools.cache
def rsa_key(size: int) -> Any:
    return rsa.generate_private_key(65537, size)


ED25519 = ed25519.Ed25519PrivateKey.from_private_bytes(b"\x05" * 32)
ED448 = ed448.Ed448PrivateKey.from_private_bytes(b"\x05" * 57)

HASHES: dict[str, tuple[hashes.HashAlgorithm, str, str]] = {
    "md5": (hashes.MD5(), "1.2.840.113549.1.1.4", ""),
    "sha1": (hashes.SHA1(), "1.2.840.113549.1.1.5", "1.2.840.10045.4.1"),
    "sha224": (hashes.SHA224(), "1.2.840.113549.1.1.14", "1.2.840.10045.4.3.1"),
    "sha256": (hashes.SHA256(), "1.2.840.113549.1.1.11", "1.2.840.10045.4.3.2"),
    "sha384": (hashes.SHA384(), "1.2.840.113549.1.1.12", "1.2.840.10045.4.3.3"),
    "sha512": (hashes.SHA512(), "1.2.840.113549.1.1.13", "1.2.840.10045.4.3.4"),
}


def spki(key: Any) -> bytes:
    public: bytes = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return public


def key_id(key: Any) -> bytes:
    return hashlib.sha1(spki(key)).digest()


def signed(signer: Any, hash_name: str, write: Any) -> bytes:
    """What `write` makes of the algorithm's identifier, and its signature."""
    made, with_rsa, with_ec = HASHES[hash_name]
    if isinstance(signer, rsa.RSAPrivateKey):
        algorithm = seq(oid(with_rsa), tlv(0x05))
        body = write(algorithm)
        signature = signer.sign(body, padding.PKCS1v15(), made)
    elif isinstance(signer, ec.EllipticCurvePrivateKey):
        algorithm = seq(oid(with_ec))
        body = write(algorithm)
        signature = signer.sign(body, ec.ECDSA(made))
    else:
        algorithm = seq(oid("1.3.101.112" if signer is ED25519 else "1.3.101.113"))
        body = write(algorithm)
        signature = signer.sign(body)
    return seq(body, algorithm, bits(signature))


# Extensions


def extension(identifier: str, value: bytes, critical: bool = False) -> bytes:
    return seq(oid(identifier), tlv(0x01, b"\xff") if critical else b"", octets(value))


def usage(*numbers: int) -> bytes:
    value = sum(1 << (15 - number) for number in numbers)
    return bits(value.to_bytes(2, "big"), 7)


def extended(*usages: str) -> bytes:
    return seq(*map(oid, usages))


def access(url: bytes = b"http://ca.example/ca.der") -> bytes:
    return seq(seq(oid("1.3.6.1.5.5.7.48.2"), tlv(0x86, url)))


def points(url: bytes = b"http://ca.example/crl") -> bytes:
    return seq(seq(tlv(0xA0, tlv(0xA0, tlv(0x86, url)))))


Values = dict[str, tuple[bytes, bool]]


def leaf_values(key: Any, above: Any) -> Values:
    return {
        BASIC: (seq(), True),
        USAGE: (usage(0, 2), True),
        EXTENDED: (extended(SERVER), False),
        SAN: (seq(dns()), False),
        SKI: (octets(key_id(key)), False),
        AKI: (seq(tlv(0x80, key_id(above))), False),
        AIA: (access(), False),
        CRL: (points(), False),
    }


def authority_values(key: Any, above: Any) -> Values:
    return {
        BASIC: (seq(tlv(0x01, b"\xff")), True),
        USAGE: (usage(5, 6), True),
        SKI: (octets(key_id(key)), False),
        AKI: (seq(tlv(0x80, key_id(above))), False),
    }


def utc(text: str) -> bytes:
    return tlv(0x17, text.encode())


def general(text: str) -> bytes:
    return tlv(0x18, text.encode())


BEGUN, FUTURE = utc("200101000000Z"), utc("490101000000Z")
OVER = utc("210101000000Z")


@dataclass(frozen=True)
class Written:
    """What one certificate says. `extensions` as bytes stands for the whole field."""

    key: Any
    subject: bytes
    issuer: bytes
    above: Any
    extensions: Any
    version: int | None = 2
    serial: int | bytes = 4711
    begun: bytes = BEGUN
    over: bytes = FUTURE
    hash_name: str = "sha256"

    def der(self) -> bytes:
        values = self.extensions
        if isinstance(values, dict):
            values = [
                extension(name, value, critical) for name, (value, critical) in values.items()
            ]
        listed = values if isinstance(values, bytes) else tlv(0xA3, seq(*values)) if values else b""
        version = b"" if self.version is None else tlv(0xA0, integer(self.version))
        return signed(
            self.above,
            self.hash_name,
            lambda algorithm: seq(
                version,
                integer(self.serial),
                algorithm,
                self.issuer,
                seq(self.begun, self.over),
                self.subject,
                spki(self.key),
                listed,
            ),
        )


ROOT_KEY, MIDDLE_KEY, LEAF_KEY, OTHER_KEY = map(curve_key, range(4))
ROOT_NAME, MIDDLE_NAME = named("Odd Root"), named("Odd Middle")


@functools.cache
def root(key: Any = ROOT_KEY, name: bytes = ROOT_NAME, **other: Any) -> bytes:
    given = {"extensions": authority_values(key, key)} | other
    return Written(key=key, subject=name, issuer=name, above=key, **given).der()


def middle(**other: Any) -> bytes:
    key, above = other.pop("key", MIDDLE_KEY), other.pop("above", ROOT_KEY)
    values = authority_values(key, above) | other.pop("values", {})
    given = {"subject": MIDDLE_NAME, "issuer": ROOT_NAME, "extensions": values} | other
    return Written(key=key, above=above, **given).der()


def leaf(**other: Any) -> bytes:
    key, above = other.pop("key", LEAF_KEY), other.pop("above", MIDDLE_KEY)
    values = leaf_values(key, above) | other.pop("values", {})
    for absent in other.pop("without", ()):
        del values[absent]
    given = {"subject": named(NAME), "issuer": MIDDLE_NAME, "extensions": values} | other
    return Written(key=key, above=above, **given).der()


@dataclass(frozen=True)
class Case:
    """A chain that a server sends, and the roots that are trusted. `causes`: what the product has
    to name where it is known; None where that is for OpenSSL and curl to say. `host`: the name
    asked for."""

    name: str
    chain: tuple[bytes, ...]
    causes: tuple[str, ...] | None = None
    key: Any = LEAF_KEY
    roots: tuple[bytes, ...] = field(default_factory=lambda: (root(),))
    host: str = NAME


@functools.cache
def between() -> bytes:
    return middle()


def one(name: str, causes: tuple[str, ...] | None = None, **other: Any) -> Case:
    """A leaf below the usual authorities."""
    return Case(name, (leaf(**other), between()), causes, other.get("key", LEAF_KEY))
