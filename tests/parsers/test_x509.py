import datetime as dt
import ssl
from ipaddress import ip_address

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID as Access
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import given
from hypothesis import strategies as st

from diagnose.parsers.x509 import parse_certificate, parse_chain
from tests.support import x509_writer as odd

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)

END = dt.datetime(2026, 4, 1, tzinfo=dt.UTC)


def made(
    *extensions: x509.ExtensionType,
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | None = None,
    name: str = "shop.example.com",
) -> bytes:
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(0xABC)
        .not_valid_before(START)
        .not_valid_after(END)
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def uri(value: str) -> x509.UniformResourceIdentifier:
    return x509.UniformResourceIdentifier(value)


def test_all_that_checks_ask_for_is_read() -> None:
    der = made(
        x509.SubjectAlternativeName(
            [x509.DNSName("*.example.com"), x509.IPAddress(ip_address("::1"))]
        ),
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]),
        x509.TLSFeature([x509.TLSFeatureType.status_request]),
        x509.AuthorityInformationAccess(
            [
                x509.AccessDescription(Access.CA_ISSUERS, uri("http://ca.example/ca.der")),
                x509.AccessDescription(Access.OCSP, uri("http://ocsp.example")),
            ]
        ),
        x509.CRLDistributionPoints(
            [x509.DistributionPoint([uri("http://ca.example/crl")], None, None, None)]
        ),
    )
    found = parse_certificate(der)
    assert (found.common_name, found.serial) == ("shop.example.com", "abc")
    assert (found.not_before, found.not_after) == (START, END)
    assert found.dns_names == ("*.example.com",)
    assert found.addresses == ("::1",)
    assert found.usages == ("1.3.6.1.5.5.7.3.1",)
    assert found.must_staple
    assert found.issuer_urls == ("http://ca.example/ca.der",)
    assert found.ocsp_urls == ("http://ocsp.example",)
    assert found.crl_urls == ("http://ca.example/crl",)
    assert (found.key_type, found.key_bits, found.signature_hash) == ("EC", 256, "sha256")
    assert found.self_issued
    assert not found.is_ca


def test_the_kind_and_size_of_an_rsa_key() -> None:
    found = parse_certificate(made(key=rsa.generate_private_key(65537, 2048)))
    assert (found.key_type, found.key_bits) == ("RSA", 2048)
    assert (found.dns_names, found.usages, found.key_id) == ((), (), "")


def test_names_cannot_move_the_cursor() -> None:
    assert parse_certificate(made(name="a\x1b[2Jb")).common_name == "a\ufffd[2Jb"


def test_issuers_are_tied_by_key_identifiers() -> None:
    authority = trustme.CA()
    leaf = authority.issue_cert("shop.example.com")
    found, above = (
        parse_certificate(ssl.PEM_cert_to_DER_cert(pem.bytes().decode()))
        for pem in (leaf.cert_chain_pems[0], authority.cert_pem)
    )
    assert found.authority_key_id == above.key_id != ""
    assert above.is_ca


def test_a_chain_ends_where_it_cannot_be_read() -> None:
    der = made()
    assert len(parse_chain((der, b"garbage", der))) == 1
    with pytest.raises(ValueError):
        parse_certificate(b"garbage")


@given(st.binary(max_size=64))
def test_garbage_is_no_certificate(data: bytes) -> None:
    assert parse_chain((data,)) == ()


def test_a_blank_beside_a_name_stays_visible() -> None:
    names = odd.seq(odd.dns(b" shop.example.com "))
    assert parse_certificate(odd.leaf(values={odd.SAN: (names, False)})).dns_names == (
        "␣shop.example.com␣",
    )


@given(st.integers(0, 700), st.binary(min_size=1, max_size=3))
def test_a_certificate_with_anything_in_it_is_read_or_is_none(at: int, put: bytes) -> None:
    der = odd.leaf()
    assert len(parse_chain((der[:at] + put + der[at + len(put) :],))) in {0, 1}
