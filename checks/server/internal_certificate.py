"""The site has a certificate of Caddy's own authority (`tls internal`, `local_certs`), which no
visitor trusts. For names that are no public ones it is the usual way, and no fault."""

import re
from collections.abc import Iterator

from checks.server import (
    ServerView,
    file_rows,
    line_edit,
    manual_fix,
    place_text,
    reload_steps,
    server_on_port,
)
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Severity
from diagnose.model.tls import served_certificates
from diagnose.model.web_servers import WebServer, WebServerConfig, WebSite
from diagnose.parsers.hostnames import is_address

#: Top-level names that no public authority certifies (RFC 6761, RFC 6762, RFC 8375, ICANN).
_PRIVATE = ("localhost", "local", "internal", "lan", "home", "corp", "arpa", "test", "localdomain")

#: The name of Caddy's own authority begins so (module pki).
_AUTHORITY = "Caddy Local Authority"


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig],
    explains=["certificate.*", "http.hsts-traps-visitors"],
)
def internal_certificate(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    if view is None or view.config is None:
        return
    host = target.host.rstrip(".")
    if is_address(host) or "." not in host or host.rpartition(".")[2] in _PRIVATE:
        return
    site = next((site for site in view.answering_sites if site.issuance == "internal"), None)
    if site is None:
        return
    for served in served_certificates(evidence, lambda handshake: handshake.port == target.port):
        is_own = _AUTHORITY in served.leaf.issuer
        if not is_own or not all(handshake.failure for handshake in served.handshakes):
            continue
        yield Claim(
            about=served.subject,
            covers=served.subjects,
            because=(view.server, view.config, *served.handshakes),
            facts={
                **view.facts,
                "place": place_text(site.file, site.line) or view.config.path,
                "issuer": served.leaf.issuer,
            },
            fix=_fix(view, site),
        )


def _fix(view: ServerView, site: WebSite) -> Fix:
    """Remove the line `tls internal`. Whether an authority can reach this server is not known."""
    config = view.config
    file = config.file(site.file) if config else None
    lines = file_rows(view, file)[site.line - 1 : site.end] if file and site.line else []
    numbers = [
        number
        for number, line in enumerate(lines, site.line)
        if re.fullmatch(r"\s*tls\s+internal\s*", line)
    ]
    edit = line_edit(view, site.file, {numbers[0]: ()}) if len(numbers) == 1 else None
    if edit is None:
        return manual_fix(view, "public")
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
