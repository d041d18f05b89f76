"""The target is there over http alone, and the site of a parent domain on the same nginx sends
Strict-Transport-Security with includeSubDomains (RFC 6797 section 6.1.2): browsers that visited it
open the target over https only (section 8.3), where another site's certificate answers, or nobody.
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.nginx import Nginx, file_line
from checks.nginx._commands import chosen_edits
from checks.nginx._edits import config_edits
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    merge_subjects,
)
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.parsers.http import strict_transport
from diagnose.parsers.nginx import server_blocks
from diagnose.parsers.nginx.edits import replace_directive
from diagnose.parsers.nginx.locations import match_location
from diagnose.parsers.nginx.server_blocks import Server

_FIELD = "strict-transport-security"
HTTPS_PORT = 443


@check(severity=Severity.WARNING, needs=[NginxConfig, Exchange])
def hsts_of_parent(evidence: Evidence) -> Iterator[Claim]:
    nginx, target = Nginx.of(evidence), evidence.target
    pages = [page for page in page_exchanges(evidence) if 200 <= (page.status or 0) < 300]
    if target.uses_tls or nginx.config is None or nginx.is_refused or not pages:
        return
    servers = tuple(server_blocks.servers(nginx.config.main))
    sockets = [socket for socket in server_blocks.sockets(servers, HTTPS_PORT) if socket.ssl]
    if any(server_blocks.select_server(socket, target.host)[1] != "default" for socket in sockets):
        return
    first = next(
        (
            (name, directive)
            for socket in sockets
            for server in socket.servers
            for name, directive in _parents(server, target.host)
        ),
        None,
    )
    if first is None:
        return
    name, directive = first
    subjects = endpoint_subjects(pages)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*pages, nginx.config),
        confidence=Confidence.LIKELY,
        location=nginx.location(directive),
        facts={
            "name": target.host,
            "parent": name,
            "place": file_line(directive),
            "value": directive.args[1],
        },
        fix=Fix(
            (
                Manual("serve-https", Where.SERVER),
                Manual("leave-out", Where.SERVER, commands=_shorter(nginx, directive)),
            ),
            Applicability.MANUAL,
        ),
    )


def _shorter(nginx: Nginx, directive: Directive) -> tuple[Command | Edit, ...]:
    """Return the edit that takes the sub-domains out of the field."""
    name, value, *others = directive.args
    kept = [
        word.strip()
        for word in value.split(";")
        if word.strip().lower() not in {"includesubdomains", "preload", ""}
    ]
    words = " ".join((directive.name, name, f'"{"; ".join(kept)}"', *others))
    change = replace_directive(directive, f"{words};")
    return chosen_edits(nginx, config_edits(nginx, {directive.file: [change]}))


def _parents(server: Server, host: str) -> Iterator[tuple[str, Directive]]:
    """Yield the parent domain of a host that a server block has, and its line of the field."""
    parent = next((name for name in server.names if name and host.endswith(f".{name}")), "")
    for directive in match_location(server, "/").directives("add_header") if parent else ():
        if len(directive.args) < 2 or directive.args[0].lower() != _FIELD:
            continue
        if "includesubdomains" in strict_transport(((_FIELD, directive.args[1]),)):
            yield parent, directive
