"""Observations of TLS handshakes and certificates."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import ClassVar, Literal

from diagnose.model import Evidence, Observation, Subject, endpoints, merge_subjects
from diagnose.model.frozen import frozen
from diagnose.model.marks import (
    Address,
    AuthorityUrl,
    Digest,
    DistinguishedName,
    DomainName,
    FirstBytes,
    HostName,
    Text,
    Word,
)
from diagnose.model.summary import Phrase, Summary, Words, clauses, phrase, remarked, socket_text
from diagnose.model.variants import HANDSHAKE_VARIANTS

HandshakeVariant = Literal[
    "normal", "again", "unverified", "no-sni", "other-sni", "tls1.2", "old", "small-hello",
    "small-segments", "any-cipher", "lenient", "no-dhe", "http/1.1", "h2", "stapling", "plain",
    "browser-key", "p-256",
]  # fmt: skip
RevocationStatus = Literal["good", "revoked", "unknown"]
#: Which server name a trial sends: the target's, none, or one that nobody has.
TrialName = Literal["own", "none", "other"]
TrialProtocol = Literal["HTTP", "TLSv1.2", "TLSv1.3"]


@frozen
class Certificate:
    """A parsed X.509 certificate (RFC 5280). It never contains any part of a private key.

    `dns_names` and `addresses` are the subject alternative names. `sha256` is the fingerprint in
    lower-case hex; `key_id` and `authority_key_id` are lower-case hex, "" if absent. `usages` are
    the extended key usages as dotted OIDs and `key_usages` the key usages by name (RFC 5280 section
    4.2.1.3), () if the extension is absent. `curve` is the name of an EC key's curve ("secp256r1"),
    "" for other keys or if it was not read.

    `unread` names the parts that are present but could not be parsed: fields, "names" for the
    subject alternative names, "authorities" for the addresses of issuer and responder,
    "name_constraints". An empty `unread` proves nothing; a date that could not be parsed is None.
    """

    subject: DistinguishedName
    issuer: DistinguishedName
    serial: Digest
    not_before: datetime | None
    not_after: datetime | None
    sha256: Digest
    common_name: DomainName = ""
    dns_names: tuple[DomainName, ...] = ()
    addresses: tuple[Address, ...] = ()
    key_type: Word = ""
    key_bits: int = 0
    signature_hash: Word = ""
    is_ca: bool = False
    usages: tuple[Word, ...] = ()
    must_staple: bool = False
    key_id: Digest = ""
    authority_key_id: Digest = ""
    issuer_urls: tuple[AuthorityUrl, ...] = ()
    ocsp_urls: tuple[AuthorityUrl, ...] = ()
    crl_urls: tuple[AuthorityUrl, ...] = ()
    key_usages: tuple[Word, ...] = ()
    unread: tuple[Word, ...] = ()
    curve: Word = ""

    @property
    def has_browser_key(self) -> bool:
        """False if Chromium cannot use the key: an EC key on another curve than P-256 and P-384, or
        an Edwards-curve key. An unknown curve counts as usable."""
        if self.key_type == "EC":
            return self.curve in {"", "secp256r1", "secp384r1"}
        return self.key_type not in {"Ed25519", "Ed448"}

    @property
    def self_issued(self) -> bool:
        """True if issuer and subject are the same name. A name that could not be parsed never
        matches."""
        return bool(self.subject) and _same_name(self.subject, self.issuer)

    @property
    def lifetime(self) -> timedelta | None:
        if self.not_before is None or self.not_after is None:
            return None
        return self.not_after - self.not_before

    @property
    def expiry(self) -> Phrase:
        if self.not_after is None:
            return phrase("dates not read")
        return phrase("valid until {time} UTC", time=f"{self.not_after:%Y-%m-%d %H:%M}")

    def is_current(self, now: datetime) -> bool:
        """Return True if both dates are known and `now` lies between them."""
        begun = self.not_before is not None and self.not_before <= now
        return begun and self.not_after is not None and now < self.not_after

    def is_due(self, now: datetime) -> bool:
        """Return True if it should have been renewed: it has expired, or less than a third of its
        lifetime and less than 21 days are left. Automatic renewal usually happens at one third."""
        if self.is_expired(now):
            return True
        if self.not_after is None or self.lifetime is None:
            return False
        return self.not_after - now < min(self.lifetime / 3, timedelta(days=21))

    def is_renewable(self, now: datetime) -> bool:
        """Return True if less than a third of its lifetime is left: automatic renewal has usually
        happened by then."""
        if self.not_after is None or self.lifetime is None:
            return False
        return self.not_after - now < self.lifetime / 3

    def is_expired(self, now: datetime) -> bool:
        """Return True if its end date is known and past."""
        return self.not_after is not None and self.not_after < now

    def outlasts(self, other: "Certificate") -> bool:
        """Return True if both end dates are known and this one is later."""
        if self.not_after is None or other.not_after is None:
            return False
        return self.not_after > other.not_after


@frozen
class Alert:
    """A TLS alert received (RFC 8446 section 6): level, number, name ("handshake_failure")."""

    level: int
    code: int
    name: Word


@frozen(kw_only=True, eq=False)
class Handshake(Observation):
    """One TLS handshake, successful or not.

    `server_name` is the SNI sent, None for none. `variant` is what was offered: "normal" (what a
    visitor offers); "again" (the same, repeated after a reset, a close or a timeout); "unverified"
    (the same without checking the certificate, to see what is behind it); or a control: "no-sni",
    "other-sni", "tls1.2", "old" (TLS 1.0 and 1.1), "small-hello" (without post-quantum key shares),
    "small-segments" (in packets that fit any path), "any-cipher" (every suite up to TLS 1.2),
    "lenient" (without this machine's own limits on strength and renegotiation), "no-dhe" (without
    finite-field Diffie-Hellman, like browsers), "http/1.1" and "h2" (ALPN, RFC 7301; if a server
    has no HTTP/1.1, the normal handshake offers HTTP/2 too, and HTTP/1.1 alone is the control),
    "stapling" (asks for an OCSP response), "plain" (an HTTP request instead of the handshake:
    `received` is the response), "browser-key" (the curves and signature algorithms of Chromium;
    only the first answer is read).

    `verify_code` and `verify_message` are OpenSSL's result for the chain with the system's trust
    store (X509_V_ERR_…, 0 for valid, None if there is no result); the host name is checked
    separately. `chain` is as the server sent it, the leaf first. `received` is the printable
    beginning of what came instead of TLS, `bytes_received` the number of bytes received in all.
    `group` is the group of the key exchange ("x25519", "secp521r1"), "" if unknown or none.
    `stapled` is True if an OCSP response came with the certificate, None if none was requested.
    """

    layer: ClassVar[str] = "tls"

    address: Address
    port: int
    server_name: HostName | None = None
    variant: HandshakeVariant = "normal"
    protocol: Word = ""
    cipher: Word = ""
    alpn: Word = ""
    verify_code: int | None = None
    verify_message: Text = ""
    chain: tuple[Certificate, ...] = ()
    alert: Alert | None = None
    received: FirstBytes = ""
    bytes_received: int = 0
    stapled: bool | None = None
    wants_client_certificate: bool = False
    group: Word = ""

    @property
    def has_browser_group(self) -> bool:
        """False if Chromium does not offer the group of the key exchange: it offers X25519 (also
        with ML-KEM), P-256 and P-384. An unknown group counts as offered."""
        return self.group in {"", "x25519", "secp256r1", "secp384r1", "X25519MLKEM768"}

    @property
    def takes_dhe(self) -> bool:
        """True if the suite that the server chose has finite-field Diffie-Hellman, which no
        browser offers. The name is OpenSSL's (ciphers(1))."""
        return self.cipher.startswith("DHE-")

    @property
    def is_browser_like(self) -> bool:
        """True if a visitor's browser would do this handshake."""
        return self.variant in {"normal", "again"}

    @property
    def is_silent(self) -> bool:
        """True if it failed without a byte from the server."""
        return self.failure is not None and not self.bytes_received

    @property
    def shows_fault(self) -> bool:
        """A control may fail: of a healthy server the one with old versions does."""
        return self.failure is not None and self.is_browser_like

    def summary(self) -> Summary:
        subject = phrase("TLS with {place}", place=socket_text(self.address, self.port))
        names = self.chain[0].dns_names if self.chain else ()
        names_phrase = phrase("for {names}", names=names[:4]) if names else ""
        return (
            remarked(subject, HANDSHAKE_VARIANTS.get(self.variant, "")),
            clauses(self.protocol, self.verify_message, names_phrase),
        )


