"""Checks of the layer `certificate`, and what they share.

One certificate has one main cause. What follows is why, when several things are wrong:

- a *self-signed* certificate has to be replaced whatever else is wrong with it (it is the
  stand-in of a distribution, a panel or a test), so that it explains its own dates, names,
  purpose and strength;
- a certificate for *another name* is not the site's: renewing it, or completing its chain, would
  help nobody, so that it explains these too;
- the rest is independent: an expired certificate whose chain is incomplete as well has two
  faults, and both have to be put right.

OpenSSL reports the first error only, chain before strength before dates. Dates, names, purpose
and key are therefore judged from the certificates, and OpenSSL is asked for the chain alone.
"""

import re
import shlex
from collections.abc import Callable, Mapping
from typing import Any

from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Evidence,
    Fix,
    Host,
    Manual,
    Severity,
    Step,
    Vantage,
    Where,
)
from diagnose.model.frozen import frozen
from diagnose.model.nginx import CertificateFile
from diagnose.model.tls import Certificate, Handshake, ServedCertificate, certificate_path

# X509_V_ERR_… (X509_STORE_CTX_get_error(3)).
BAD_SIGNATURE, NOT_YET_VALID, EXPIRED = 7, 9, 10
NO_ISSUER = {2, 20, 21}
#: The key of the leaf, the key of an authority, the hash of a signature below the root.
LEAF_KEY_TOO_SMALL, CA_KEY_TOO_SMALL, HASH_TOO_WEAK = 66, 67, 68
SELF_SIGNED, SELF_SIGNED_IN_CHAIN = 18, 19
REVOKED, WRONG_PURPOSE = 23, 26
WEAK = {LEAF_KEY_TOO_SMALL, CA_KEY_TOO_SMALL, HASH_TOO_WEAK}

#: What is wrong with a certificate that has to be replaced, whatever the reason.
REPLACEABLE_FAULTS = (
    "certificate.expired",
    "certificate.expired-cross-sign",
    "certificate.expires-soon",
    "certificate.must-staple",
    "certificate.no-san",
    "certificate.not-yet-valid",
    "certificate.revoked",
    "certificate.weak",
    "certificate.wrong-purpose",
)

#: What every certificate that visitors do not accept brings about.
COMMON_EFFECTS = ("http.hsts-traps-visitors",)


def chain_fault(evidence: Evidence, handshake: Handshake) -> str:
    """Which check says why the chain of a handshake leads to no trusted root; "" for none.

    Where the issuer of the last certificate is neither sent nor known, the certificates sent
    tell what is the matter: other authorities that did not issue it, the wrong ones; none but
    the leaf of a public authority, the intermediate is missing; anything else, then it is the
    root that is not trusted, for nobody has to send the root. A public authority's leaf says
    where its issuer's certificate is, or a tool that gets such leaves keeps the file.

    A signature that does not verify speaks of an issuer that was sent, if one was: of the same
    name, and with another key. Where the key identifiers agree it is the right key, and the
    signature is damaged. OpenSSL also finds no issuer where it cannot read an extension.
    """
    code = handshake.verify_code
    if code == SELF_SIGNED:
        return "self-signed"
    if code == SELF_SIGNED_IN_CHAIN:
        return "untrusted-root"
    path = certificate_path(handshake.chain)
    if code == BAD_SIGNATURE:
        return "" if all(map(_is_signing_key, path[1:], path)) else "wrong-intermediate"
    if code not in NO_ISSUER or not path or unreadable_extensions(handshake):
        return ""
    if path[-1].self_issued and len(path) > 1:
        return "untrusted-root"
    if any(certificate.is_ca for certificate in handshake.chain if certificate not in path):
        return "wrong-intermediate"
    if len(path) > 1 or private_authority_kind(path[-1].issuer):
        return "untrusted-root"
    is_public = path[-1].issuer_urls or "authorities" in path[-1].unread
    return (
        "chain-incomplete" if is_public or served_lineage(evidence, path[-1]) else "untrusted-root"
    )


