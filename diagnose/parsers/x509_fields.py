"""Parser of X.509 certificates (RFC 5280) that reads each field separately. No I/O.

cryptography rejects a certificate, a name or all extensions because of one unsupported detail: a
latin-1 letter, an odd version, an x400Address. OpenSSL, curl and browsers accept most of these.
Here an unreadable field is listed in `Certificate.unread`, and all other fields are still known.
"""

import hashlib
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any

from diagnose.model.frozen import frozen
from diagnose.model.tls import Certificate
from diagnose.parsers import der
from diagnose.parsers.der import Element, elements, oid, sequence
from diagnose.parsers.hostnames import printable_name
from diagnose.parsers.sanitize import clean

#: Short names of name attributes (RFC 4514 section 3).
_ATTRIBUTES = {
    "2.5.4.3": "CN",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.9": "STREET",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "0.9.2342.19200300.100.1.1": "UID",
    "0.9.2342.19200300.100.1.25": "DC",
}

#: Signature algorithms and their hash (RFC 8017, 5758, 3279; RSASSA-PSS names its hash itself).
_HASHES = {
    "1.2.840.113549.1.1.2": "md2",
    "1.2.840.113549.1.1.4": "md5",
    "1.2.840.113549.1.1.5": "sha1",
    "1.3.14.3.2.29": "sha1",
    "1.2.840.113549.1.1.14": "sha224",
    "1.2.840.113549.1.1.11": "sha256",
    "1.2.840.113549.1.1.12": "sha384",
    "1.2.840.113549.1.1.13": "sha512",
    "1.2.840.10045.4.1": "sha1",
    "1.2.840.10045.4.3.1": "sha224",
    "1.2.840.10045.4.3.2": "sha256",
    "1.2.840.10045.4.3.3": "sha384",
    "1.2.840.10045.4.3.4": "sha512",
    "1.2.840.10040.4.3": "sha1",
    "2.16.840.1.101.3.4.3.2": "sha256",
}

#: The bits of keyUsage in order (RFC 5280 section 4.2.1.3).
KEY_USAGES = (
    "digitalSignature",
    "nonRepudiation",
    "keyEncipherment",
    "dataEncipherment",
    "keyAgreement",
    "keyCertSign",
    "cRLSign",
    "encipherOnly",
    "decipherOnly",
)

#: The curves of ordinary certificates (RFC 5480 section 2.1.1.1): name and bits.
_CURVES = {
    "1.2.840.10045.3.1.7": ("secp256r1", 256),
    "1.3.132.0.34": ("secp384r1", 384),
    "1.3.132.0.35": ("secp521r1", 521),
}

_BASIC_CONSTRAINTS, _KEY_USAGE, _EXTENDED_KEY_USAGE = "2.5.29.19", "2.5.29.15", "2.5.29.37"
_ALTERNATIVE_NAMES, _KEY_ID, _AUTHORITY_KEY_ID = "2.5.29.17", "2.5.29.14", "2.5.29.35"
_AUTHORITY_INFO, _CRL_POINTS, _TLS_FEATURES = "1.3.6.1.5.5.7.1.1", "2.5.29.31", "1.3.6.1.5.5.7.1.24"
_NAME_CONSTRAINTS = "2.5.29.30"
_ISSUERS, _OCSP = "1.3.6.1.5.5.7.48.2", "1.3.6.1.5.5.7.48.1"

#: Tags of general names (RFC 5280 section 4.2.1.6).
_DNS, _URI, _IP = 0x82, 0x86, 0x87

_TIME = re.compile(rb"(\d{10,14})(?:[.,]\d+)?(Z|[+-]\d{4})?")


@frozen
class TbsCertificate:
    """The raw fields of a certificate (RFC 5280 section 4.1), and its extensions' contents by
    identifier; `extensions` is None if they could not be parsed."""

    serial: bytes
    algorithm: bytes
    issuer: bytes
    validity: bytes
    subject: bytes
    key: bytes
    extensions: dict[str, tuple[bytes, ...]] | None


