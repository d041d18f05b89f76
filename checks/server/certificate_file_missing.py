"""A certificate or key file that a site's configuration names is not there. The server cannot load
its configuration; while it runs, it keeps what it loaded before."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from checks.server import (
    ServerView,
    line_edit,
    line_text,
    manual_fix,
    place_text,
    refused_config_severity,
    reload_steps,
    server_view,
)
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Edit,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
    server_commands,
)
from diagnose.model.nginx import CertificateFile, KeyFile
from diagnose.model.web_servers import SiteFile, WebServer, WebServerConfig, WebServerTest, WebSite
from diagnose.parsers.web_sites import has_name

if TYPE_CHECKING:
    from checks.certificate._stored import StoredPair


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, WebServerTest],
    explains=[
        "server.config-invalid",
        "server.not-running",
        "server.port-not-served",
        "server.certificate-not-loaded",
    ],
)
def certificate_file_missing(evidence: Evidence) -> Iterator[Claim]:
    view = server_view(evidence)
    if view is None or view.config is None or view.test is None:
        return
    # Caddy's test does not open the files.
    if view.test.passed and view.server.product != "caddy":
        return
    missing = (
        (site, file)
        for site in view.config.sites
        for file in site.files
        if _is_missing(evidence, file, view.test)
    )
    site, file = next(missing, (None, None))
    if site is None or file is None:
        return
    # Imported late: most files are there.
    from checks.server._certificate_lines import stored_bundle, stored_pair_edit

    # A path with the quotes of a text program is a slip: server.config-invalid.
    if "“" in file.path:
        return
    replacement = stored_pair_edit(view, site) or stored_bundle(view, site)
    without_chain = None if replacement else _without_chain(view, file)
    disable = None if replacement or without_chain else _disabling_command(view, site)
    running = view.server.pid is not None
    yield Claim(
        about=Subject(text=file.path),
        covers=(Subject(),),
        because=(view.test, view.config, view.server),
        facts={
            **view.facts,
            "file": file.path,
            "place": place_text(file.file, file.line),
            "key": file.role == "key",
            "other_site": next(iter(site.names), "") if disable else "",
            "own_site": disable is not None and _is_own(view, site),
            "chain": without_chain is not None,
            "stored": replacement[1].path if replacement else "",
            "stored_key": replacement[1].key if replacement else "",
            "joined": replacement is not None and isinstance(replacement[0], Command),
            "running": running,
            "message": view.test.message,
            "test": " ".join(view.server.test),
        },
        severity=refused_config_severity(view),
        fix=_fix(view, site, replacement, without_chain or disable),
    )


def _fix(
    view: ServerView,
    site: WebSite,
    replacement: "tuple[Edit | Command, StoredPair] | None",
    step: Edit | Command | None,
) -> Fix:
    """Return the remedy: the pair that is stored, or the one step that lets the server load its
    configuration again. The target's own site then waits for its certificate."""
    load = reload_steps(view.server)
    if replacement:
        return Fix((replacement[0], *load), replacement[1].applicability)
    if step is None:
        return manual_fix(view, "file")
    if isinstance(step, Command) and _is_own(view, site):
        return Fix((step, *load, Manual("issue", Where.SERVER)), Applicability.MANUAL)
    return Fix((step, *load), Applicability.REVIEW)


def _is_own(view: ServerView, site: WebSite) -> bool:
    """Return whether the file of a site has the target's name."""
    beside = view.config.sites if view.config else ()
    host = view.evidence.target.host
    return any(has_name(other, host) for other in beside if other.file == site.file)


def _disabling_command(view: ServerView, site: WebSite) -> Command | None:
    """Return the command that takes a site out of Debian's folder of Apache, so that those beside
    it are served again. None for the target's own while Apache runs, or if no other site has TLS:
    nobody is helped then."""
    folder, _, name = site.file.rpartition("/")
    others = [
        other
        for other in (view.config.sites if view.config else ())
        if other.file != site.file and any(socket.tls for socket in other.sockets)
    ]
    is_kept = _is_own(view, site) and (view.server.pid is not None or not others)
    if is_kept or folder != "/etc/apache2/sites-enabled" or not name.endswith(".conf"):
        return None
    return server_commands.disable_apache_site(name.removesuffix(".conf"))


def _without_chain(view: ServerView, file: SiteFile) -> Edit | None:
    """Return the edit that takes out the line with a chain file of its own, if the file of the
    certificate has the chain already (mod_ssl, "SSLCertificateChainFile")."""
    text = line_text(view, file.file, file.line)
    is_chain = re.match(r"(?i)\s*SSLCertificateChainFile\s", text) is not None
    site = next((s for s in view.answering_sites if file in s.files), None)
    own = site.paths("certificate") if site else ()
    is_whole = any(
        certificate_file.path in own and len(certificate_file.chain) > 1
        for certificate_file in view.evidence.good(CertificateFile)
    )
    return line_edit(view, file.file, {file.line: ()}) if is_chain and is_whole else None


def _is_missing(evidence: Evidence, file: SiteFile, test: WebServerTest) -> bool:
    """Return whether the file is missing: it was looked for, or the server's test names it and its
    line as missing or empty."""
    observations: tuple[CertificateFile | KeyFile, ...] = (
        *evidence.of(CertificateFile),
        *evidence.of(KeyFile),
    )
    file_observations = [
        observation for observation in observations if observation.path == file.path
    ]
    if any(file.failure is None for file in file_observations):
        return False
    if any(file.failure and file.failure.kind == "missing" for file in file_observations):
        return True
    named = file.path in test.message and test.line in {0, file.line}
    return named and ("does not exist" in test.message or "No such file" in test.message)
