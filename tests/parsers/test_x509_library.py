"""What is not ordinary: cryptography reads it, and what cryptography rejects is read by fields."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from diagnose.parsers import x509, x509_fields, x509_library
from tests.support import x509_writer as odd


def spki(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def test_an_ordinary_certificate_is_not_given_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    der = odd.leaf()
    expected = x509_library.parse_certificate(der)
    monkeypatch.setattr(x509_library, "parse_certificate", None)
    x509.parse_certificate.cache_clear()
    assert x509.parse_certificate(der) == expected


@pytest.mark.parametrize(
    "der",
    [
        pytest.param(odd.leaf(values={odd.SAN: (b"\xde\xad", False)}), id="an unreadable field"),
        pytest.param(odd.leaf(over=odd.utc("no date")), id="no date"),
    ],
)
def test_what_is_not_ordinary_is_read_as_it_reads_it(der: bytes) -> None:
    assert not x509_fields.is_ordinary(x509_fields.parse_certificate(der))
    assert x509.parse_certificate(der) == x509_library.parse_certificate(der)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (ec.generate_private_key(ec.SECP256R1()), ("EC", 256, "secp256r1")),
        (ec.generate_private_key(ec.SECP384R1()), ("EC", 384, "secp384r1")),
        (ec.generate_private_key(ec.SECP521R1()), ("EC", 521, "secp521r1")),
        (ec.generate_private_key(ec.BrainpoolP256R1()), ("EC", 0, "")),
        (rsa.generate_private_key(65537, 2048), ("RSA", 2048, "")),
    ],
)
def test_a_key_is_known_by_its_fields_or_left_to_it(
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, expected: tuple[str, int, str]
) -> None:
    assert x509_fields.public_key(spki(key)) == expected


def test_a_compressed_point_is_left_to_it() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    long = spki(key)
    begin = long[2 : len(long) - 65 - 3]  # the algorithm, without what holds it and the key
    assert x509_fields.public_key(odd.tlv(0x30, begin + odd.tlv(3, b"\0" + point))) == ("EC", 0, "")


def test_a_key_is_written_as_openssl_writes_it_and_otherwise_stays() -> None:
    data = spki(ec.generate_private_key(ec.SECP256R1()))
    assert x509_library.public_key_der(data) == data
    assert x509_library.public_key_der(b"no key") == b"no key"