def tbs_certificate(data: bytes) -> TbsCertificate:
    """Split a certificate into its fields. Raises ValueError if it is not one."""
    tbs_elements = sequence(sequence(data)[0].encoded)
    if tbs_elements[0].tag == 0xA0:
        tbs_elements = tbs_elements[1:]
    if len(tbs_elements) < 6:
        raise ValueError("no certificate")
    serial, algorithm, issuer, validity, subject, key = tbs_elements[:6]
    extension_list = next(
        (element.content for element in tbs_elements[6:] if element.tag == 0xA3), None
    )
    return TbsCertificate(
        serial=serial.content,
        algorithm=algorithm.encoded,
        issuer=issuer.encoded,
        validity=validity.encoded,
        subject=subject.encoded,
        key=key.encoded,
        extensions={} if extension_list is None else _extensions(extension_list),
    )


def _extensions(data: bytes) -> dict[str, tuple[bytes, ...]] | None:
    """Return the extensions by identifier; a repeated extension has several contents."""
    extensions: dict[str, tuple[bytes, ...]] = {}
    try:
        for extension in sequence(data):
            fields = elements(extension.content)
            name = oid(fields[0].content)
            extensions[name] = (*extensions.get(name, ()), fields[-1].content)
    except (ValueError, IndexError):
        return None
    return extensions


class _FieldReader:
    """Reads single fields, and collects the names of those that could not be read."""

    def __init__(self, tbs: TbsCertificate) -> None:
        self.tbs = tbs
        self.unread: list[str] = []

    def field(self, name: str, parse: Callable[..., Any], *arguments: Any) -> Any:
        """Return the field's value, or None if it could not be read."""
        try:
            return parse(*arguments)
        except (ValueError, IndexError, OverflowError):
            self.unread.append(name)
            return None

    def extension(self, name: str, identifier: str, parse: Callable[[bytes], Any]) -> Any:
        """Return the extension's value, or None if it is missing or unreadable. A repeated
        extension is invalid (RFC 5280 section 4.2)."""
        contents = None if self.tbs.extensions is None else self.tbs.extensions.get(identifier)
        if self.tbs.extensions is None or (contents and len(contents) > 1):
            self.unread.append(name)
            return None
        return self.field(name, parse, contents[0]) if contents else None


def parse_certificate(data: bytes) -> Certificate:
    """Return everything that can be read of a certificate. Raises ValueError if it is not one."""
    tbs = tbs_certificate(data)
    reader = _FieldReader(tbs)
    subject = reader.field("subject", _attributes, tbs.subject)
    issuer = reader.field("issuer", _attributes, tbs.issuer)
    key_type, key_bits, curve = reader.field("key_type", public_key, tbs.key) or ("", 0, "")
    names = reader.extension("names", _ALTERNATIVE_NAMES, _general_names) or {}
    authorities = reader.extension("authorities", _AUTHORITY_INFO, _authority_urls) or {}
    not_before, not_after = (
        reader.field(name, _validity_time, tbs.validity, index)
        for index, name in enumerate(("not_before", "not_after"))
    )
    reader.extension("name_constraints", _NAME_CONSTRAINTS, sequence)
    return Certificate(
        subject=_rfc4514_name(subject or ()),
        issuer=_rfc4514_name(issuer or ()),
        serial=f"{int.from_bytes(tbs.serial[:1024], 'big', signed=True):x}",
        not_before=not_before,
        not_after=not_after,
        sha256=hashlib.sha256(data).hexdigest(),
        common_name=_common_name(subject or ()),
        dns_names=tuple(printable_name(_decoded(name)) for name in names.get(_DNS, ())),
        addresses=tuple(
            str(ip_address(octets)) for octets in names.get(_IP, ()) if len(octets) in {4, 16}
        ),
        key_type=key_type,
        key_bits=key_bits,
        signature_hash=reader.field("signature_hash", _hash, tbs.algorithm) or "",
        is_ca=bool(reader.extension("is_ca", _BASIC_CONSTRAINTS, _is_ca)),
        usages=reader.extension("usages", _EXTENDED_KEY_USAGE, _usages) or (),
        key_usages=reader.extension("key_usages", _KEY_USAGE, _key_usages) or (),
        must_staple=bool(reader.extension("must_staple", _TLS_FEATURES, _must_staple)),
        key_id=reader.extension("key_id", _KEY_ID, _key_id) or "",
        authority_key_id=reader.extension("authority_key_id", _AUTHORITY_KEY_ID, _authority_key_id)
        or "",
        issuer_urls=authorities.get(_ISSUERS, ()),
        ocsp_urls=authorities.get(_OCSP, ()),
        crl_urls=reader.extension("crl_urls", _CRL_POINTS, _crl_urls) or (),
        curve=curve,
        unread=tuple(sorted(reader.unread)),
    )


