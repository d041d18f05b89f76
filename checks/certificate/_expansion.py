"""The command that issues a certificate of certbot again with all its names and the one that it
lacks, where the block of that name serves it (certbot, "Changing a Certificate's Domains")."""

from checks.certificate import reload_step, served_lineage
from diagnose.model import Applicability, Evidence, Fix, Manual, Where, commands
from diagnose.model.nginx import NginxConfig
from diagnose.model.tls import Certificate
from diagnose.model.web_servers import WebServerConfig
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.lazy_pattern import lazy_pattern

#: Most names of a certificate that are written in a command: Let's Encrypt takes no more.
_MAX_NAMES = 100
#: A name that a challenge over http can prove.
_NAME = lazy_pattern(r"[A-Za-z0-9_]([A-Za-z0-9_.-]{0,250}[A-Za-z0-9_])?")


def expansion_fix(evidence: Evidence, leaf: Certificate) -> tuple[Fix, str] | None:
    """Return the fix and the block of the target's name ("file:line"); None where no block has the
    name, certbot does not keep the certificate, or a name of it needs another challenge."""
    lineage, (block, plugin) = served_lineage(evidence, leaf), _block(evidence)
    options = _options(evidence, leaf)
    if lineage is None or lineage.tool != "certbot" or not block or not options:
        return None
    words = ("certbot", "certonly", plugin, "--cert-name", lineage.name, *options)
    step = Manual(
        "issue-it-for-all-names", Where.SERVER, commands=(commands.renew_certificate(words),)
    )
    loading = reload_step(evidence)
    steps = (step,) if isinstance(loading, Manual) else (step, loading)
    return Fix(steps, Applicability.MANUAL), block


def expansion_by_hand(evidence: Evidence, leaf: Certificate) -> tuple[str, str]:
    """Return the block of the target's name ("file:line"), and the command with which certbot
    issues one certificate for all names; "" where it is not known."""
    block, plugin = _block(evidence)
    options = _options(evidence, leaf)
    words = ("certbot", plugin, "--expand", *options)
    return block, " ".join(words) if block and options else ""


def _options(evidence: Evidence, leaf: Certificate) -> tuple[str, ...]:
    """Return certbot's options with the certificate's names and the target's; () where one of them
    needs another challenge."""
    host = evidence.target.host
    names = tuple(dict.fromkeys((*leaf.dns_names, host)))
    if is_address(host) or len(names) > _MAX_NAMES or not all(map(_NAME.fullmatch, names)):
        return ()
    return tuple(word for name in names for word in ("-d", name))


def is_of_certbot(evidence: Evidence, leaf: Certificate) -> bool:
    """Return whether certbot keeps the file of the certificate."""
    lineage = served_lineage(evidence, leaf)
    return lineage is not None and lineage.tool == "certbot"


def _block(evidence: Evidence) -> tuple[str, str]:
    """Return where a server has the target's name on its port, and certbot's plugin for that
    server; "" twice if none has."""
    from diagnose.parsers.nginx.server_blocks import servers
    from diagnose.parsers.web_sites import has_name

    host, port = evidence.target.host, evidence.target.port
    for nginx in evidence.good(NginxConfig):
        for server in servers(nginx.main):
            if host in server.names and any(listen.port == port for listen in server.listens):
                return f"{server.block.file}:{server.block.line}", "--nginx"
    for config in evidence.good(WebServerConfig):
        for site in config.sites if config.product == "apache" else ():
            if site.names != ("*",) and has_name(site, host) and site.listens_on(port):
                return f"{site.file}:{site.line}", "--apache"
    return "", ""
