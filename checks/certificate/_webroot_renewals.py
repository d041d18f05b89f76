"""The renewal of a certificate of certbot by files that nginx serves already (certbot, "Webroot"):
certbot remembers the method and the command that loads the certificate."""

import shlex
from datetime import timedelta

from checks.certificate import lineage_of
from checks.nginx import Nginx
from checks.nginx._challenge_answers import web_root_of_challenges
from checks.nginx._commands import reload_command, reload_steps
from diagnose.model import Applicability, Evidence, Fix, commands
from diagnose.model.containers import NginxContainer
from diagnose.model.nginx import CertificateFile

#: certbot renews what has less time left (renewal.py, RENEWER_DEFAULTS).
_DUE = timedelta(days=30)


def webroot_fix(evidence: Evidence, name: str) -> tuple[Fix, str] | None:
    """Return the fix and the folder for certbot's certificate of this name; None if nginx answers
    the challenges of its names from no folder, from several, or in a container, or if it is for all
    names of a domain: only DNS proves those (RFC 8555 section 7.1.3, certbot, "Webroot")."""
    if evidence.of(NginxContainer):
        return None
    nginx = Nginx.of(evidence)
    leaves = [file.chain[0] for file in evidence.good(CertificateFile) if file.chain]
    names = {evidence.target.host, *(dns_name for leaf in leaves for dns_name in leaf.dns_names)}
    is_wildcard = any(each.startswith("*.") for each in names)
    folder = "" if is_wildcard else web_root_of_challenges(nginx, names)
    if not folder or nginx.master is None:
        return None
    loading = shlex.join(reload_command(nginx).argv)
    words = (*webroot_words(evidence, name, folder), "--deploy-hook", loading)
    renew = commands.renew_certificate(words)
    return Fix((renew, *reload_steps(nginx)), Applicability.REVIEW), folder


def webroot_words(evidence: Evidence, name: str, folder: str) -> tuple[str, ...]:
    """Return certbot's words that renew a certificate by files in this folder from now on."""
    words = ("certbot", "renew", "--cert-name", name, "--webroot", "-w", folder)
    return (*words, *force_option(evidence, name))


def force_option(evidence: Evidence, name: str) -> tuple[str, ...]:
    """Return certbot's option for a certificate that is not due: it stores another method only
    where it renews."""
    ends = [
        file.chain[0].not_after
        for file in evidence.good(CertificateFile)
        if file.chain and (lineage := lineage_of(file.path)) and lineage.name == name
    ]
    is_due = any(end and end - evidence.started_at < _DUE for end in ends)
    return () if is_due or not ends else ("--force-renewal",)
