"""The second reader of X.509 certificates (RFC 5280): field by field. Pure.

cryptography refuses a certificate, a name or all extensions for one thing that it does not know:
a latin-1 letter, an odd version, an x400Address. OpenSSL, curl and browsers take most of these.
Here each field is read for itself; what cannot be read is named in `Certificate.unread`, and
everything else is still known. Imported only where cryptography refused.
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
from diagnose.parsers.hostnames import shown
from diagnose.parsers.sanitize import clean

#: Short names of the attributes of names (RFC 4514 section 3).
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

#: Algorithms of signatures and the hash in them (RFC 8017, 5758, 3279; RSASSA-PSS names its own).
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

#: The bits of keyUsage, in their order (RFC 5280 section 4.2.1.3).
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

_BASIC, _KEY_USAGE, _EXTENDED = "2.5.29.19", "2.5.29.15", "2.5.29.37"
_NAMES, _KEY_ID, _AUTHORITY_KEY_ID = "2.5.29.17", "2.5.29.14", "2.5.29.35"
_AUTHORITIES, _CRLS, _FEATURES = "1.3.6.1.5.5.7.1.1", "2.5.29.31", "1.3.6.1.5.5.7.1.24"
_CONSTRAINTS = "2.5.29.30"
_ISSUERS, _OCSP = "1.3.6.1.5.5.7.48.2", "1.3.6.1.5.5.7.48.1"

#: Kinds of general names by their tags (RFC 5280 section 4.2.1.6).
_DNS, _URI, _IP = 0x82, 0x86, 0x87

_TIME = re.compile(rb"(\d{10,14})(?:[.,]\d+)?(Z|[+-]\d{4})?")


@frozen
class Parts:
    """The fields of a certificate as they stand in it (RFC 5280 section 4.1), and its extensions'
    contents by their identifiers; None where the list of them could not be read."""

    serial: bytes
    algorithm: bytes
    issuer: bytes
    validity: bytes
    subject: bytes
    key: bytes
    extensions: dict[str, tuple[bytes, ...]] | None


def parts(data: bytes) -> Parts:
    """A certificate taken apart. ValueError where it has not the shape of one."""
    inside = sequence(sequence(data)[0].whole)
    if inside[0].tag == 0xA0:
        inside = inside[1:]
    if len(inside) < 6:
        raise ValueError("no certificate")
    serial, algorithm, issuer, validity, subject, key = inside[:6]
    listed = next((one.content for one in inside[6:] if one.tag == 0xA3), None)
    return Parts(
        serial=serial.content,
        algorithm=algorithm.whole,
        issuer=issuer.whole,
        validity=validity.whole,
        subject=subject.whole,
        key=key.whole,
        extensions={} if listed is None else _extensions(listed),
    )


def _extensions(data: bytes) -> dict[str, tuple[bytes, ...]] | None:
    """By identifier; more than one content where an extension is there twice."""
    found: dict[str, tuple[bytes, ...]] = {}
    try:
        for each in sequence(data):
            fields = elements(each.content)
            name = oid(fields[0].content)
            found[name] = (*found.get(name, ()), fields[-1].content)
    except (ValueError, IndexError):
        return None
    return found


class _Reading:
    """Reads one field after the other, and keeps the names of those that could not be read."""

    def __init__(self, found: Parts) -> None:
        self.found = found
        self.unread: list[str] = []

    def field(self, name: str, read: Callable[..., Any], *given: Any) -> Any:
        """The field's value, None where it could not be read."""
        try:
            return read(*given)
        except (ValueError, IndexError, OverflowError):
            self.unread.append(name)
            return None

    def extension(self, name: str, identifier: str, read: Callable[[bytes], Any]) -> Any:
        """The extension's value, None where it is not there or could not be read. One that is
        there twice means nothing (RFC 5280 section 4.2)."""
        contents = None if self.found.extensions is None else self.found.extensions.get(identifier)
        if self.found.extensions is None or (contents and len(contents) > 1):
            self.unread.append(name)
            return None
        return self.field(name, read, contents[0]) if contents else None


