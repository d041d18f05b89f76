"""Checks of the layer `certificate`, and what they share.

One certificate has one main cause. If several things are wrong, these rules apply:

- a *self-signed* certificate must be replaced whatever else is wrong with it (it is a placeholder
  of a distribution, a panel or a test), so it explains its own dates, names, purpose and strength;
- a certificate for *another name* is not the site's: renewing it or completing its chain would not
  help, so it explains these too;
- everything else is independent: an expired certificate with an incomplete chain has two faults,
  and both must be fixed.

OpenSSL reports only the first error: chain before strength before dates. So dates, names, purpose
and key are judged from the certificates themselves, and only the chain is judged by OpenSSL.
"""

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
    commands,
    server_commands,
)
from diagnose.model.addresses import is_private
from diagnose.model.frozen import frozen
from diagnose.model.nginx import CertificateFile
from diagnose.model.tls import Certificate, Handshake, ServedCertificate, certificate_path
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.lazy_pattern import lazy_pattern

# X509_V_ERR_… codes (X509_STORE_CTX_get_error(3)).
BAD_SIGNATURE, NOT_YET_VALID, EXPIRED = 7, 9, 10
NO_ISSUER = {2, 20, 21}
#: The leaf's key, an authority's key, the hash of a signature below the root.
LEAF_KEY_TOO_SMALL, CA_KEY_TOO_SMALL, HASH_TOO_WEAK = 66, 67, 68
SELF_SIGNED, SELF_SIGNED_IN_CHAIN = 18, 19
REVOKED, WRONG_PURPOSE = 23, 26
WEAK = {LEAF_KEY_TOO_SMALL, CA_KEY_TOO_SMALL, HASH_TOO_WEAK}

#: The findings about a certificate that must be replaced anyway.
REPLACEABLE_FAULTS = (
    "certificate.expired",
    "certificate.expired-cross-sign",
    "certificate.expires-soon",
    "certificate.key-unsupported",
    "certificate.key-usage",
    "certificate.must-staple",
    "certificate.no-san",
    "certificate.not-yet-valid",
    "certificate.revoked",
    "certificate.weak",
    "certificate.wrong-purpose",
)

#: Handshakes in which the server is sent the same.
_EQUAL_VARIANTS = {"normal", "again", "unverified"}
#: The weakest first.
_CONFIDENCES = (Confidence.POSSIBLE, Confidence.LIKELY, Confidence.CERTAIN)

#: The findings that every certificate causes that visitors do not accept.
COMMON_EFFECTS = ("http.hsts-traps-visitors",)


def chain_fault(evidence: Evidence, handshake: Handshake) -> str:
    """Return the check that explains why the chain of a handshake leads to no trusted root; "" if
    none does.

    If the issuer of the last certificate is neither sent nor known, the certificates that were sent
    decide:

    - authorities that did not issue the leaf: the wrong intermediates are sent;
    - only the leaf of a public authority: the intermediate is missing;
    - anything else: the root is not trusted, because a root need not be sent.

    A leaf of a public authority names the URL of its issuer's certificate, or its file is kept by a
    tool that requests such certificates.

    A bad signature concerns an issuer that was sent with the same name but another key. If the key
    identifiers agree, the key is right and the signature is damaged. OpenSSL also finds no issuer
    if it cannot read an extension.
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
    """Return whether, by the key identifiers, the issuer's key made the signature."""
    return bool(issuer.key_id) and issuer.key_id == certificate.authority_key_id


#: Fields whose errors OpenSSL ignores, or reports by another code.
_HARMLESS_FIELDS = {
    *("subject", "issuer", "key_type", "signature_hash", "not_before", "not_after"),
    *("authorities", "must_staple"),
}


def unreadable_extensions(handshake: Handshake) -> tuple[str, ...]:
    """Return the unreadable extensions in the path, because of which OpenSSL refuses a
    certificate."""
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
    """Return the first certificate whose dates are wrong according to `is_wrong`.

    Above the leaf it counts only if OpenSSL reported `code`, so that it found no other path. A root
    is skipped: an expired root in this machine's store is this machine's fault.
    """
    path = certificate_path(served_cert.chain) if code in served_cert.verify_codes else ()
    issuers = (certificate for certificate in path[1:] if not certificate.self_issued)
    return next(filter(is_wrong, (served_cert.leaf, *issuers)), None)


