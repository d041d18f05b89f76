"""Parse X.509 certificates with cryptography, and what it rejects field by field. No I/O.

cryptography rejects much that OpenSSL and browsers accept. A rejected certificate is read by
`diagnose.parsers.x509_fields`, and unreadable fields are marked. Importing cryptography takes about
40 ms: `diagnose.parsers.x509` does it only for what is not ordinary.
"""

import hashlib
import warnings
from dataclasses import replace
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from diagnose.model.tls import Certificate
from diagnose.parsers import x509_fields
from diagnose.parsers.hostnames import printable_name
from diagnose.parsers.sanitize import clean


def parse_certificate(der: bytes) -> Certificate:
    """Parse one certificate. Raises ValueError if it is not one."""
    with warnings.catch_warnings():
        # Real certificates have serial numbers of 0 and superfluous NULLs; we only read them.
        warnings.simplefilter("ignore")
        try:
            return _from_cryptography(x509.load_der_x509_certificate(der), der)
        except Exception:  # ValueError, UnsupportedGeneralNameType, DuplicateExtension, …
            return _read_by_fields(der)


def _read_by_fields(der: bytes) -> Certificate:
    """Parse a certificate that cryptography rejects. cryptography may still read its key."""
    certificate = x509_fields.parse_certificate(der)
    try:
        key = load_der_public_key(x509_fields.tbs_certificate(der).key)
        key_type, key_bits = _type_and_bits(key)
    except Exception:  # a damaged key or an unsupported algorithm
        return certificate
    unread = tuple(field for field in certificate.unread if field != "key_type")
    return replace(
        certificate, key_type=key_type, key_bits=key_bits, unread=unread, curve=_curve_name(key)
    )


def public_key_der(spki: bytes) -> bytes:
    """Return a SubjectPublicKeyInfo as `openssl pkey -pubout` writes it; unchanged if its algorithm
    or curve is not supported."""
    try:
        key = load_der_public_key(spki)
        return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except Exception:  # an unsupported algorithm or curve
        return spki


def _from_cryptography(certificate: x509.Certificate, der: bytes) -> Certificate:
    key_type, key_bits = _key_type_and_bits(certificate)
    dns_names, addresses = _alternative_names(certificate)
    issuers, responders = _authority_urls(certificate)
    return Certificate(
        subject=clean(certificate.subject.rfc4514_string()),
        issuer=clean(certificate.issuer.rfc4514_string()),
        serial=f"{certificate.serial_number:x}",
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        sha256=hashlib.sha256(der).hexdigest(),
        common_name=_common_name(certificate.subject),
        dns_names=dns_names,
        addresses=addresses,
        key_type=key_type,
        key_bits=key_bits,
        signature_hash=_signature_hash(certificate),
        is_ca=_is_ca(certificate),
        usages=_usages(certificate),
        key_usages=_key_usages(certificate),
        must_staple=_must_staple(certificate),
        key_id=_key_id(certificate),
        authority_key_id=_authority_key_id(certificate),
        issuer_urls=issuers,
        ocsp_urls=responders,
        crl_urls=_crl_urls(certificate),
        curve=_curve(certificate),
    )


def _extension(
    certificate: x509.Certificate, extension_type: type[x509.ExtensionType]
) -> object | None:
    """Return an extension's value, or None. Raises if any extension cannot be parsed."""
    try:
        return certificate.extensions.get_extension_for_class(extension_type).value
    except x509.ExtensionNotFound:
        return None


def _common_name(name: x509.Name) -> str:
    values = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return clean(str(values[0].value)) if values else ""


def _alternative_names(certificate: x509.Certificate) -> tuple[tuple[str, ...], tuple[str, ...]]:
    value = _extension(certificate, x509.SubjectAlternativeName)
    if not isinstance(value, x509.SubjectAlternativeName):
        return (), ()
    names = tuple(printable_name(name) for name in value.get_values_for_type(x509.DNSName))
    return names, tuple(str(address) for address in value.get_values_for_type(x509.IPAddress))


def _key_type_and_bits(certificate: x509.Certificate) -> tuple[str, int]:
    """Return algorithm and size in bits; an unsupported algorithm is not an error."""
    try:
        key = certificate.public_key()
    except Exception:
        return clean(certificate.public_key_algorithm_oid.dotted_string), 0
    return _type_and_bits(key)


