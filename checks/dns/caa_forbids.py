"""CAA records (RFC 8659) allow only named authorities to issue for the name, and the issuer of the
current certificate is not among them. Its renewal will be refused."""

import re
from collections.abc import Iterator

from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.dns import DnsAnswer
from diagnose.model.tls import Certificate, Handshake

#: Text in an issuer's name, and the domains by which CAA records name that authority, the usual one
#: first (each authority's certification practice statement, and CCADB's list). For an issuer that
#: is not in this list nothing is reported.
AUTHORITIES = (
    ("Let's Encrypt", ("letsencrypt.org",)),
    ("Google Trust Services", ("pki.goog",)),
    ("ZeroSSL", ("sectigo.com", "comodoca.com", "comodo.com", "usertrust.com", "zerossl.com")),
    ("TrustAsia", ("trustasia.com", "digicert.com", "sectigo.com", "certum.pl")),
    (
        "Sectigo",
        ("sectigo.com", "comodoca.com", "comodo.com", "usertrust.com", "trust-provider.com"),
    ),
    (
        "DigiCert",
        (
            "digicert.com",
            "www.digicert.com",
            "digicert.ne.jp",
            "cybertrust.ne.jp",
            "thawte.com",
            "geotrust.com",
            "rapidssl.com",
            "symantec.com",
            "volusion.digitalcertvalidation.com",
            "stratossl.digitalcertvalidation.com",
            "intermediatecertificate.digitalcertvalidation.com",
            "1and1.digitalcertvalidation.com",
            "amazon.com",
        ),
    ),
    ("Amazon", ("amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com")),
    ("GlobalSign", ("globalsign.com",)),
    ("GoDaddy", ("godaddy.com", "starfieldtech.com")),
    ("Starfield", ("starfieldtech.com", "godaddy.com")),
    ("Buypass", ("buypass.com", "buypass.no")),
    ("SSL Corp", ("ssl.com",)),
    ("Actalis", ("actalis.it",)),
)

_PROPERTY = re.compile(r"(\d+)\s+([A-Za-z0-9]+)\s+\"(.*)\"")


@check(severity=Severity.WARNING, needs=[DnsAnswer, Handshake])
def caa_forbids(evidence: Evidence) -> Iterator[Claim]:
    host = evidence.target.host
    reported_authorities: set[str] = set()
    for handshake in evidence.of(Handshake):
        if not handshake.is_browser_like or not handshake.chain:
            continue
        leaf = handshake.chain[0]
        authority, domains = _authority(leaf.issuer)
        answer = _relevant_answer(
            evidence, host if host in leaf.dns_names else _wildcard_parent(host, leaf)
        )
        if not authority or answer is None or authority in reported_authorities:
            continue
        allowed_domains = _allowed_domains(answer.records, wildcard=host not in leaf.dns_names)
        if allowed_domains is None or allowed_domains & set(domains):
            continue
        reported_authorities.add(authority)
        yield Claim(
            about=Subject(name=answer.name),
            because=(answer, handshake),
            facts={
                "name": host,
                "owner": answer.name,
                "records": answer.records,
                "authority": authority,
                "domain": domains[0],
                "tag": "issue" if host in leaf.dns_names else "issuewild",
                "allowed": tuple(sorted(allowed_domains)),
                "expires": leaf.not_after or "",
            },
            fix=Fix((Manual("allow-authority", Where.DNS_PROVIDER),), Applicability.MANUAL),
        )


def _authority(issuer: str) -> tuple[str, tuple[str, ...]]:
    """Return the authority in an issuer's distinguished name, and its CAA domains; ("", ()) if
    unknown."""
    text = issuer.replace("\\", "").lower()
    return next((authority for authority in AUTHORITIES if authority[0].lower() in text), ("", ()))


def _wildcard_parent(host: str, leaf: Certificate) -> str:
    """Return the domain at which the CAA search for a wildcard certificate begins; "" if the
    certificate does not cover the name."""
    parent = host.partition(".")[2]
    return parent if f"*.{parent}" in leaf.dns_names else ""


def _relevant_answer(evidence: Evidence, name: str) -> DnsAnswer | None:
    """Return the CAA records of the name, or else of the closest domain above it (RFC 8659 section
    3).

    None if there are none, or if an answer on the way is missing.
    """
    answers = {
        caa_answer.name: caa_answer
        for caa_answer in evidence.of(DnsAnswer)
        if caa_answer.purpose == "caa"
    }
    while name in answers:
        answer = answers[name]
        if answer.failure or answer.rcode not in {"NOERROR", "NXDOMAIN"} or answer.truncated:
            return None
        if answer.records:
            return answer
        name = name.partition(".")[2]
    return None


def _allowed_domains(records: tuple[str, ...], wildcard: bool) -> set[str] | None:
    """Return the domains of the authorities that may issue; None if all may.

    For a wildcard, issuewild counts if there is any (RFC 8659 section 4.3).
    """
    values: dict[str, set[str]] = {}
    for record in records:
        if match := _PROPERTY.fullmatch(record.strip()):
            domain = match[3].partition(";")[0].strip().lower()
            values.setdefault(match[2].lower(), set()).add(domain)
    tags = ("issuewild", "issue") if wildcard else ("issue",)
    present_tag = next((tag for tag in tags if tag in values), None)
    return None if present_tag is None else values[present_tag] - {""}