_REVOCATIONS: dict[RevocationStatus, Words] = {
    "good": phrase("not revoked"),
    "revoked": phrase("revoked"),
    "unknown": phrase("not known to its issuer"),
}


@frozen(kw_only=True, eq=False)
class Revocation(Observation):
    """The issuer's revocation status of a certificate (OCSP, RFC 6960; CRL, RFC 5280).

    `status` is "good", "revoked" or "unknown"; `source` is the URL that was asked. `stapled` is
    True if the server itself sent it with the certificate; then it holds from `this_update` to
    `next_update` (None: no end is given).
    """

    layer: ClassVar[str] = "certificate"

    serial: Digest
    status: RevocationStatus = "unknown"
    source: AuthorityUrl = ""
    revoked_at: datetime | None = None
    reason: Word = ""
    stapled: bool = False
    this_update: datetime | None = None
    next_update: datetime | None = None

    def summary(self) -> Summary:
        return phrase("certificate {serial}", serial=self.serial), _REVOCATIONS[self.status]


@frozen(kw_only=True, eq=False)
class NameTrials(Observation):
    """The same attempt, repeated with one server name at one address, to see whether something
    between here and the server reacts to the target's name.

    `sent` is the name as SNI or in the Host field: for "none" no SNI, and the address as Host.
    Over TLS, `blocked` counts the handshakes that were reset and `answered` those that got any
    other reply, an alert included. Over HTTP, `blocked` counts the pages with which a provider
    takes the site's place (`diagnose.parsers.filing_blocks`), and the connections that were reset.
    Attempts in neither number got no reply.
    """

    layer: ClassVar[str] = "tls"

    address: Address
    port: int
    sent: HostName
    name: TrialName
    protocol: TrialProtocol
    tries: int = 0
    blocked: int = 0
    answered: int = 0

    @property
    def shows_fault(self) -> bool:
        return self.blocked > 0

    def summary(self) -> Summary:
        facts = {"protocol": self.protocol, "place": socket_text(self.address, self.port)}
        subject = (
            phrase("{protocol} with {place} for {name}", **facts, name=self.sent)
            if self.sent
            else phrase("{protocol} with {place} without a name", **facts)
        )
        return subject, phrase(
            "{blocked} of {tries} blocked, {answered} answered",
            blocked=self.blocked,
            tries=self.tries,
            answered=self.answered,
        )


