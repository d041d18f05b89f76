import subprocess

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from diagnose.parsers import pem
from diagnose.parsers.nginx.config import seconds
from tests.lab import certificates

GOOD = certificates.good()


def spki(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def test_a_certificate_and_its_key_have_one_public_key() -> None:
    chain, publics = pem.certificates(GOOD.chain)
    assert chain[0].common_name == "shop.example.com"
    assert pem.public_key(spki(GOOD.key)) == ("EC", publics[0])
    assert publics[0] not in publics[1:]


def test_openssl_says_the_same() -> None:
    argv = ["openssl", "x509", "-noout", "-pubkey"]
    result = subprocess.run(argv, input=GOOD.pem, capture_output=True, text=True, check=True)
    assert pem.public_key(result.stdout)[1] == pem.certificates(GOOD.pem)[1][0]


def test_the_algorithms_of_keys_are_known() -> None:
    assert pem.public_key(spki(rsa.generate_private_key(65537, 2048)))[0] == "RSA"
    assert pem.public_key(spki(ed25519.Ed25519PrivateKey.generate()))[0] == "Ed25519"
    assert pem.public_key("no key") == ("", "")


def test_a_file_that_holds_a_key_besides_is_not_one_of_certificates_only() -> None:
    assert pem.has_only_certificates(GOOD.chain)
    assert not pem.has_only_certificates(GOOD.chain + GOOD.key_pem)
    assert not pem.has_only_certificates("")
    assert pem.labels(GOOD.pem + GOOD.key_pem) == ("CERTIFICATE", "PRIVATE KEY")


@given(st.text())
def test_whatever_a_file_holds_reading_it_does_not_fail(text: str) -> None:
    pem.certificates(f"-----BEGIN CERTIFICATE-----{text}-----END CERTIFICATE-----")
    pem.public_key(text)


def test_a_time_of_a_configuration_is_read() -> None:
    assert [seconds(text) for text in ("90", "60s", "1m30s", "500ms", "2h")] == [
        90,
        60,
        90,
        0.5,
        7200,
    ]
    assert seconds("$timeout") is None
    assert seconds("1" * 200 + "x") is None
