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
from diagnose.model.tls import Certificate, Handshake, Served, path_of

# X509_V_ERR_… (X509_STORE_CTX_get_error(3)).
BAD_SIGNATURE, NOT_YET_VALID, EXPIRED = 7, 9, 10
NO_ISSUER = {2, 20, 21}
SELF_SIGNED, SELF_SIGNED_IN_CHAIN = 18, 19
REVOKED, WRONG_PURPOSE = 23, 26
WEAK = {66, 67, 68}

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


def chain_fault(seen: Handshake) -> str:
    """Which check says why the chain of a handshake leads to no trusted root; "" for none.

    Where the issuer of the last certificate is neither sent nor known, the certificates sent
    tell what is the matter: other authorities that did not issue it, the wrong ones; none but
    the leaf, the intermediate is missing; the intermediates, then it is the root that is not
    trusted, for nobody has to send the root.
    """
    code = seen.verify_code
    if code == SELF_SIGNED:
        return "self-signed"
    if code == SELF_SIGNED_IN_CHAIN:
        return "untrusted-root"
    if code == BAD_SIGNATURE:
        return "wrong-intermediate"
    if code not in NO_ISSUER or not seen.chain:
        return ""
    path = path_of(seen.chain)
    if path[-1].self_issued and len(path) > 1:
        return "untrusted-root"
    if any(one.is_ca for one in seen.chain if one not in path):
        return "wrong-intermediate"
    if len(path) > 1 or private_authority(path[-1].issuer):
        return "untrusted-root"
    return "chain-incomplete"


def out_of_time(one: Served, wrong: Callable[[Certificate], bool], code: int) -> Certificate | None:
    """The first certificate at a wrong time. Above the leaf that matters only where OpenSSL
    says with this code that it found no way around."""
    path = path_of(one.chain) if code in one.verify_codes else (one.leaf,)
    return next(filter(wrong, path), None)


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
            "not_before": one.leaf.not_before,
            "not_after": one.leaf.not_after,
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
    return next(filter(None, names), certificate.subject)


def by_hand(*steps: str) -> Fix:
    return Fix(tuple(Manual(step, Where.SERVER) for step in steps), Applicability.MANUAL)


def renewal(evidence: Evidence, leaf: Certificate) -> Fix:
    """How to get a new certificate of the same kind and have it served."""
    if "let's encrypt" not in leaf.issuer.lower():
        return by_hand("renew")
    renew = Command(("certbot", "renew"))
    return Fix((Manual("renew", Where.SERVER), renew, reload(evidence)), Applicability.REVIEW)


def reload(evidence: Evidence) -> Step:
    """The command that makes nginx read its files again, where the server has been seen."""
    for host in evidence.of(Host):
        if host.vantage is Vantage.SERVER:
            if host.manager == "systemd":
                return Command(("systemctl", "reload", "nginx"))
            return Command(("nginx", "-s", "reload"))
    return Manual("reload", Where.SERVER)
