"""Apache's virtual host for the name has no certificate, and another one on the same port has:
visitors get the certificate of that one, and then the pages of their own (mod_ssl: a virtual host
without `SSLEngine on` takes no part in the handshake). Usual where a block only redirects, as from
example.com to www.example.com: the handshake comes before the redirect.
"""

import re
from collections.abc import Iterator

from checks.server import (
    ServerView,
    indentation,
    line_edit,
    line_text,
    manual_fix,
    place_text,
    reload_steps,
    server_on_port,
)
from checks.server._certificate_files import certificate_file
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity, Subject
from diagnose.model.tls import Handshake, served_certificates
from diagnose.model.web_servers import SiteFile, WebServer, WebServerConfig, WebSite
from diagnose.parsers.hostnames import covers

_DIRECTIVES = {
    "certificate": "SSLCertificateFile",
    "bundle": "SSLCertificateFile",
    "chain": "SSLCertificateChainFile",
    "key": "SSLCertificateKeyFile",
}


@check(
    severity=Severity.ERROR,
    needs=[Handshake, WebServer, WebServerConfig],
    explains=[
        "certificate.name-mismatch",
        "certificate.self-signed",
        "certificate.untrusted-root",
        "certificate.expired",
        "http.hsts-traps-visitors",
    ],
)
def site_without_certificate(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    if view is None or view.config is None or view.server.product != "apache":
        return
    sites = view.answering_sites
    if len(sites) != 1 or target.host not in sites[0].names or _has_tls(sites[0], target.port):
        return
    if sites[0].paths("certificate", "bundle"):
        return
    others = [site for site in view.config.sites if _has_tls(site, target.port)]
    for served in served_certificates(evidence, lambda handshake: handshake.port == target.port):
        if covers(target.host, served.leaf.dns_names, served.leaf.addresses) or not others:
            continue
        owner = next((site for site in others if _sends(evidence, site, served.leaf.sha256)), None)
        good = next((site for site in others if _is_for_name(evidence, site)), None)
        yield Claim(
            about=Subject(name=target.host, port=target.port),
            covers=(served.subject, *served.subjects),
            because=(view.server, view.config, *served.handshakes),
            confidence=Confidence.CERTAIN if owner else Confidence.LIKELY,
            facts={
                **view.facts,
                "site": place_text(sites[0].file, sites[0].line),
                "other": next(iter((owner or others[0]).names), ""),
                "other_site": place_text((owner or others[0]).file, (owner or others[0]).line),
                "fitting": next(iter(good.paths("certificate", "bundle")), "") if good else "",
            },
            fix=_fix(view, sites[0], good),
        )
        return


def _has_tls(site: WebSite, port: int) -> bool:
    return any(socket.tls and socket.port == port for socket in site.sockets)


def _sends(evidence: Evidence, site: WebSite, digest: str) -> bool:
    """Return whether a file of the site holds the certificate that visitors get."""
    files = (certificate_file(evidence, path) for path in site.paths("certificate", "bundle"))
    return any(file.chain[0].sha256 == digest for file in files if file and file.chain)


def _is_for_name(evidence: Evidence, site: WebSite) -> bool:
    """Return whether the site's one certificate is valid today and covers the target's name."""
    paths = site.paths("certificate", "bundle")
    file = certificate_file(evidence, paths[0]) if len(paths) == 1 else None
    if file is None or not file.chain:
        return False
    leaf = file.chain[0]
    is_current = leaf.is_current(evidence.started_at) and not leaf.self_issued
    return is_current and covers(evidence.target.host, leaf.dns_names, leaf.addresses)


def _fix(view: ServerView, site: WebSite, good: WebSite | None) -> Fix:
    """Write the lines of a site whose certificate is for this name too."""
    line = line_text(view, site.file, site.line)
    if good is None or not re.match(r"(?i)\s*<VirtualHost\s", line):
        return manual_fix(view, "own-certificate")
    indent = f"{indentation(line)}    "
    added = ("SSLEngine on", *map(_directive, good.files))
    edit = line_edit(view, site.file, {site.line: (line, *(f"{indent}{each}" for each in added))})
    if edit is None or any(re.search(r"[\s\"'\\]", file.path) for file in good.files):
        return manual_fix(view, "own-certificate")
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)


def _directive(file: SiteFile) -> str:
    return f"{_DIRECTIVES[file.role]} {file.path}"