def read(data: bytes) -> Certificate:
    """As much of a certificate as can be read. ValueError where it has not the shape of one."""
    found = parts(data)
    reading = _Reading(found)
    subject = reading.field("subject", _attributes, found.subject)
    issuer = reading.field("issuer", _attributes, found.issuer)
    key_type, key_bits = reading.field("key_type", public_key, found.key) or ("", 0)
    names = reading.extension("names", _NAMES, _general_names) or {}
    authorities = reading.extension("authorities", _AUTHORITIES, _access) or {}
    not_before, not_after = (
        reading.field(name, _moment, found.validity, index)
        for index, name in enumerate(("not_before", "not_after"))
    )
    reading.extension("name_constraints", _CONSTRAINTS, sequence)
    return Certificate(
        subject=_distinguished(subject or ()),
        issuer=_distinguished(issuer or ()),
        serial=f"{int.from_bytes(found.serial[:1024], 'big', signed=True):x}",
        not_before=not_before,
        not_after=not_after,
        sha256=hashlib.sha256(data).hexdigest(),
        common_name=_common_name(subject or ()),
        dns_names=tuple(shown(_decoded(one)) for one in names.get(_DNS, ())),
        addresses=tuple(str(ip_address(one)) for one in names.get(_IP, ()) if len(one) in {4, 16}),
        key_type=key_type,
        key_bits=key_bits,
        signature_hash=reading.field("signature_hash", _hash, found.algorithm) or "",
        is_ca=bool(reading.extension("is_ca", _BASIC, _is_ca)),
        usages=reading.extension("usages", _EXTENDED, _usages) or (),
        key_usages=reading.extension("key_usages", _KEY_USAGE, _key_usages) or (),
        must_staple=bool(reading.extension("must_staple", _FEATURES, _must_staple)),
        key_id=reading.extension("key_id", _KEY_ID, _key_id) or "",
        authority_key_id=reading.extension("authority_key_id", _AUTHORITY_KEY_ID, _above) or "",
        issuer_urls=authorities.get(_ISSUERS, ()),
        ocsp_urls=authorities.get(_OCSP, ()),
        crl_urls=reading.extension("crl_urls", _CRLS, _crls) or (),
        unread=tuple(sorted(reading.unread)),
    )


# Names


def _attributes(data: bytes) -> tuple[tuple[tuple[str, str], ...], ...]:
    """A distinguished name: sets of identifiers with their values, decoded."""
    return tuple(
        tuple(_attribute(one) for one in elements(several.content)) for several in sequence(data)
    )


def _attribute(element: Element) -> tuple[str, str]:
    name, value = elements(element.content)[:2]
    return oid(name.content), _text(value)


def _text(value: Element) -> str:
    """A string of whatever kind (X.680 section 41). Authorities wrote latin-1 into most of them."""
    wide = {0x1E: "utf-16-be", 0x1C: "utf-32-be"}.get(value.tag)
    return value.content.decode(wide, "replace") if wide else _decoded(value.content)


def _decoded(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _distinguished(name: tuple[tuple[tuple[str, str], ...], ...]) -> str:
    """As RFC 4514 writes it, the last set first."""
    return clean(
        ",".join(
            "+".join(f"{_ATTRIBUTES.get(kind, kind)}={_escaped(value)}" for kind, value in several)
            for several in reversed(name)
        )
    )


def _escaped(value: str) -> str:
    """RFC 4514 section 2.4, as cryptography does it."""
    value = re.sub(r'([\\"+,;<>])', r"\\\1", value).replace("\0", "\\00")
    if value[:1] in {"#", " "}:
        value = "\\" + value
    return value[:-1] + "\\ " if value[-1:] == " " and len(value) > 1 else value


def _common_name(name: tuple[tuple[tuple[str, str], ...], ...]) -> str:
    values = (value for several in name for kind, value in several if kind == "2.5.4.3")
    return clean(next(values, ""))


# Dates, keys, signatures


def _moment(validity: bytes, index: int) -> datetime:
    """notBefore (0) or notAfter (1), in whichever of its forms; without a zone it is UTC."""
    element = sequence(validity)[index]
    match = _TIME.fullmatch(element.content)
    if match is None or element.tag not in {der.UTC_TIME, der.GENERALIZED_TIME}:
        raise ValueError("no time")
    digits, zone = match[1].decode(), (match[2] or b"Z").decode()
    if element.tag == der.UTC_TIME:
        digits = ("19" if digits[:2] >= "50" else "20") + digits
    moment = datetime.strptime(digits.ljust(14, "0")[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    if zone == "Z":
        return moment
    offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:5]))
    return moment - offset if zone[0] == "+" else moment + offset


