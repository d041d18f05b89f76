"""The command that issues a certificate of certbot or acme.sh again with all its names and the one
that it lacks, where the block of that name serves it (certbot, "Changing a Certificate's Domains";
acme.sh, "How to issue a cert")."""

import shlex
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from checks.certificate import Lineage, file_of, reload_step, served_lineage
from diagnose.model import Applicability, Command, Evidence, Fix, Manual, Where, commands
from diagnose.model.containers import NginxContainer
from diagnose.model.nginx import NginxConfig
from diagnose.model.tls import Certificate
from diagnose.model.web_servers import WebServerConfig
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.lazy_pattern import lazy_pattern

#: Most names of a certificate that are written in a command: Let's Encrypt takes no more.
_MAX_NAMES = 100
#: A name that a challenge over http can prove.
_NAME = lazy_pattern(r"[A-Za-z0-9_]([A-Za-z0-9_.-]{0,250}[A-Za-z0-9_])?")

#: Authorities that certbot, acme.sh and Caddy ask.
_ACME_ISSUER = lazy_pattern(r"(?i)let's encrypt|zerossl|buypass|google trust|ssl\.com")


def expansion_fix(evidence: Evidence, leaf: Certificate) -> tuple[Fix, str] | None:
    """Return the fix and the block of the target's name ("file:line"); None where no block has the
    name, no tool that is known keeps the certificate, or a name of it needs another challenge."""
    lineage, block = served_lineage(evidence, leaf), _block(evidence)
    options = _options((*leaf.dns_names, evidence.target.host))
    if lineage is not None and lineage.tool == "acme.sh" and block is not None and options:
        fix = _acme_sh_fix(evidence, leaf, lineage)
        return (fix, block.place) if fix else None
    if lineage is None or lineage.tool != "certbot" or block is None or not options:
        return None
    loading = reload_step(evidence)
    method = _method(evidence, block, {*leaf.dns_names, evidence.target.host})
    named = ("--cert-name", lineage.name, *options)
    if method and isinstance(loading, Command):
        # Without that option certbot asks whether the names may change.
        more = ("--renew-with-new-domains", "--deploy-hook", shlex.join(loading.argv))
        renew = commands.renew_certificate(("certbot", "certonly", *method, *named, *more))
        return Fix((renew, loading), Applicability.REVIEW), block.place
    words = ("certbot", "certonly", block.plugin, *named)
    step = Manual(
        "issue-it-for-all-names", Where.SERVER, commands=(commands.renew_certificate(words),)
    )
    steps = (step,) if isinstance(loading, Manual) else (step, loading)
    return Fix(steps, Applicability.MANUAL), block.place


def _acme_sh_fix(evidence: Evidence, leaf: Certificate, lineage: Lineage) -> Fix | None:
    """Return acme.sh's own order for all names, by the folder from which nginx answers their
    challenges; None if there is none. Its folder has the name of the first one, and of the kind of
    its key."""
    from checks.nginx import Nginx
    from checks.nginx._challenge_answers import web_root_of_challenges

    names = dict.fromkeys((lineage.name, *leaf.dns_names, evidence.target.host))
    folder = (
        ""
        if evidence.of(NginxContainer)
        else web_root_of_challenges(Nginx.of(evidence), set(names))
    )
    loading = reload_step(evidence)
    if not folder or not isinstance(loading, Command):
        return None
    kind = "ec-256" if "--ecc" in lineage.renew.argv else "2048"
    words = (*lineage.renew.argv[:3], "--issue", "--force", *_options(names))
    issue = commands.renew_certificate((*words, "-w", folder, "--keylength", kind))
    return Fix((issue, loading), Applicability.REVIEW)


#: What certbot's plugins write into the files of the server that they set up.
_OF_PLUGINS = {"--nginx": "options-ssl-nginx.conf", "--apache": "options-ssl-apache.conf"}


