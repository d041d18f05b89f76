"""CAA records (RFC 8659) let only named authorities issue for the name, and the one that issued
the certificate in use is not among them: its renewal will be refused."""

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

#: What an issuer's name says, and the domains by which CAA records name that authority, the
#: usual one first (each authority's certification practice statement, and CCADB's list).
#: An issuer that is not here is unknown, and nothing is said.
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
    told: set[str] = set()
    for seen in evidence.of(Handshake):
        if not seen.as_a_visitor or not seen.chain:
            continue
        leaf = seen.chain[0]
        name, domains = _authority(leaf.issuer)
        answer = _relevant(evidence, host if host in leaf.dns_names else _parent(host, leaf))
        if not name or answer is None or name in told:
            continue
        allowed = _allowed(answer.records, wildcard=host not in leaf.dns_names)
        if allowed is None or allowed & set(domains):
            continue
        told.add(name)
        yield Claim(
            about=Subject(name=answer.name),
            because=(answer, seen),
            facts={
                "name": host,
                "owner": answer.name,
                "records": answer.records,
                "authority": name,
                "domain": domains[0],
                "tag": "issue" if host in leaf.dns_names else "issuewild",
                "allowed": tuple(sorted(allowed)),
                "expires": leaf.not_after or "",
            },
            fix=Fix((Manual("allow-authority", Where.DNS_PROVIDER),), Applicability.MANUAL),
        )


def _authority(issuer: str) -> tuple[str, tuple[str, ...]]:
    """The authority that an issuer's distinguished name names; ("", ()) if unknown."""
    text = issuer.replace("\\", "").lower()
    return next((known for known in AUTHORITIES if known[0].lower() in text), ("", ()))


def _parent(host: str, leaf: Certificate) -> str:
    """The domain at which the search for a wildcard certificate's CAA records begins; "" where
    the certificate does not cover the name."""
    parent = host.partition(".")[2]
    return parent if f"*.{parent}" in leaf.dns_names else ""


def _relevant(evidence: Evidence, name: str) -> DnsAnswer | None:
    """RFC 8659 section 3: the records of the name, else those of the closest domain above it.
    None where there are none, or where an answer on the way is missing."""
    answers = {one.name: one for one in evidence.of(DnsAnswer) if one.purpose == "caa"}
    while name in answers:
        answer = answers[name]
        if answer.failure or answer.rcode not in {"NOERROR", "NXDOMAIN"} or answer.truncated:
            return None
        if answer.records:
            return answer
        name = name.partition(".")[2]
    return None


def _allowed(records: tuple[str, ...], wildcard: bool) -> set[str] | None:
    """The domains of the authorities that may issue; None for all. RFC 8659 section 4.3: for a
    wildcard, issuewild counts if there is any."""
    values: dict[str, set[str]] = {}
    for record in records:
        if found := _PROPERTY.fullmatch(record.strip()):
            domain = found[3].partition(";")[0].strip().lower()
            values.setdefault(found[2].lower(), set()).add(domain)
    tags = ("issuewild", "issue") if wildcard else ("issue",)
    found_tag = next((tag for tag in tags if tag in values), None)
    return None if found_tag is None else values[found_tag] - {""}
