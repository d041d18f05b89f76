"""A block on a TLS socket has no certificate, or a certificate without its key. `ssl` belongs to
the socket: a block with a plain `listen 443;` needs a certificate too if another block has `ssl`
for that address and port."""

from collections.abc import Iterator

from checks.nginx import Nginx
from checks.nginx._certificates import naming_edits, paired_files
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edits
from checks.nginx._errors import ConfigFault, config_error_claim, find_config_error
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Edit, Evidence, Fix, Manual, Severity, Where
from diagnose.model.nginx import NginxConfig, NginxTest
from diagnose.parsers.nginx import config as nginx_parser
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.server_blocks import Server

_MISSING = r'no "(ssl_certificate(?:_key)?)" is defined for (?:the|certificate "([^"]*)")'


@check(
    severity=Severity.ERROR,
    needs=[NginxTest, NginxConfig],
    explains=["nginx.config-invalid"],
)
def no_certificate(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    config_error = find_config_error(nginx, _MISSING)
    if config_error is None:
        return
    message, match = config_error
    server = _incomplete_server(nginx, message.file, message.line, match[2] or "")
    if server and any(
        match[1] in directive.args for directive in nginx_parser.walk((server.block,))
    ):
        # A semicolon is missing, and the line before it became part of the directive.
        return
    key_edits, stored = _edits(nginx, server, match[2] or ""), None
    is_known = bool(key_edits)
    if server and match[1] == "ssl_certificate" and not server.directives("ssl_certificate"):
        key_edits, stored = naming_edits(nginx, server)
    sure = stored.applicability if stored else Applicability.AUTOMATIC
    facts = {
        "known": is_known,
        "stored": stored.path if stored else "",
        "stored_key": stored.key if stored else "",
        "directive": match[1],
        "names": server.names if server else (),
        "plain": bool(server) and not _says_ssl(server),
    }
    yield config_error_claim(
        nginx,
        ConfigFault(
            message,
            f"{message.file}:{message.line}" if message.file else match[1],
            facts,
            directive=server.block if server else None,
        ),
        Fix(
            (*(key_edits or (Manual("name-them", Where.SERVER),)), *reload_steps(nginx)),
            sure if key_edits else Applicability.MANUAL,
        ),
    )


def _incomplete_server(
    nginx: Nginx, file: str | None, line: int | None, certificate: str
) -> Server | None:
    """Return the block that begins where nginx reports, or the one whose certificate has no key."""
    for server in nginx.servers:
        directives = server.directives("ssl_certificate")
        if certificate and any(
            nginx.resolve_path(directive.args[0]) == certificate
            for directive in directives
            if directive.args
        ):
            return server
        if file and (server.block.file, server.block.line) == (file, line):
            return server
    return None


def _edits(nginx: Nginx, server: Server | None, certificate: str) -> tuple[Edit, ...]:
    """Insert the key that all other blocks pair with this certificate, on the line below it."""
    location_match = LocationMatch((server.http, server.block)) if server else None
    directives = location_match.directives("ssl_certificate") if location_match else ()
    keys = paired_files(nginx, "ssl_certificate_key", "ssl_certificate", certificate)
    if (
        len(directives) != 1
        or len(keys) != 1
        or not all(keys.values())
        or (location_match and location_match.directives("ssl_certificate_key"))
    ):
        return ()
    file = nginx.file(directives[0])
    line = f"ssl_certificate_key {next(iter(keys.values()))};"
    change = edits.insert_after(file.text, directives[0], [line]) if file else None
    return config_edits(nginx, {file.path: [change]}) if file and change else ()


def _says_ssl(server: Server | None) -> bool:
    listens = [listen.directive for listen in server.listens if listen.directive] if server else []
    return any("ssl" in directive.args[1:] for directive in listens)