def _method(evidence: Evidence, block: "_Block", names: set[str]) -> tuple[str, ...]:
    """Return certbot's options for the method that works on this server: its plugin, where the
    plugin has set the server up, or the folder from which nginx answers challenges of all these
    names; () if neither is known."""
    texts = (text for config in _configurations(evidence) for text in config)
    if any(_OF_PLUGINS[block.plugin] in text for text in texts):
        return (block.plugin,)
    if block.plugin != "--nginx" or evidence.of(NginxContainer):
        return ()
    from checks.nginx import Nginx
    from checks.nginx._challenge_answers import web_root_of_challenges

    folder = web_root_of_challenges(Nginx.of(evidence), names)
    return ("--webroot", "-w", folder) if folder else ()


def _configurations(evidence: Evidence) -> Iterator[Iterator[str]]:
    for nginx in evidence.good(NginxConfig):
        yield (file.text for file in nginx.files)
    for config in evidence.good(WebServerConfig):
        yield (file.text for file in config.files)


def expansion_by_hand(evidence: Evidence, leaf: Certificate) -> dict[str, object]:
    """Return what is said for a person: `block`, the block of the target's name ("file:line"),
    `expansion`, the command with which certbot issues a certificate that has the name, and whether
    that is a `separate` certificate: for the block's own names alone, where the site's has names
    that need another challenge, as wildcards do. "" and False where it is not known."""
    block = _block(evidence)
    if block is None:
        return {"block": "", "expansion": "", "separate": False}
    if evidence.of(NginxContainer):
        # certbot's plugin needs an nginx of the server itself.
        return {"block": block.place, "expansion": "", "separate": False, "inside": True}
    options = _options((*leaf.dns_names, evidence.target.host))
    if options:
        words = ("certbot", block.plugin, "--expand", *options)
        return {"block": block.place, "expansion": " ".join(words), "separate": False}
    own_options = _options(block.names) if any("*" in name for name in leaf.dns_names) else ()
    words = ("certbot", block.plugin, *own_options)
    return {
        "block": block.place,
        "expansion": " ".join(words) if own_options else "",
        "separate": bool(own_options),
    }


def _options(names: Iterable[str]) -> tuple[str, ...]:
    """Return certbot's options with these names; () where one of them needs another challenge."""
    names = tuple(dict.fromkeys(names))
    if len(names) > _MAX_NAMES or not all(map(_NAME.fullmatch, names)):
        return ()
    if any(map(is_address, names)):
        return ()
    return tuple(word for name in names for word in ("-d", name))


def is_of_certbot(evidence: Evidence, leaf: Certificate) -> bool:
    """Return whether certbot keeps the file of the certificate."""
    lineage = served_lineage(evidence, leaf)
    return lineage is not None and lineage.tool == "certbot"


def is_bought(evidence: Evidence, leaf: Certificate) -> bool:
    """Return whether no renewal tool that is known keeps the certificate's file on this server, and
    its issuer is none that such tools ask."""
    is_on_server = file_of(evidence, leaf) is not None
    is_kept = served_lineage(evidence, leaf) is not None
    return is_on_server and not is_kept and not _ACME_ISSUER.search(leaf.issuer)


class _Block(NamedTuple):
    """A block of a web server that has the target's name on its port."""

    #: "file:line".
    place: str
    #: certbot's plugin for that server.
    plugin: str
    #: The target's name, and the block's others.
    names: tuple[str, ...]


def _block(evidence: Evidence) -> _Block | None:
    from diagnose.parsers.nginx.server_blocks import servers
    from diagnose.parsers.web_sites import has_name

    host, port = evidence.target.host, evidence.target.port
    for nginx in evidence.good(NginxConfig):
        for server in servers(nginx.main):
            if host in server.names and any(listen.port == port for listen in server.listens):
                place = f"{server.block.file}:{server.block.line}"
                return _Block(place, "--nginx", (host, *server.names))
    for config in evidence.good(WebServerConfig):
        for site in config.sites if config.product == "apache" else ():
            if site.names != ("*",) and has_name(site, host) and site.listens_on(port):
                return _Block(f"{site.file}:{site.line}", "--apache", (host, *site.names))
    return None