def _is_signing_key(issuer: Certificate, certificate: Certificate) -> bool:
    """Whether the key identifiers say that the issuer's key made the signature."""
    return bool(issuer.key_id) and issuer.key_id == certificate.authority_key_id


#: What OpenSSL does not mind, or refuses in other words.
_HARMLESS_FIELDS = {
    *("subject", "issuer", "key_type", "signature_hash", "not_before", "not_after"),
    *("authorities", "must_staple"),
}


def unreadable_extensions(handshake: Handshake) -> tuple[str, ...]:
    """The extensions in the path that cannot be read, for which OpenSSL refuses a certificate."""
    path = certificate_path(handshake.chain)
    return tuple(
        field
        for certificate in path
        for field in certificate.unread
        if field not in _HARMLESS_FIELDS
    )


def certificate_out_of_time(
    served_cert: ServedCertificate, is_wrong: Callable[[Certificate], bool], code: int
) -> Certificate | None:
    """The first certificate at a wrong time. Above the leaf that matters only where OpenSSL
    says with this code that it found no way around. A root is not sent to be renewed: one that
    this machine trusts and that has expired is this machine's fault."""
    path = certificate_path(served_cert.chain) if code in served_cert.verify_codes else ()
    issuers = (certificate for certificate in path[1:] if not certificate.self_issued)
    return next(filter(is_wrong, (served_cert.leaf, *issuers)), None)


def private_authority_kind(issuer: str) -> str:
    """The kind of a well-known private authority by its name: "origin" (a CDN's, trusted by its
    own edge only), "development" (a tool's on one machine), "" for any other."""
    issuer_name = issuer.lower()
    if "origin" in issuer_name and (
        "cloudflare" in issuer_name or "certificate authority" in issuer_name
    ):
        return "origin"
    if any(name in issuer_name for name in ("mkcert", "caddy local authority", "minica")):
        return "development"
    return ""


def claim(
    evidence: Evidence,
    served_cert: ServedCertificate,
    facts: Mapping[str, Any],
    fix: Fix,
    confidence: Confidence = Confidence.CERTAIN,
    severity: Severity | None = None,
    ruled_out: tuple[str, ...] = (),
) -> Claim:
    """A claim about a certificate wherever it is served, with what every text may name."""
    return Claim(
        about=served_cert.subject,
        covers=served_cert.subjects,
        because=served_cert.handshakes,
        facts={
            "name": evidence.target.host,
            "addresses": served_cert.addresses,
            "port": served_cert.handshakes[0].port,
            "subject": label(served_cert.leaf),
            "issuer": served_cert.leaf.issuer,
            "serial": served_cert.leaf.serial,
            "not_before": fact_or_empty(served_cert.leaf.not_before),
            "not_after": fact_or_empty(served_cert.leaf.not_after),
            **file_facts(evidence, served_cert.leaf),
            **facts,
        },
        confidence=confidence,
        severity=severity,
        ruled_out=ruled_out,
        fix=fix,
    )


def label(certificate: Certificate) -> str:
    """What people call a certificate."""
    names = (certificate.common_name, *certificate.dns_names, *certificate.addresses)
    return next(filter(None, names), certificate.subject) or f"serial {certificate.serial}"


def replacement_fix(
    evidence: Evidence, served_cert: ServedCertificate
) -> tuple[Fix | None, dict[str, str]]:
    """What puts a good certificate that lies on the server in the place of one that is no use, and
    where both are, for the texts; None and "" where there is none."""
    from checks.certificate.renewed_elsewhere import find_replacement

    replacement = find_replacement(evidence, served_cert)
    if replacement is None:
        return None, {"other": "", "place": ""}
    return replacement.fix, {"other": replacement.candidate.path, "place": replacement.place}


def fact_or_empty(value: object) -> object:
    """A fact of a certificate; "" where it could not be read."""
    return "" if value is None else value


def manual_fix(*steps: str) -> Fix:
    return Fix(tuple(Manual(step, Where.SERVER) for step in steps), Applicability.MANUAL)


