"""CAA records (RFC 8659) allow only named authorities to issue for the name, and the one that the
renewal tool asks, or else the issuer of the current certificate, is not among them. Its renewal
will be refused. A value that breaks the grammar lets nobody issue: with the final dot of a zone
file it names no authority. A value may also admit other ways of validation than the tool's
alone."""

import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING

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
from diagnose.model.renewal import ChallengeFolder, OwnServerRenewal, RenewalAuthority
from diagnose.model.tls import Certificate, Handshake

if TYPE_CHECKING:
    from diagnose.parsers.caa import IssueProperty

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

#: The ends of the hosts of ACME directories, and whose they are.
_DIRECTORIES = (
    ("letsencrypt.org", "Let's Encrypt"),
    ("zerossl.com", "ZeroSSL"),
    ("pki.goog", "Google Trust Services"),
    ("buypass.com", "Buypass"),
    ("ssl.com", "SSL Corp"),
    ("sectigo.com", "Sectigo"),
    ("digicert.com", "DigiCert"),
    ("globalsign.com", "GlobalSign"),
    ("actalis.it", "Actalis"),
)


@check(
    severity=Severity.WARNING,
    needs=[DnsAnswer, Handshake],
    explains=["certificate.expires-soon"],
)
def caa_forbids(evidence: Evidence) -> Iterator[Claim]:
    host = evidence.target.host
    if not any(answer.purpose == "caa" and answer.records for answer in evidence.of(DnsAnswer)):
        return
    reported_authorities: set[str] = set()
    for handshake in evidence.of(Handshake):
        if not handshake.is_browser_like or not handshake.chain:
            continue
        leaf = handshake.chain[0]
        # Imported late: few names have such records.
        from checks.certificate._renewal_settings import renewal_settings

        settings = renewal_settings(evidence, host)
        authority, domains = _authority_of(settings.host) if settings else _authority(leaf.issuer)
        wildcard = host not in leaf.dns_names and bool(_wildcard_parent(host, leaf))
        start = _wildcard_parent(host, leaf) if wildcard else host
        # Without a tool's settings, only a certificate for the name says who issues for it.
        is_known = settings is not None or wildcard or host in leaf.dns_names
        answer = _relevant_answer(evidence, start) if is_known else None
        if not authority or answer is None or authority in reported_authorities:
            continue
        allowed, invalid = _properties(answer.records, wildcard)
        allowed_domains = {each.domain for each in allowed} - {""}
        own = [each for each in allowed if each.domain in domains]
        method = _excluded_method(evidence, own, settings)
        if not (allowed or invalid) or (own and not method):
            continue
        reported_authorities.add(authority)
        meant = next((each for each in invalid if each.domain in domains), None)
        tag = "issuewild" if wildcard else "issue"
        yield Claim(
            about=Subject(name=answer.name),
            # The certificate's name is below the one that has the records.
            covers=(Subject(name=answer.name), Subject(name=host)),
            because=(answer, handshake, *((settings,) if settings else ())),
            facts={
                "name": host,
                "owner": answer.name,
                "records": answer.records,
                "authority": authority,
                "domain": domains[0],
                "tag": meant.tag if meant else tag,
                "allowed": tuple(sorted(allowed_domains)),
                "expires": leaf.not_after or "",
                **_tool_facts(settings),
                "invalid": tuple(each.value for each in invalid),
                "wrong": meant.value if meant else "",
                "right": meant.domain if meant else "",
                "dot": meant is not None and meant.value.rstrip().endswith("."),
                "method": method,
                "admitted": own[0].methods if method else (),
                "admitting": _with_method(own[0], method) if method else "",
            },
            fix=Fix(
                (Manual(_step(method, meant is not None), Where.DNS_PROVIDER),),
                Applicability.MANUAL,
            ),
        )


def _tool_facts(settings: RenewalAuthority | None) -> dict[str, object]:
    """Return where a renewal tool has its settings, and the command that renews the certificate."""
    if settings is None:
        return {"source": "", "renew": ""}
    is_certbot = settings.tool == "certbot"
    renew = f"certbot renew --cert-name {shlex.quote(settings.name)}" if is_certbot else ""
    return {"source": settings.source, "renew": renew}


def _step(method: str, is_misspelt: bool) -> str:
    if method:
        return "allow-method"
    return "correct-value" if is_misspelt else "allow-authority"


def _excluded_method(
    evidence: Evidence, own: "list[IssueProperty]", settings: RenewalAuthority | None
) -> str:
    """Return the way by which the renewal tool proves the name, if none of the authority's records
    admits it (RFC 8657 section 4); "" if one does, or if the way is not known."""
    if settings is None or not own or not all(each.methods for each in own):
        return ""
    sources = {folder.source for folder in evidence.good(ChallengeFolder)}
    sources.update(server.source for server in evidence.good(OwnServerRenewal))
    is_over_http = settings.source in sources
    method = "dns-01" if settings.over_dns else "http-01" if is_over_http else ""
    return "" if any(method in each.methods for each in own) else method


def _with_method(own: "IssueProperty", method: str) -> str:
    """Return the value of a record that admits one more way."""
    old = ",".join(own.methods)
    parts = [part.strip(" \t") for part in own.value.split(";")]
    changed = (
        f"validationmethods={old},{method}"
        if part.lower().startswith("validationmethods")
        else part
        for part in parts
    )
    return "; ".join(part for part in changed if part)


def _authority_of(directory: str) -> tuple[str, tuple[str, ...]]:
    """Return the authority with this host of an ACME directory, and its CAA domains; ("", ()) if
    unknown."""
    name = next(
        (name for end, name in _DIRECTORIES if directory == end or directory.endswith(f".{end}")),
        "",
    )
    return next((authority for authority in AUTHORITIES if authority[0] == name), ("", ()))


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


def _properties(
    records: tuple[str, ...], wildcard: bool
) -> "tuple[list[IssueProperty], list[IssueProperty]]":
    """Return the properties that count, the valid ones and those that break the grammar: they let
    nobody issue; ([], []) if all authorities may.

    For a wildcard, issuewild counts if there is any (RFC 8659 section 4.3).
    """
    # Imported late: few names have such records.
    from diagnose.parsers.caa import issue_property

    properties = [each for record in records if (each := issue_property(record)) is not None]
    tags = ("issuewild", "issue") if wildcard else ("issue",)
    present = {each.tag for each in properties}
    tag = next((tag for tag in tags if tag in present), "")
    own = [each for each in properties if each.tag == tag]
    return [each for each in own if each.is_valid], [each for each in own if not each.is_valid]
