"""The renewal of a certificate of certbot by files that nginx serves already (certbot, "Webroot"):
certbot remembers the method and the command that loads the certificate."""

import shlex

from checks.nginx import Nginx
from checks.nginx._challenge_answers import web_root_of_challenges
from checks.nginx._commands import reload_command, reload_steps
from diagnose.model import Applicability, Evidence, Fix, commands
from diagnose.model.containers import NginxContainer
from diagnose.model.nginx import CertificateFile


def webroot_fix(evidence: Evidence, name: str) -> tuple[Fix, str] | None:
    """Return the fix and the folder for certbot's certificate of this name; None if nginx answers
    the challenges of its names from no folder, from several, or in a container, or if it is for all
    names of a domain: only DNS proves those (RFC 8555 section 7.1.3, certbot, "Webroot")."""
    if evidence.of(NginxContainer):
        return None
    nginx = Nginx.of(evidence)
    leaves = [file.chain[0] for file in evidence.good(CertificateFile) if file.chain]
    names = {evidence.target.host, *(each for leaf in leaves for each in leaf.dns_names)}
    is_wildcard = any(each.startswith("*.") for each in names)
    folder = "" if is_wildcard else web_root_of_challenges(nginx, names)
    if not folder or nginx.master is None:
        return None
    loading = shlex.join(reload_command(nginx).argv)
    words = ("certbot", "renew", "--cert-name", name, "--webroot", "-w", folder)
    renew = commands.renew_certificate((*words, "--deploy-hook", loading))
    return Fix((renew, *reload_steps(nginx)), Applicability.REVIEW), folder