def renewal_fix(evidence: Evidence, leaf: Certificate) -> Fix:
    """How to get a new certificate of the same kind and have it served: by the tool that keeps
    the file, where that is known. What kept it from renewing so far may still do so."""
    lineage = served_lineage(evidence, leaf)
    if lineage is not None:
        return Fix((lineage.renew, reload_step(evidence)), Applicability.REVIEW)
    if "let's encrypt" not in leaf.issuer.lower():
        return manual_fix("renew")
    renew = Command(("certbot", "renew"))
    return Fix((Manual("renew", Where.SERVER), renew, reload_step(evidence)), Applicability.REVIEW)


@frozen
class Lineage:
    """What keeps a certificate's file: the tool, the command that renews it, and the file with
    the whole chain."""

    tool: str
    name: str
    renew: Command
    fullchain: str


#: Folders of tools, and the name by which the tool knows what is in them.
_CERTBOT = re.compile(r"(/etc/letsencrypt)/(?:live|archive)/([^/]+)/(?:cert|fullchain)\d*\.pem")
_ACME_SH = re.compile(r"(/.*/\.acme\.sh)/(([^/]+?)(_ecc)?)/(?:fullchain|\3)\.cer")
_DEHYDRATED = re.compile(r"(/(?:etc|var/lib)/dehydrated)/certs/([^/]+)/(?:cert|fullchain)\S*\.pem")

#: What makes each tool renew what is still good.
_FORCE_OPTIONS = {"certbot": ("--force-renewal",), "acme.sh": (), "dehydrated": ("--force",)}


def lineage_of(path: str) -> Lineage | None:
    """What keeps a file, by its path."""
    if match := _CERTBOT.fullmatch(path):
        renew = Command(("certbot", "renew", "--cert-name", match[2]))
        return Lineage("certbot", match[2], renew, f"{match[1]}/live/{match[2]}/fullchain.pem")
    if match := _ACME_SH.fullmatch(path):
        ecc_option = ("--ecc",) if match[4] else ()
        renew_words = (
            f"{match[1]}/acme.sh",
            "--home",
            match[1],
            "--renew",
            "-d",
            match[3],
            *ecc_option,
        )
        fullchain = f"{match[1]}/{match[2]}/fullchain.cer"
        return Lineage("acme.sh", match[3], Command((*renew_words, "--force")), fullchain)
    if match := _DEHYDRATED.fullmatch(path):
        renew = Command(("dehydrated", "--cron", "--domain", match[2]))
        return Lineage("dehydrated", match[2], renew, f"{match[1]}/certs/{match[2]}/fullchain.pem")
    return None


def file_of(evidence: Evidence, leaf: Certificate) -> CertificateFile | None:
    """The file on the server that holds a certificate first: the one that nginx reads."""
    files = evidence.good(CertificateFile)
    return next((file for file in files if file.sha256 == leaf.sha256), None)


def served_lineage(evidence: Evidence, leaf: Certificate) -> Lineage | None:
    """What keeps the certificate that is served."""
    file = file_of(evidence, leaf)
    paths = (file.path, file.real) if file else ()
    return next((lineage for path in paths if (lineage := lineage_of(path))), None)


def file_facts(evidence: Evidence, leaf: Certificate) -> dict[str, str]:
    """What every text may name of the server's files: that in which the certificate lies, the
    tool that keeps it, the name that it has there, and the commands that renew it when it is time
    and at once; "" each where it is not known."""
    file, lineage = file_of(evidence, leaf), served_lineage(evidence, leaf)
    return {
        "file": file.path if file else "",
        "tool": lineage.tool if lineage else "",
        "lineage": shlex.quote(lineage.name) if lineage else "",
        "renew": shlex.join(lineage.renew.argv) if lineage else "",
        "reissue": shlex.join((*lineage.renew.argv, *_FORCE_OPTIONS[lineage.tool]))
        if lineage
        else "",
    }


def reload_step(evidence: Evidence) -> Step:
    """The command that makes nginx read its files again, where the server has been seen."""
    from checks.nginx import Nginx

    if any(host.vantage is Vantage.SERVER for host in evidence.of(Host)):
        return Nginx.of(evidence).reload_command()
    return Manual("reload", Where.SERVER)
