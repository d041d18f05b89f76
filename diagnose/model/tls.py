"""What can be seen of a TLS handshake and in certificates."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from diagnose.model import Observation


@dataclass(frozen=True, slots=True)
class Certificate:
    """An X.509 certificate (RFC 5280), read. Never any part of a private key.

    `dns_names` and `addresses` are the subject alternative names; `sha256` is the fingerprint
    in lower-case hex; `key_id` and `authority_key_id` in lower-case hex, "" where absent;
    `usages` the extended key usages by their dotted OIDs, () where the extension is absent.
    """

    subject: str
    issuer: str
    serial: str
    not_before: datetime
    not_after: datetime
    sha256: str
    common_name: str = ""
    dns_names: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    key_type: str = ""
    key_bits: int = 0
    signature_hash: str = ""
    is_ca: bool = False
    usages: tuple[str, ...] = ()
    must_staple: bool = False
    key_id: str = ""
    authority_key_id: str = ""
    issuer_urls: tuple[str, ...] = ()
    ocsp_urls: tuple[str, ...] = ()
    crl_urls: tuple[str, ...] = ()

    @property
    def self_issued(self) -> bool:
        return self.subject == self.issuer


@dataclass(frozen=True, slots=True)
class Alert:
    """A TLS alert received (RFC 8446 section 6): level, number, name ("handshake_failure")."""

    level: int
    code: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Handshake(Observation):
    """One TLS handshake, whether or not it ended well.

    `server_name` is the SNI sent, None for none. `variant` tells what was offered: "normal", or
    a control: "no-sni", "other-sni", "tls1.2", "old" (TLS 1.0 and 1.1), "small-hello" (without
    post-quantum key shares), "any-cipher". `verify_code` and `verify_message` are OpenSSL's
    verdict on the chain for the system's trust store (X509_V_ERR_…, 0 for good, None where none
    was reached); the name is judged apart from it. `chain` is as the server sent it, the leaf
    first; `trusted` whether it could be completed to a trusted root. `received` is the
    printable beginning of what came instead of TLS.
    """

    layer: ClassVar[str] = "tls"

    address: str
    port: int
    server_name: str | None = None
    variant: str = "normal"
    protocol: str = ""
    cipher: str = ""
    alpn: str = ""
    verify_code: int | None = None
    verify_message: str = ""
    chain: tuple[Certificate, ...] = ()
    alert: Alert | None = None
    received: str = ""
    stapled: bool | None = None
    wants_client_certificate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Revocation(Observation):
    """What the certificate's issuer says of it (OCSP, RFC 6960; CRL, RFC 5280)."""

    layer: ClassVar[str] = "certificate"

    serial: str
    status: str = "unknown"
    source: str = ""
    revoked_at: datetime | None = None
