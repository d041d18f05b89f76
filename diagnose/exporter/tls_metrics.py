"""The metrics of a TLS connection, with the texts of Go's crypto/tls and crypto/x509."""

import hashlib
import warnings
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import ExtensionOID, NameOID

from diagnose.exporter.probe import Probe
from diagnose.exporter.tls_names import cipher_name
from diagnose.net.tls import HandshakeResult
from diagnose.parsers.sanitize import clean

#: Go's zero time in Unix seconds: what blackbox_exporter shows where no chain was verified.
ZERO_TIME = -62135596800

#: Limits of the search for verified chains.
_MAX_CERTIFICATES = 20
_MAX_DEPTH = 8

#: Bytes of a chain whose facts are kept, at most: 2,048 of them take some 30 MB.
_USUAL_BYTES = 16 << 10

#: The order of Go's pkix.Name.String: the last of its sequence comes first.
_NAME_ORDER = (
    (NameOID.SERIAL_NUMBER, "SERIALNUMBER"),
    (NameOID.COMMON_NAME, "CN"),
    (NameOID.POSTAL_CODE, "POSTALCODE"),
    (NameOID.STREET_ADDRESS, "STREET"),
    (NameOID.STATE_OR_PROVINCE_NAME, "ST"),
    (NameOID.LOCALITY_NAME, "L"),
    (NameOID.ORGANIZATIONAL_UNIT_NAME, "OU"),
    (NameOID.ORGANIZATION_NAME, "O"),
    (NameOID.COUNTRY_NAME, "C"),
)


def set_expiry(probe: Probe, chain: Iterable[bytes]) -> None:
    """Set when the first of the served certificates expires, verified or not."""
    expiries = [_expiry(certificate) for certificate in parse_certificates(chain)]
    probe.metrics.declare(
        "probe_ssl_earliest_cert_expiry", "Returns last SSL chain expiry in unixtime"
    )
    probe.metrics.set("probe_ssl_earliest_cert_expiry", min(expiries, default=ZERO_TIME))


def set_tls_metrics(
    probe: Probe, result: HandshakeResult, roots: Sequence[x509.Certificate]
) -> None:
    """Set the metrics of a handshake that succeeded. `roots` are those that verified its chain, ()
    if it was not verified."""
    metrics = probe.metrics
    set_expiry(probe, result.chain)
    # A site shows the same chain in each probe. A huge one is not kept.
    is_usual = sum(map(len, result.chain)) <= _USUAL_BYTES
    read_chain = _kept_facts if is_usual else _chain_facts
    facts = read_chain(tuple(result.chain), tuple(roots))
    metrics.declare_labelled(
        "probe_tls_version_info", "Returns the TLS version used or NaN when unknown"
    )
    metrics.set("probe_tls_version_info", 1, version=_version_name(result.protocol))
    if probe.module.prober == "http":
        metrics.declare_labelled(
            "probe_tls_cipher_info", "Returns the TLS cipher negotiated during handshake"
        )
        metrics.set("probe_tls_cipher_info", 1, cipher=cipher_name(result.cipher))
    metrics.declare(
        "probe_ssl_last_chain_expiry_timestamp_seconds",
        "Returns last SSL chain expiry in timestamp",
    )
    metrics.set("probe_ssl_last_chain_expiry_timestamp_seconds", facts.last_expiry)
    if facts.leaf_labels:
        metrics.declare_labelled(
            "probe_ssl_last_chain_info", "Contains SSL leaf certificate information"
        )
        metrics.set("probe_ssl_last_chain_info", 1, **facts.leaf_labels)
        probe.fingerprint = facts.leaf_labels["fingerprint_sha256"]


class _ChainFacts(NamedTuple):
    """What is said of a chain; `leaf_labels` is empty if no certificate can be parsed."""

    last_expiry: float
    leaf_labels: dict[str, str]


def _chain_facts(chain: tuple[bytes, ...], roots: tuple[x509.Certificate, ...]) -> _ChainFacts:
    served = parse_certificates(chain)
    return _ChainFacts(
        last_chain_expiry(served, roots) if roots else ZERO_TIME,
        _leaf_labels(chain[0], served[0]) if served else {},
    )


_kept_facts = lru_cache(maxsize=2048)(_chain_facts)