def private_authority_kind(issuer: str) -> str:
    """Return the kind of a well-known private authority by its name.

    "origin" is a CDN's, trusted by its own edge only. "development" is a tool's, trusted on one
    machine only. "test" issues certificates for tests (Let's Encrypt's staging, Pebble): nobody
    trusts it. "" is any other.
    """
    issuer_name = issuer.lower()
    if any(name in issuer_name for name in ("(staging)", "fake le ", "pebble ")):
        return "test"
    if "origin" in issuer_name and (
        "cloudflare" in issuer_name or "certificate authority" in issuer_name
    ):
        return "origin"
    if any(name in issuer_name for name in ("mkcert", "caddy local authority", "minica")):
        return "development"
    return ""


def is_publicly_trusted(issuer: str) -> bool:
    """Return whether an issuer's name is none of an authority that browsers do not trust: one that
    issues certificates for tests (Let's Encrypt's staging, Pebble), or a well-known private one."""
    issuer_name = issuer.lower()
    is_for_tests = any(name in issuer_name for name in ("staging", "fake le ", "pebble"))
    return not is_for_tests and not private_authority_kind(issuer)


def claim(
    evidence: Evidence,
    served_cert: ServedCertificate,
    facts: Mapping[str, Any],
    fix: Fix,
    confidence: Confidence = Confidence.CERTAIN,
    severity: Severity | None = None,
    ruled_out: tuple[str, ...] = (),
) -> Claim:
    """Make a claim about a certificate at all addresses that serve it, with the facts that all
    texts use. Where the same handshake got another certificate, what decides is not known: the
    claim is not certain then."""
    if _is_served_at_times(evidence, served_cert):
        confidence = min(confidence, Confidence.LIKELY, key=_CONFIDENCES.index)
    return Claim(
        about=served_cert.subject,
        covers=served_cert.subjects,
        because=served_cert.handshakes,
        facts={
            "name": evidence.target.host,
            **domain_facts(evidence),
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


def _is_served_at_times(evidence: Evidence, served_cert: ServedCertificate) -> bool:
    """Return whether an equal handshake at one of the addresses got another certificate."""
    served = {_handshake_key(handshake) for handshake in served_cert.handshakes}
    return any(
        handshake.variant in _EQUAL_VARIANTS
        and handshake.chain
        and handshake.chain[0].sha256 != served_cert.leaf.sha256
        and _handshake_key(handshake) in served
        for handshake in evidence.of(Handshake)
    )


def _handshake_key(handshake: Handshake) -> tuple[object, ...]:
    return (
        handshake.vantage,
        handshake.address,
        handshake.port,
        handshake.server_name,
    )


def label(certificate: Certificate) -> str:
    """Return a short name for a certificate."""
    names = (certificate.common_name, *certificate.dns_names, *certificate.addresses)
    return next(filter(None, names), certificate.subject) or f"serial {certificate.serial}"


def fact_or_empty(value: object) -> object:
    """Return a certificate's field as a fact; "" if it could not be read."""
    return "" if value is None else value


def domain_facts(evidence: Evidence) -> dict[str, str]:
    """Return the facts on which it depends how a certificate is requested for the target: `domain`,
    its name ("" for an IP address), and `san`, its entry in subjectAltName as OpenSSL writes it."""
    host = evidence.target.host
    if is_address(host):
        return {"domain": "", "san": f"IP:{host}"}
    return {"domain": host, "san": f"DNS:{host}"}


def manual_fix(*steps: str) -> Fix:
    return Fix(tuple(Manual(step, Where.SERVER) for step in steps), Applicability.MANUAL)


def request_fix(evidence: Evidence, step: str) -> Fix:
    """Return the fix in which a person requests another certificate. What that takes for an IP
    address is a step of its own: `certbot -d` refuses one."""
    host = evidence.target.host
    if not is_address(host):
        return manual_fix(step)
    return manual_fix(step, "for-a-private-address" if is_private(host) else "for-an-address")


def replaced_by_hand(evidence: Evidence, leaf: Certificate, step: str) -> Fix:
    """Return the fix in which a person changes the file of the certificate. Where the web server
    has read that file for the target, the commands follow that test and load it."""
    from checks import server
    from checks.nginx import Nginx
    from checks.nginx._commands import reload_steps

    view = server.server_on_port(evidence)
    if view is not None and file_of(evidence, leaf):
        loading = server.reload_steps(view.server)
        return Fix((Manual(step, Where.SERVER), *loading), Applicability.MANUAL)
    nginx = Nginx.of(evidence)
    is_nginx = nginx.master is not None and any(nginx.selected_servers())
    reload = reload_steps(nginx) if is_nginx and file_of(evidence, leaf) else ()
    return Fix((Manual(step, Where.SERVER), *reload), Applicability.MANUAL)


def renewal_fix(evidence: Evidence, leaf: Certificate) -> Fix:
    """Return the fix that renews the certificate and reloads nginx, with the tool that keeps the
    file if it is known.

    What prevented the renewal so far may still do so.
    """
    lineage = served_lineage(evidence, leaf)
    if lineage is not None:
        return Fix((lineage.renew, reload_step(evidence)), Applicability.REVIEW)
    if "let's encrypt" not in leaf.issuer.lower():
        return replaced_by_hand(evidence, leaf, "renew")
    renew = commands.renew_certificate(("certbot", "renew"))
    return Fix((Manual("renew", Where.SERVER), renew, reload_step(evidence)), Applicability.REVIEW)


@frozen
class Lineage:
    """The tool that keeps a certificate's file, its name for the certificate, the command that
    renews it, and the file with the whole chain."""

    tool: str
    name: str
    renew: Command
    fullchain: str


#: Paths of each tool's files; a group is the name by which the tool knows the certificate.
_CERTBOT = lazy_pattern(r"(/etc/letsencrypt)/(?:live|archive)/([^/]+)/(?:cert|fullchain)\d*\.pem")
_ACME_SH = lazy_pattern(r"(/.*/\.acme\.sh)/(([^/]+?)(_ecc)?)/(?:fullchain|\3)\.cer")
_DEHYDRATED = lazy_pattern(
    r"(/(?:etc|var/lib)/dehydrated)/certs/([^/]+)/(?:cert|fullchain)\S*\.pem"
)

#: Options that make each tool renew a certificate that is still valid.
_FORCE_OPTIONS = {"certbot": ("--force-renewal",), "acme.sh": (), "dehydrated": ("--force",)}


def lineage_of(path: str) -> Lineage | None:
    """Return the lineage to which a file belongs, by its path."""
    if match := _CERTBOT.fullmatch(path):
        renew = commands.renew_certificate(("certbot", "renew", "--cert-name", match[2]))
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
        renew = commands.renew_certificate((*renew_words, "--force"))
        return Lineage("acme.sh", match[3], renew, fullchain)
    if match := _DEHYDRATED.fullmatch(path):
        renew = commands.renew_certificate(("dehydrated", "--cron", "--domain", match[2]))
        return Lineage("dehydrated", match[2], renew, f"{match[1]}/certs/{match[2]}/fullchain.pem")
    return None


def file_of(evidence: Evidence, leaf: Certificate) -> CertificateFile | None:
    """Return the server's file whose first certificate is this one; that is the one that nginx
    uses."""
    files = evidence.good(CertificateFile)
    return next((file for file in files if file.sha256 == leaf.sha256), None)


def served_lineage(evidence: Evidence, leaf: Certificate) -> Lineage | None:
    """Return the lineage of the certificate that is served."""
    file = file_of(evidence, leaf)
    paths = (file.path, file.real) if file else ()
    return next((lineage for path in paths if (lineage := lineage_of(path))), None)


def file_facts(evidence: Evidence, leaf: Certificate) -> dict[str, str]:
    """Return the facts about the server's files that all texts use.

    They are the certificate's file, the tool that keeps it, its name there, and the commands that
    renew it when it is due and at once; each "" if not known.
    """
    file, lineage = file_of(evidence, leaf), served_lineage(evidence, leaf)
    return {
        "file": file.path if file else "",
        "tool": lineage.tool if lineage else "",
        "lineage": lineage.name if lineage else "",
        "renew": shlex.join(lineage.renew.argv) if lineage else "",
        "reissue": shlex.join((*lineage.renew.argv, *_FORCE_OPTIONS[lineage.tool]))
        if lineage
        else "",
    }


def reload_step(evidence: Evidence) -> Step:
    """Return the command that reloads the server that has the port (nginx, unless another one is
    known to), or a manual step if the server was not examined."""
    from checks.server import server_view

    view = server_view(evidence)
    if view and view.server.reload and evidence.target.port in view.server.ports:
        return server_commands.reload_server(view.server.reload)
    from checks.nginx import Nginx
    from checks.nginx._commands import reload_command

    if any(host.vantage is Vantage.SERVER for host in evidence.of(Host)):
        return reload_command(Nginx.of(evidence))
    return Manual("reload", Where.SERVER)
