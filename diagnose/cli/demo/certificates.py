"""The certificates of the demonstration: a root, and leaves that it signs."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from diagnose.parsers.hostnames import is_address

_ROOT = "Demonstration Root"
#: Days between the two ends of a leaf's validity, as Let's Encrypt has them.
_VALIDITY_DAYS = 90


def _new_key() -> Any:
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.generate_private_key(ec.SECP256R1())


@dataclass(slots=True)
class Authority:
    """A root certificate and its key."""

    _key: Any = field(default_factory=_new_key)

    def root(self) -> bytes:
        """Return the root certificate in PEM."""
        return _issue(_ROOT, self._key, self._key, 3650, 3650)

    def write_leaf(self, name: str, days: int, chain: Path, key: Path) -> None:
        """Write a certificate for a name or an address, which expires in so many days (negative:
        it has expired), and its key."""
        from cryptography.hazmat.primitives import serialization
        from cryptography.x509 import DNSName, ExtendedKeyUsage, IPAddress, SubjectAlternativeName
        from cryptography.x509.oid import ExtendedKeyUsageOID

        leaf_key = _new_key()
        entry = IPAddress(ip_address(name)) if is_address(name) else DNSName(name)
        usage = ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        names = SubjectAlternativeName([entry])
        leaf = _issue(name, leaf_key, self._key, days, _VALIDITY_DAYS, names, usage)
        secret = leaf_key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        for path, content in ((chain, leaf), (key, secret)):
            path.touch(0o600)
            path.write_bytes(content)


def _issue(
    name: str, key: Any, issuer_key: Any, days: int, validity: int, *extensions: Any
) -> bytes:
    """Issue a certificate in PEM (RFC 5280 section 4): a CA certificate if it signs itself."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.x509.oid import NameOID

    def common_name(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    end = datetime.now(UTC) + timedelta(days=days)
    signer = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    builder = (
        x509.CertificateBuilder()
        .subject_name(common_name(name))
        .issuer_name(common_name(_ROOT))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(end - timedelta(days=validity, hours=1))
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(key is issuer_key, None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .add_extension(signer, critical=False)
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(issuer_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