def dns_names_and_addresses(chain: Sequence[bytes]) -> tuple[list[str], list[str]]:
    """Return the subject alternative names of the leaf (RFC 5280 section 4.2.1.6)."""
    for leaf in parse_certificates(chain[:1]):
        names = _alternative_names(leaf)
        if names is not None:
            addresses = [str(ip) for ip in names.get_values_for_type(x509.IPAddress)]
            return names.get_values_for_type(x509.DNSName), addresses
    return [], []


def _alternative_names(certificate: x509.Certificate) -> x509.SubjectAlternativeName | None:
    try:
        extension = certificate.extensions.get_extension_for_oid(
            ExtensionOID.SUBJECT_ALTERNATIVE_NAME
        ).value
    except (x509.ExtensionNotFound, ValueError):
        return None
    return extension if isinstance(extension, x509.SubjectAlternativeName) else None


def parse_certificates(chain: Iterable[bytes]) -> list[x509.Certificate]:
    """Return the certificates that can be parsed."""
    certificates = []
    with warnings.catch_warnings():
        # Some old roots have a serial number of 0; that is no matter of ours.
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        for data in chain:
            try:
                certificates.append(x509.load_der_x509_certificate(data))
            except ValueError:
                continue
    return certificates


def _expiry(certificate: x509.Certificate) -> float:
    return certificate.not_valid_after_utc.timestamp()


def last_chain_expiry(
    served: Sequence[x509.Certificate], roots: Sequence[x509.Certificate]
) -> float:
    """Return when the verified chain expires that lasts longest, ZERO_TIME if there is none. A
    chain expires with the first of its certificates, the root included."""
    if not served:
        return ZERO_TIME
    leaf, *issuers = served[:_MAX_CERTIFICATES]
    chain_expiries = _chain_expiries(leaf, issuers, roots, _MAX_DEPTH)
    return max(chain_expiries, default=ZERO_TIME)


def _chain_expiries(
    certificate: x509.Certificate,
    issuers: Sequence[x509.Certificate],
    roots: Sequence[x509.Certificate],
    depth: int,
) -> Iterable[float]:
    """Yield the expiry of each chain from a certificate to a root."""
    own = _expiry(certificate)
    if certificate in roots:
        yield own
    for root in roots:
        if root != certificate and _is_issued_by(certificate, root):
            yield min(own, _expiry(root))
    for issuer in issuers if depth else ():
        if issuer != certificate and _is_issued_by(certificate, issuer):
            remaining = [
                other_certificate for other_certificate in issuers if other_certificate != issuer
            ]
            for expiry in _chain_expiries(issuer, remaining, roots, depth - 1):
                yield min(own, expiry)


def _is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    if certificate.issuer != issuer.subject:
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def _leaf_labels(data: bytes, leaf: x509.Certificate) -> dict[str, str]:
    names = _alternative_names(leaf)
    dns_names = names.get_values_for_type(x509.DNSName) if names else []
    serial = leaf.serial_number
    return {
        "fingerprint_sha256": hashlib.sha256(data).hexdigest(),
        "subject": name_text(leaf.subject),
        "issuer": name_text(leaf.issuer),
        "subjectalternative": clean(",".join(dns_names), 2000),
        "serialnumber": serial.to_bytes((abs(serial).bit_length() + 8) // 8, "big", signed=True)
        .lstrip(b"\0")
        .hex(),
    }


def name_text(name: x509.Name) -> str:
    """Return a distinguished name as Go shows it: "CN=shop.example.com,O=Shop,C=DE"."""
    parts = []
    for oid, label in _NAME_ORDER:
        values = [_escaped(str(part.value)) for part in name.get_attributes_for_oid(oid)]
        if values:
            parts.append("+".join(f"{label}={value}" for value in values))
    return clean(",".join(parts), 1000)


def _escaped(value: str) -> str:
    """Escape a value (RFC 2253 section 2.4)."""
    text = "".join(f"\\{char}" if char in ',+"\\<>;' else char for char in value)
    if text.startswith((" ", "#")):
        text = f"\\{text}"
    return f"{text[:-1]}\\ " if len(text) > 1 and text.endswith(" ") else text


def _version_name(protocol: str) -> str:
    version = protocol.removeprefix("TLSv")
    return f"TLS {version if '.' in version else f'{version}.0'}" if version else "unknown"