def _curve(certificate: x509.Certificate) -> str:
    try:
        key = certificate.public_key()
    except Exception:
        return ""
    return _curve_name(key)


def _curve_name(key: Any) -> str:
    return key.curve.name if isinstance(key, ec.EllipticCurvePublicKey) else ""


def _type_and_bits(key: Any) -> tuple[str, int]:
    match key:
        case rsa.RSAPublicKey():
            return "RSA", key.key_size
        case ec.EllipticCurvePublicKey():
            return "EC", key.key_size
        case ed25519.Ed25519PublicKey():
            return "Ed25519", 256
        case ed448.Ed448PublicKey():
            return "Ed448", 448
        case dsa.DSAPublicKey():
            return "DSA", key.key_size
        case _:
            return type(key).__name__, 0


def _signature_hash(certificate: x509.Certificate) -> str:
    try:
        algorithm = certificate.signature_hash_algorithm
    except Exception:
        return ""
    return algorithm.name if algorithm else ""


def _is_ca(certificate: x509.Certificate) -> bool:
    value = _extension(certificate, x509.BasicConstraints)
    return isinstance(value, x509.BasicConstraints) and value.ca


def _usages(certificate: x509.Certificate) -> tuple[str, ...]:
    value = _extension(certificate, x509.ExtendedKeyUsage)
    if not isinstance(value, x509.ExtendedKeyUsage):
        return ()
    return tuple(oid.dotted_string for oid in value)


#: RFC 5280 section 4.2.1.3 -> cryptography's name.
_KEY_USAGES = {
    "digitalSignature": "digital_signature",
    "nonRepudiation": "content_commitment",
    "keyEncipherment": "key_encipherment",
    "dataEncipherment": "data_encipherment",
    "keyAgreement": "key_agreement",
    "keyCertSign": "key_cert_sign",
    "cRLSign": "crl_sign",
}


def _key_usages(certificate: x509.Certificate) -> tuple[str, ...]:
    value = _extension(certificate, x509.KeyUsage)
    usages = tuple(name for name, field in _KEY_USAGES.items() if getattr(value, field, False))
    if value is not None and not usages:
        raise ValueError("a key for nothing")
    return usages


def _must_staple(certificate: x509.Certificate) -> bool:
    value = _extension(certificate, x509.TLSFeature)
    return isinstance(value, x509.TLSFeature) and x509.TLSFeatureType.status_request in value


def _key_id(certificate: x509.Certificate) -> str:
    value = _extension(certificate, x509.SubjectKeyIdentifier)
    return value.digest.hex() if isinstance(value, x509.SubjectKeyIdentifier) else ""


def _authority_key_id(certificate: x509.Certificate) -> str:
    value = _extension(certificate, x509.AuthorityKeyIdentifier)
    if not isinstance(value, x509.AuthorityKeyIdentifier) or value.key_identifier is None:
        return ""
    return value.key_identifier.hex()


def _authority_urls(certificate: x509.Certificate) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the URLs of the issuer's certificate and of its OCSP responders (RFC 5280 section
    4.2.2.1)."""
    value = _extension(certificate, x509.AuthorityInformationAccess)
    if not isinstance(value, x509.AuthorityInformationAccess):
        return (), ()
    urls: dict[x509.ObjectIdentifier, list[str]] = {}
    for description in value:
        if isinstance(description.access_location, x509.UniformResourceIdentifier):
            urls.setdefault(description.access_method, []).append(
                clean(description.access_location.value)
            )
    issuers = urls.get(AuthorityInformationAccessOID.CA_ISSUERS, [])
    return tuple(issuers), tuple(urls.get(AuthorityInformationAccessOID.OCSP, []))


def _crl_urls(certificate: x509.Certificate) -> tuple[str, ...]:
    value = _extension(certificate, x509.CRLDistributionPoints)
    if not isinstance(value, x509.CRLDistributionPoints):
        return ()
    return tuple(
        clean(name.value)
        for point in value
        for name in point.full_name or ()
        if isinstance(name, x509.UniformResourceIdentifier)
    )
