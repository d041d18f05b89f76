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
from diagnose.model.tls import Certificate, Handshake, Served, path_of

# X509_V_ERR_… (X509_STORE_CTX_get_error(3)).
BAD_SIGNATURE, NOT_YET_VALID, EXPIRED = 7, 9, 10
NO_ISSUER = {2, 20, 21}
#: The key of the leaf, the key of an authority, the hash of a signature below the root.
LEAF_KEY_TOO_SMALL, CA_KEY_TOO_SMALL, HASH_TOO_WEAK = 66, 67, 68
SELF_SIGNED, SELF_SIGNED_IN_CHAIN = 18, 19
REVOKED, WRONG_PURPOSE = 23, 26
WEAK = {LEAF_KEY_TOO_SMALL, CA_KEY_TOO_SMALL, HASH_TOO_WEAK}

#: What is wrong with a certificate that has to be replaced, whatever the reason.
REPLACED = (
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
BROUGHT_ABOUT = ("http.hsts-traps-visitors",)


def chain_fault(evidence: Evidence, seen: Handshake) -> str:
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
    code = seen.verify_code
    if code == SELF_SIGNED:
        return "self-signed"
    if code == SELF_SIGNED_IN_CHAIN:
        return "untrusted-root"
    path = path_of(seen.chain)
    if code == BAD_SIGNATURE:
        return "" if all(map(_same_key, path[1:], path)) else "wrong-intermediate"
    if code not in NO_ISSUER or not path or unread(seen):
        return ""
    if path[-1].self_issued and len(path) > 1:
        return "untrusted-root"
    if any(one.is_ca for one in seen.chain if one not in path):
        return "wrong-intermediate"
    if len(path) > 1 or private_authority(path[-1].issuer):
        return "untrusted-root"
    public = path[-1].issuer_urls or "authorities" in path[-1].unread
    return "chain-incomplete" if public or lineage(evidence, path[-1]) else "untrusted-root"


def _same_key(issuer: Certificate, certificate: Certificate) -> bool:
    """Whether the key identifiers say that the issuer's key made the signature."""
    return bool(issuer.key_id) and issuer.key_id == certificate.authority_key_id


#: What OpenSSL does not mind, or refuses in other words.
_HARMLESS = {
    *("subject", "issuer", "key_type", "signature_hash", "not_before", "not_after"),
    *("authorities", "must_staple"),
}


def unread(seen: Handshake) -> tuple[str, ...]:
    """The extensions in the path that cannot be read, for which OpenSSL refuses a certificate."""
    path = path_of(seen.chain)
    return tuple(field for one in path for field in one.unread if field not in _HARMLESS)


def out_of_time(one: Served, wrong: Callable[[Certificate], bool], code: int) -> Certificate | None:
    """The first certificate at a wrong time. Above the leaf that matters only where OpenSSL
    says with this code that it found no way around. A root is not sent to be renewed: one that
    this machine trusts and that has expired is this machine's fault."""
    path = path_of(one.chain) if code in one.verify_codes else ()
    above = (each for each in path[1:] if not each.self_issued)
    return next(filter(wrong, (one.leaf, *above)), None)


def private_authority(issuer: str) -> str:
    """The kind of a well-known private authority by its name: "origin" (a CDN's, trusted by its
    own edge only), "development" (a tool's on one machine), "" for any other."""
    said = issuer.lower()
    if "origin" in said and ("cloudflare" in said or "certificate authority" in said):
        return "origin"
    if any(name in said for name in ("mkcert", "caddy local authority", "minica")):
        return "development"
    return ""


def claim(
    evidence: Evidence,
    one: Served,
    facts: Mapping[str, Any],
    fix: Fix,
    confidence: Confidence = Confidence.CERTAIN,
    severity: Severity | None = None,
    ruled_out: tuple[str, ...] = (),
) -> Claim:
    """A claim about a certificate wherever it is served, with what every text may name."""
    return Claim(
        about=one.about,
        covers=one.subjects,
        because=one.handshakes,
        facts={
            "name": evidence.target.host,
            "addresses": one.addresses,
            "port": one.handshakes[0].port,
            "subject": label(one.leaf),
            "issuer": one.leaf.issuer,
            "serial": one.leaf.serial,
            "not_before": known(one.leaf.not_before),
            "not_after": known(one.leaf.not_after),
            **kept(evidence, one.leaf),
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


def replaced(evidence: Evidence, one: Served) -> tuple[Fix | None, dict[str, str]]:
    """What puts a good certificate that lies on the server in the place of one that is no use, and
    where both are, for the texts; None and "" where there is none."""
    from checks.certificate.renewed_elsewhere import replacement

    found = replacement(evidence, one)
    if found is None:
        return None, {"other": "", "place": ""}
    return found.fix, {"other": found.other.path, "place": found.place}


def known(value: object) -> object:
    """A fact of a certificate; "" where it could not be read."""
    return "" if value is None else value


def by_hand(*steps: str) -> Fix:
    return Fix(tuple(Manual(step, Where.SERVER) for step in steps), Applicability.MANUAL)


def renewal(evidence: Evidence, leaf: Certificate) -> Fix:
    """How to get a new certificate of the same kind and have it served: by the tool that keeps
    the file, where that is known. What kept it from renewing so far may still do so."""
    from_file = lineage(evidence, leaf)
    if from_file is not None:
        return Fix((from_file.renew, reload(evidence)), Applicability.REVIEW)
    if "let's encrypt" not in leaf.issuer.lower():
        return by_hand("renew")
    renew = Command(("certbot", "renew"))
    return Fix((Manual("renew", Where.SERVER), renew, reload(evidence)), Applicability.REVIEW)


@frozen
class Lineage:
    """What keeps a certificate's file: the tool, the command that renews it, and the file with
    the whole chain."""

    tool: str
    name: str
    renew: Command
    whole: str


#: Folders of tools, and the name by which the tool knows what is in them.
_CERTBOT = re.compile(r"(/etc/letsencrypt)/(?:live|archive)/([^/]+)/(?:cert|fullchain)\d*\.pem")
_ACME_SH = re.compile(r"(/.*/\.acme\.sh)/(([^/]+?)(_ecc)?)/(?:fullchain|\3)\.cer")
_DEHYDRATED = re.compile(r"(/(?:etc|var/lib)/dehydrated)/certs/([^/]+)/(?:cert|fullchain)\S*\.pem")

#: What makes each tool renew what is still good.
_FORCED = {"certbot": ("--force-renewal",), "acme.sh": (), "dehydrated": ("--force",)}


def lineage_of(path: str) -> Lineage | None:
    """What keeps a file, by its path."""
    if found := _CERTBOT.fullmatch(path):
        renew = Command(("certbot", "renew", "--cert-name", found[2]))
        return Lineage("certbot", found[2], renew, f"{found[1]}/live/{found[2]}/fullchain.pem")
    if found := _ACME_SH.fullmatch(path):
        ecc = ("--ecc",) if found[4] else ()
        words = (f"{found[1]}/acme.sh", "--home", found[1], "--renew", "-d", found[3], *ecc)
        whole = f"{found[1]}/{found[2]}/fullchain.cer"
        return Lineage("acme.sh", found[3], Command((*words, "--force")), whole)
    if found := _DEHYDRATED.fullmatch(path):
        renew = Command(("dehydrated", "--cron", "--domain", found[2]))
        return Lineage("dehydrated", found[2], renew, f"{found[1]}/certs/{found[2]}/fullchain.pem")
    return None


def file_of(evidence: Evidence, leaf: Certificate) -> CertificateFile | None:
    """The file on the server that holds a certificate first: the one that nginx reads."""
    files = evidence.good(CertificateFile)
    return next((file for file in files if file.sha256 == leaf.sha256), None)


def lineage(evidence: Evidence, leaf: Certificate) -> Lineage | None:
    """What keeps the certificate that is served."""
    file = file_of(evidence, leaf)
    paths = (file.path, file.real) if file else ()
    return next((one for path in paths if (one := lineage_of(path))), None)


def kept(evidence: Evidence, leaf: Certificate) -> dict[str, str]:
    """What every text may name of the server's files: that in which the certificate lies, the
    tool that keeps it, the name that it has there, and the commands that renew it when it is time
    and at once; "" each where it is not known."""
    file, tool = file_of(evidence, leaf), lineage(evidence, leaf)
    return {
        "file": file.path if file else "",
        "tool": tool.tool if tool else "",
        "lineage": shlex.quote(tool.name) if tool else "",
        "renew": shlex.join(tool.renew.argv) if tool else "",
        "reissue": shlex.join((*tool.renew.argv, *_FORCED[tool.tool])) if tool else "",
    }


def reload(evidence: Evidence) -> Step:
    """The command that makes nginx read its files again, where the server has been seen."""
    from checks.nginx import Nginx

    if any(host.vantage is Vantage.SERVER for host in evidence.of(Host)):
        return Nginx.of(evidence).reloaded()
    return Manual("reload", Where.SERVER)
