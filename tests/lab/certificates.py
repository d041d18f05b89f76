"""Certificates, good and bad: one authority per process, as many leaves as are asked for."""

import datetime as dt
import functools
import ipaddress
from dataclasses import dataclass
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
KeyType = Literal["ec", "p521", "rsa", "rsa1024"]
NAME = "shop.example.com"


@dataclass(frozen=True, slots=True)
class Issued:
    certificate: x509.Certificate
    key: Key
    issuer: "Issued | None" = None

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def key_pem(self) -> str:
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode()

    @property
    def root(self) -> "Issued":
        return self.issuer.root if self.issuer else self

    @property
    def chain(self) -> str:
        """What a server should send: the leaf and every intermediate, without the root."""
        above = self.issuer
        return self.pem + (above.chain if above and above.issuer else "")

    @property
    def whole_chain(self) -> str:
        return self.pem + (self.issuer.whole_chain if self.issuer else "")


def new_key(kind: KeyType = "ec") -> Key:
    match kind:
        case "ec":
            return ec.generate_private_key(ec.SECP256R1())
        case "p521":
            return ec.generate_private_key(ec.SECP521R1())
        case "rsa":
            return rsa.generate_private_key(65537, 2048)
        case "rsa1024":
            return rsa.generate_private_key(65537, 1024)


def days(number: float) -> dt.datetime:
    return dt.datetime.now(dt.UTC).replace(microsecond=0) + dt.timedelta(days=number)


def _subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _identifiers(
    builder: x509.CertificateBuilder, key: Key, issuer: Issued | None
) -> x509.CertificateBuilder:
    above = issuer.key if issuer else key
    of_issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(above.public_key())
    of_subject = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return builder.add_extension(of_subject, False).add_extension(of_issuer, False)


def _access(responder: bool) -> x509.AuthorityInformationAccess:
    """Where the issuer's certificate is, as every public authority says it, and some the server
    that answers OCSP."""
    places = [(AuthorityInformationAccessOID.CA_ISSUERS, "http://ca.example.com/issuer.der")]
    if responder:
        places.append((AuthorityInformationAccessOID.OCSP, "http://ocsp.example.com"))
    return x509.AuthorityInformationAccess(
        [x509.AccessDescription(kind, x509.UniformResourceIdentifier(url)) for kind, url in places]
    )


def authority(
    name: str,
    issuer: Issued | None = None,
    *,
    key: Key | None = None,
    starts: float = -1000,
    ends: float = 2000,
    identifiers: bool = True,
) -> Issued:
    """A root, or below `issuer` an intermediate. With another's `key`: a cross-sign."""
    key = key or new_key()
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_subject(name))
        .issuer_name(issuer.certificate.subject if issuer else _subject(name))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(days(starts))
        .not_valid_after(days(ends))
        .add_extension(x509.BasicConstraints(True, None), True)
        .add_extension(usage, True)
    )
    if identifiers:
        builder = _identifiers(builder, key, issuer)
    return Issued(builder.sign(issuer.key if issuer else key, hashes.SHA256()), key, issuer)


def leaf(
    *names: str,
    issuer: Issued | Literal["self"] | None = None,
    common_name: str | None = None,
    starts: float = -10,
    ends: float = 80,
    key: Key | KeyType = "ec",
    hash: hashes.SHA256 | hashes.SHA384 | None = None,
    usage: x509.ObjectIdentifier = ExtendedKeyUsageOID.SERVER_AUTH,
    san: bool = True,
    must_staple: bool = False,
    responder: bool = False,
    identifiers: bool = True,
    key_usage: x509.KeyUsage | None = None,
) -> Issued:
    """For a server with these `names` (the shop's if none is given), good unless told otherwise."""
    names = names or (NAME,)
    key = new_key(key) if isinstance(key, str) else key
    above = None if issuer == "self" else issuer or intermediate()
    subject = _subject(common_name or names[0])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(above.certificate.subject if above else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(days(starts))
        .not_valid_after(days(ends))
        .add_extension(x509.BasicConstraints(False, None), True)
        .add_extension(x509.ExtendedKeyUsage([usage]), False)
    )
    if san:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([_general(name) for name in names]), False
        )
    if key_usage:
        builder = builder.add_extension(key_usage, True)
    if must_staple:
        builder = builder.add_extension(
            x509.TLSFeature([x509.TLSFeatureType.status_request]), False
        )
    if above and above.root is not private_root():
        builder = builder.add_extension(_access(responder), False)
    if identifiers:
        builder = _identifiers(builder, key, above)
    return Issued(builder.sign(above.key if above else key, hash or hashes.SHA256()), key, above)


@functools.cache
def root() -> Issued:
    return authority("Lab Root")


@functools.cache
def intermediate() -> Issued:
    return authority("Lab Intermediate", root())


@functools.cache
def other_intermediate() -> Issued:
    """Below the same root, but not the issuer of the shop's certificate."""
    return authority("Lab Other Intermediate", root())


@functools.cache
def private_root() -> Issued:
    """Nobody trusts it."""
    return authority("Company Root")


@functools.cache
def good() -> Issued:
    return leaf()