def is_ordinary(certificate: Certificate) -> bool:
    """Whether everything in a certificate that this module has read is known to it: each field, the
    hash of the signature, and the size of the key."""
    return not certificate.unread and bool(certificate.signature_hash and certificate.key_bits)


# Names


def _attributes(data: bytes) -> tuple[tuple[tuple[str, str], ...], ...]:
    """Return a distinguished name: sets of identifiers with their decoded values."""
    return tuple(
        tuple(_attribute(attribute) for attribute in elements(rdn.content))
        for rdn in sequence(data)
    )


def _attribute(element: Element) -> tuple[str, str]:
    name, value = elements(element.content)[:2]
    return oid(name.content), _text(value)


def _text(value: Element) -> str:
    """Decode a string of any type (X.680 section 41). Authorities put latin-1 into most types."""
    encoding = {0x1E: "utf-16-be", 0x1C: "utf-32-be"}.get(value.tag)
    return value.content.decode(encoding, "replace") if encoding else _decoded(value.content)


def _decoded(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _rfc4514_name(name: tuple[tuple[tuple[str, str], ...], ...]) -> str:
    """Return a name as RFC 4514 writes it, the last set first."""
    return clean(
        ",".join(
            "+".join(f"{_ATTRIBUTES.get(kind, kind)}={_escaped(value)}" for kind, value in rdn)
            for rdn in reversed(name)
        )
    )


def _escaped(value: str) -> str:
    """Escape a value (RFC 4514 section 2.4) as cryptography does."""
    value = re.sub(r'([\\"+,;<>])', r"\\\1", value).replace("\0", "\\00")
    if value[:1] in {"#", " "}:
        value = "\\" + value
    return value[:-1] + "\\ " if value[-1:] == " " and len(value) > 1 else value


def _common_name(name: tuple[tuple[tuple[str, str], ...], ...]) -> str:
    values = (value for rdn in name for kind, value in rdn if kind == "2.5.4.3")
    return clean(next(values, ""))


# Dates, keys, signatures


def _validity_time(validity: bytes, index: int) -> datetime:
    """Return notBefore (0) or notAfter (1) in any of its forms; UTC without a zone."""
    element = sequence(validity)[index]
    match = _TIME.fullmatch(element.content)
    if match is None or element.tag not in {der.UTC_TIME, der.GENERALIZED_TIME}:
        raise ValueError("no time")
    digits, zone = match[1].decode(), (match[2] or b"Z").decode()
    if element.tag == der.UTC_TIME:
        digits = ("19" if digits[:2] >= "50" else "20") + digits
    # By hand: strptime(3) of Python imports 2 ms of modules.
    digits = digits.ljust(14, "0")
    month, day, hour, minute, second = (int(digits[at : at + 2]) for at in range(4, 14, 2))
    time = datetime(int(digits[:4]), month, day, hour, minute, second, tzinfo=UTC)
    if zone == "Z":
        return time
    offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:5]))
    return time - offset if zone[0] == "+" else time + offset


