"""A certificate is late, its renewal tool answers HTTP-01 challenges with a server of its own
(certbot's "standalone", acme.sh's `--standalone`), and a web server has the port that it needs
(RFC 8555 section 8.3: port 80). Every renewal fails, until the web server is stopped meanwhile or
the tool uses it.

It is certain where the tool's log says that the port is taken. A program that nobody has found may
stop the web server: without the log it is likely.
"""

import shlex
from collections.abc import Iterator

from checks.certificate._own_servers import acme_sh_words, lego_by_folder, own_server_of
from checks.certificate._renewal_reasons import is_after, renewal_reason
from checks.certificate._webroot_renewals import (
    force_option,
    webroot_fix,
    webroot_words,
)
from checks.nginx import Nginx
from checks.nginx._challenge_locations import challenge_location, server_of_port
from checks.nginx._commands import reload_steps
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
    commands,
)
from diagnose.model.containers import NginxContainer
from diagnose.model.nginx import CertificateFile
from diagnose.model.renewal import OwnServerRenewal, RenewalFailure
from diagnose.model.server import Listeners
from diagnose.parsers.nginx.server_blocks import Server

#: The plugin of certbot for each web server's process.
_PLUGINS = {"nginx": "nginx", "apache2": "apache", "httpd": "apache"}
#: The tools' own servers, which listen while they renew.
_TOOLS = {"certbot", "acme.sh", "socat", "lego"}


@check(
    severity=Severity.WARNING,
    needs=[OwnServerRenewal, CertificateFile, Listeners],
    explains=["certificate.expired", "certificate.expires-soon", "certificate.renewal-failed"],
)
def port_taken_at_renewal(evidence: Evidence) -> Iterator[Claim]:
    files = [file for file in evidence.good(CertificateFile) if file.chain]
    own = own_server_of(evidence, files)
    if own is None or own.stopped_by:
        return
    holders = [
        socket.process or ""
        for listeners in evidence.good(Listeners)
        for socket in listeners.on(own.port)
        if socket.process not in _TOOLS
    ]
    if not holders:
        return
    failures = [
        failure
        for failure in evidence.good(RenewalFailure)
        if failure.tool == own.tool and renewal_reason(failure.message)["port_taken"]
        if all(is_after(failure, file) for file in files[:1])
    ]
    expired = any(file.chain[0].is_expired(evidence.started_at) for file in files[:1])
    plugin = _PLUGINS.get(holders[0], "") if own.tool == "certbot" else ""
    fix, folder = _fix(evidence, own, holders[0], plugin if plugin in own.plugins else "")
    yield Claim(
        about=Subject(text=own.source),
        covers=(Subject(),),
        because=(own, *failures[:1], *files[:1]),
        confidence=Confidence.CERTAIN if failures else Confidence.LIKELY,
        severity=Severity.ERROR if expired else None,
        facts={
            "tool": own.tool,
            "name": own.name,
            "source": own.source,
            "port": own.port,
            "program": holders[0],
            "logged": bool(failures),
            "certbot": own.tool == "certbot",
            "plugin": plugin,
            "folder": folder,
            "stops": any(
                "--pre-hook" in step.argv for step in fix.steps if isinstance(step, Command)
            ),
        },
        fix=fix,
    )


def _fix(evidence: Evidence, own: OwnServerRenewal, holder: str, plugin: str) -> tuple[Fix, str]:
    """Return how the tool renews with the web server that runs, and the folder that it writes to,
    "" if it writes none."""
    certbot = ("certbot", "renew", "--cert-name", own.name)
    if plugin:
        option = force_option(evidence, own.name)
        command = commands.renew_certificate((*certbot, f"--{plugin}", *option))
        return Fix((command,), Applicability.REVIEW), ""
    is_served = holder == "nginx" and own.port == 80 and own.tool == "certbot"
    if is_served and (served := webroot_fix(evidence, own.name)):
        return served
    nginx, folder = Nginx.of(evidence), own.folder
    is_here = holder == "nginx" and own.port == 80 and not evidence.of(NginxContainer)
    server = _server(nginx) if is_here and folder else None
    location = challenge_location(nginx, server, folder) if server else None
    if own.tool == "lego" and lego_by_folder(own, folder) is None:
        location = None
    if location is None:
        by_hand = Fix((Manual("use-the-web-server", Where.SERVER),), Applicability.MANUAL)
        return _stopping_fix(evidence, own) or by_hand, folder
    renew = _with_webroot(own, folder) or commands.renew_certificate(
        webroot_words(evidence, own.name, folder)
    )
    loading, lasting = reload_steps(nginx), lego_by_folder(own, folder)
    later = lasting[:1] if lasting else ()
    return Fix((location.edit, *loading, *later, renew, *loading), Applicability.REVIEW), folder


def _stopping_fix(evidence: Evidence, own: OwnServerRenewal) -> Fix | None:
    """Return certbot's renewal while the service that has the port is stopped: certbot stores the
    commands for later renewals (certbot, "Renewing certificates"). The site is away meanwhile."""
    from checks.server import server_view

    view = server_view(evidence)
    unit = view.server.unit if view and own.port in view.server.ports else ""
    if view is None or own.tool != "certbot" or not unit or view.server.container:
        return None
    words = ["certbot", "renew", "--cert-name", own.name, *force_option(evidence, own.name)]
    words += ["--pre-hook", f"systemctl stop {unit}", "--post-hook", f"systemctl start {unit}"]
    bundles = {path for site in view.answering_sites for path in site.paths("bundle")}
    if len(bundles) == 1 and view.server.product == "haproxy":
        # HAProxy reads both from one file.
        live = f"/etc/letsencrypt/live/{own.name}"
        parts = (f"{live}/fullchain.pem", f"{live}/privkey.pem")
        words += ["--deploy-hook", f"cat {shlex.join(parts)} > {shlex.quote(*bundles)}"]
    return Fix((commands.renew_certificate(tuple(words)),), Applicability.REVIEW)


def _server(nginx: Nginx) -> Server | None:
    """Return the block of port 80 that has all names of the certificate; None if several have."""
    files = nginx.evidence.good(CertificateFile)
    names = {name for file in files for leaf in file.chain[:1] for name in leaf.dns_names}
    names.add(nginx.evidence.target.host)
    servers = [server_of_port(nginx, name, 80) for name in names]
    blocks = {id(server.block) for server in servers if server}
    return servers[0] if len(blocks) == 1 and None not in servers else None


def _with_webroot(own: OwnServerRenewal, folder: str) -> Command | None:
    """Return acme.sh's command that renews by files in a folder from now on."""
    if own.tool == "lego" and (by_folder := lego_by_folder(own, folder)):
        return by_folder[1]
    if own.tool != "acme.sh":
        return None
    program, ecc = acme_sh_words(own)
    argv = (*program, "--issue", "--force", "-d", own.name, *ecc)
    return commands.renew_certificate((*argv, "-w", folder))