@frozen
class ServedCertificate:
    """One certificate as visitors get it, with every handshake that returned it. A fault of it is
    reported once for all addresses."""

    leaf: Certificate
    chain: tuple[Certificate, ...]
    handshakes: tuple[Handshake, ...]

    @property
    def subjects(self) -> tuple[Subject, ...]:
        return endpoints(
            (handshake.address for handshake in self.handshakes), self.handshakes[0].port
        )

    @property
    def subject(self) -> Subject:
        return merge_subjects(self.subjects)

    @property
    def addresses(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(handshake.address for handshake in self.handshakes))

    @property
    def verify_codes(self) -> frozenset[int]:
        return frozenset(
            handshake.verify_code for handshake in self.handshakes if handshake.verify_code
        )


def served_certificates(
    evidence: Evidence, is_wanted: Callable[[Handshake], bool] = lambda handshake: True
) -> tuple[ServedCertificate, ...]:
    """Return each certificate that visitors get once, with its handshakes for which `is_wanted` is
    True."""
    groups: dict[str, list[Handshake]] = {}
    for handshake in evidence.of(Handshake):
        if handshake.is_browser_like and handshake.chain and is_wanted(handshake):
            groups.setdefault(handshake.chain[0].sha256, []).append(handshake)
    return tuple(
        ServedCertificate(group[0].chain[0], group[0].chain, tuple(group))
        for group in groups.values()
    )


def certificate_path(chain: tuple[Certificate, ...]) -> tuple[Certificate, ...]:
    """Return the leaf and, from the certificates sent, the issuer of each in turn, matched by name
    and key identifier (RFC 5280 section 6.1, RFC 4158 section 3.5). Like clients, it accepts any
    order."""
    path = list(chain[:1])
    while path and not path[-1].self_issued:
        issuer = next(
            (
                candidate
                for candidate in chain
                if may_have_issued(candidate, path[-1]) and candidate not in path
            ),
            None,
        )
        if issuer is None:
            break
        path.append(issuer)
    return tuple(path)


def may_have_issued(issuer: Certificate, certificate: Certificate) -> bool:
    """Return True if names and key identifiers allow that one issued the other."""
    return _same_name(issuer.subject, certificate.issuer) and (
        not issuer.key_id
        or not certificate.authority_key_id
        or issuer.key_id == certificate.authority_key_id
    )


def _same_name(name: str, other: str) -> bool:
    """Compare names, ignoring case and repeated spaces (RFC 5280 section 7.1)."""
    return name == other or " ".join(name.split()).lower() == " ".join(other.split()).lower()


def begins_http(received: str) -> bool:
    """Return whether the text is the beginning of an HTTP response, or of the bare page that
    servers send for HTTP/0.9."""
    begins = received.lstrip("\ufffd ").lower()
    return begins.startswith(("http/1.", "<html", "<!doctype html", "<head"))


def speaks_plain_http(handshake: Handshake) -> bool:
    """Return whether a program without TLS answered: to a ClientHello in HTTP, or to a plain
    request. A port of TLS may answer that with 400, to say that it needs TLS (nginx)."""
    if handshake.variant == "plain":
        is_needed = handshake.received.split(" ")[1:2] == ["400"]
        return begins_http(handshake.received) and not is_needed
    return handshake.failure is not None and begins_http(handshake.received)