def public_key(data: bytes) -> tuple[str, int]:
    """Algorithm and size in bits of a key that cryptography does not know; 0 for no known size.
    ValueError for what is no SubjectPublicKeyInfo (RFC 5280 section 4.1)."""
    algorithm, bits = sequence(data)[:2]
    identifier, *_ = elements(algorithm.content)
    name = oid(identifier.content)
    if name == "1.2.840.113549.1.1.1":
        modulus, *_ = sequence(bits.content[1:])
        return "RSA", int.from_bytes(modulus.content[:4096], "big").bit_length()
    return {"1.2.840.10045.2.1": "EC", "1.2.840.10040.4.1": "DSA"}.get(name, name), 0


def _hash(data: bytes) -> str:
    """The hash of a signature's algorithm, "" for one that is not known."""
    return _HASHES.get(oid(sequence(data)[0].content), "")


# Extensions


def _general_names(data: bytes) -> dict[int, tuple[bytes, ...]]:
    """General names by the tags of their kinds, of which there are nine; what is in the rarer ones
    is not looked at."""
    found: dict[int, tuple[bytes, ...]] = {}
    for one in sequence(data):
        if not 0x80 <= one.tag & ~0x20 <= 0x88:
            raise ValueError("no general name")
        found[one.tag] = (*found.get(one.tag, ()), one.content)
    return found


def _is_ca(data: bytes) -> bool:
    fields = sequence(data)
    if any(one.tag == der.INTEGER and one.content[:1] >= b"\x80" for one in fields):
        raise ValueError("a path length below zero")
    return bool(fields) and fields[0].tag == der.BOOLEAN and any(fields[0].content)


def _key_usages(data: bytes) -> tuple[str, ...]:
    bits = der.first(data)
    if bits.tag != der.BIT_STRING or not 1 <= len(bits.content) <= 3:
        raise ValueError("no bits")
    octets = bits.content[1:].ljust(2, b"\0")
    number = int.from_bytes(octets, "big")
    if not number:
        raise ValueError("a key for nothing")  # RFC 5280: at least one bit
    return tuple(name for at, name in enumerate(KEY_USAGES) if number >> (15 - at) & 1)


def _usages(data: bytes) -> tuple[str, ...]:
    return tuple(oid(one.content) for one in sequence(data))


def _must_staple(data: bytes) -> bool:
    """Whether it asks for status_request (RFC 7633), which is 5."""
    return any(one.tag == der.INTEGER and one.content == b"\x05" for one in sequence(data))


def _key_id(data: bytes) -> str:
    element = der.first(data)
    if element.tag != der.OCTET_STRING:
        raise ValueError("no octets")
    return element.content[:64].hex()


def _above(data: bytes) -> str:
    found = (one.content[:64].hex() for one in sequence(data) if one.tag == 0x80)
    return next(found, "")


def _access(data: bytes) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for one in sequence(data):
        method, place = elements(one.content)[:2]
        if place.tag == _URI:
            name = oid(method.content)
            found[name] = (*found.get(name, ()), clean(_decoded(place.content)))
    return found


def _crls(data: bytes) -> tuple[str, ...]:
    """The addresses among the full names of distribution points (RFC 5280 section 4.2.1.13)."""
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
