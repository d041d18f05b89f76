"""The settings of a renewal tool with a server of its own, and the command with which it renews."""

import posixpath
import re
import shlex
from collections.abc import Sequence

from checks.certificate import lineage_of
from diagnose.model import Command, Evidence, commands
from diagnose.model.nginx import CertificateFile
from diagnose.model.renewal import OwnServerRenewal


def own_server_of(evidence: Evidence, files: Sequence[CertificateFile]) -> OwnServerRenewal | None:
    """Return the settings of the certificate that the web server reads, or of the target's name."""
    paths = [path for file in files for path in (file.path, file.real) if path]
    lineages = {lineage.name for path in paths if (lineage := lineage_of(path)) is not None}
    names = lineages or {evidence.target.host}
    return next(
        (renewal for renewal in evidence.good(OwnServerRenewal) if renewal.name in names), None
    )


def acme_sh_words(own: OwnServerRenewal) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return how acme.sh is called for these settings, and the options that name the kind of the
    certificate."""
    place, _, kind = posixpath.dirname(own.source).rpartition("/")
    ecc = ("--ecc",) if kind.endswith("_ecc") else ()
    return (f"{place}/acme.sh", "--home", place), ecc


def lego_by_folder(own: OwnServerRenewal, folder: str) -> tuple[Command, Command] | None:
    """Return the commands by which lego proves names by files in a folder: the change of what
    starts it, and the renewal. None for another tool, or if its words are written in another
    way."""
    words = shlex.split(own.command)
    is_plain = re.fullmatch(r"/[\w/.-]{1,200}", folder) is not None
    if own.tool != "lego" or words.count("--http") != 1 or not is_plain:
        return None
    at = words.index("--http") + 1
    option = ("--http.webroot", folder)
    script = f"s# --http # --http {' '.join(option)} #"
    renew = commands.renew_certificate((*words[:at], *option, *words[at:]))
    return commands.rewrite(own.source, (script,)), renew


def renewing_command(own: OwnServerRenewal, loading: str) -> Command | None:
    """Return the command that renews by the tool's own server; certbot remembers with which command
    the new certificate is loaded. None if it is not known."""
    if own.tool == "certbot":
        words: tuple[str, ...] = ("certbot", "renew", "--cert-name", own.name)
        words = (*words, "--http-01-port", str(own.port))
        return commands.renew_certificate(
            (*words, *(("--deploy-hook", loading) if loading else ()))
        )
    if own.tool == "acme.sh":
        program, ecc = acme_sh_words(own)
        return commands.renew_certificate((*program, "--renew", "-d", own.name, *ecc, "--force"))
    words = tuple(shlex.split(own.command))
    return commands.renew_certificate(words) if words else None


def kept_pair(own: OwnServerRenewal) -> tuple[str, str]:
    """Return the files in which the tool keeps the certificate with its chain, and the key."""
    if own.tool == "certbot":
        live = f"/etc/letsencrypt/live/{own.name}"
        return f"{live}/fullchain.pem", f"{live}/privkey.pem"
    folder = posixpath.dirname(own.source)
    return f"{folder}/fullchain.cer", f"{folder}/{own.name}.key"