def public_key(data: bytes) -> tuple[str, int, str]:
    """Return the algorithm of a key, its size in bits and its curve; 0 and "" if they are not
    known. Raises ValueError if it is not a SubjectPublicKeyInfo (RFC 5280 section 4.1)."""
    algorithm, bits = sequence(data)[:2]
    identifier, *parameters = elements(algorithm.content)
    name, key = oid(identifier.content), bits.content[1:]
    if name == "1.2.840.113549.1.1.1":
        modulus, *_ = sequence(key)
        return "RSA", int.from_bytes(modulus.content[:4096], "big").bit_length(), ""
    if name == "1.2.840.10045.2.1" and parameters and parameters[0].tag == der.OID:
        curve, size = _CURVES.get(oid(parameters[0].content), ("", 0))
        # An uncompressed point (SEC 1 section 2.3.3); any other form is left to the library.
        is_point = key[:1] == b"\x04" and len(key) == 1 + 2 * ((size + 7) // 8)
        return ("EC", size, curve) if is_point else ("EC", 0, "")
    return {"1.2.840.10045.2.1": "EC", "1.2.840.10040.4.1": "DSA"}.get(name, name), 0, ""


def _hash(data: bytes) -> str:
    """Return the hash of a signature algorithm, or "" if it is not known."""
    return _HASHES.get(oid(sequence(data)[0].content), "")


# Extensions


def _general_names(data: bytes) -> dict[int, tuple[bytes, ...]]:
    """Return general names by tag, of which there are nine; the content of the rarer kinds is not
    examined."""
    names: dict[int, tuple[bytes, ...]] = {}
    for name in sequence(data):
        if not 0x80 <= name.tag & ~0x20 <= 0x88:
            raise ValueError("no general name")
        names[name.tag] = (*names.get(name.tag, ()), name.content)
    return names


def _is_ca(data: bytes) -> bool:
    fields = sequence(data)
    if any(field.tag == der.INTEGER and field.content[:1] >= b"\x80" for field in fields):
        raise ValueError("a path length below zero")
    return bool(fields) and fields[0].tag == der.BOOLEAN and any(fields[0].content)


def _key_usages(data: bytes) -> tuple[str, ...]:
    bits = der.first_element(data)
    if bits.tag != der.BIT_STRING or not 1 <= len(bits.content) <= 3:
        raise ValueError("no bits")
    octets = bits.content[1:].ljust(2, b"\0")
    number = int.from_bytes(octets, "big")
    if not number:
        raise ValueError("a key for nothing")  # RFC 5280: at least one bit
    return tuple(name for position, name in enumerate(KEY_USAGES) if number >> (15 - position) & 1)


def _usages(data: bytes) -> tuple[str, ...]:
    return tuple(oid(purpose.content) for purpose in sequence(data))


def _must_staple(data: bytes) -> bool:
    """Return whether the extension requires status_request, which is 5 (RFC 7633)."""
    return any(
        feature.tag == der.INTEGER and feature.content == b"\x05" for feature in sequence(data)
    )


def _key_id(data: bytes) -> str:
    element = der.first_element(data)
    if element.tag != der.OCTET_STRING:
        raise ValueError("no octets")
    return element.content[:64].hex()


def _authority_key_id(data: bytes) -> str:
    key_ids = (field.content[:64].hex() for field in sequence(data) if field.tag == 0x80)
    return next(key_ids, "")


def _authority_urls(data: bytes) -> dict[str, tuple[str, ...]]:
    urls: dict[str, tuple[str, ...]] = {}
    for description in sequence(data):
        method, location = elements(description.content)[:2]
        if location.tag == _URI:
            name = oid(method.content)
            urls[name] = (*urls.get(name, ()), clean(_decoded(location.content)))
    return urls


def _crl_urls(data: bytes) -> tuple[str, ...]:
    """Return the URLs in the full names of distribution points (RFC 5280 section 4.2.1.13)."""
    return tuple(
        clean(_decoded(name.content))
        for point in sequence(data)
        for field in elements(point.content)
        if field.tag == 0xA0
        for full in elements(field.content)
        if full.tag == 0xA0
        for name in elements(full.content)
        if name.tag == _URI
    )
