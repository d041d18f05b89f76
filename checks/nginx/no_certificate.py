"""A block whose socket speaks TLS has no certificate, or one without its key. `ssl` belongs to
the socket: a block with a plain `listen 443;` needs a certificate too where another block says
`ssl` for that address and port."""

from collections.abc import Iterator

from checks.nginx import Nginx
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Edit, Evidence, Fix, Manual, Severity, Where
from diagnose.model.nginx import NginxConfig, NginxTest
from diagnose.parsers.nginx import config as wire
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.server_blocks import Place, Server

_MISSING = r'no "(ssl_certificate(?:_key)?)" is defined for (?:the|certificate "([^"]*)")'


@check(
    severity=Severity.ERROR,
    needs=[NginxTest, NginxConfig],
    explains=["nginx.config-invalid"],
)
def no_certificate(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    refused = nginx.refused(_MISSING)
    if refused is None:
        return
    said, found = refused
    server = _server(nginx, said.file, said.line, found[2] or "")
    if server and any(found[1] in one.args for one in wire.walk((server.block,))):
        # A semicolon is missing, and the line before has swallowed it.
        return
    known = _edits(nginx, server, found[2] or "")
    facts = {
        "known": bool(known),
        "directive": found[1],
        "names": server.names if server else (),
        "plain": bool(server) and not _says_ssl(server),
    }
    yield nginx.complaint(
        said,
        f"{said.file}:{said.line}" if said.file else found[1],
        facts,
        Fix(
            (*(known or (Manual("name-them", Where.SERVER),)), *nginx.taken()),
            Applicability.AUTOMATIC if known else Applicability.MANUAL,
        ),
        server.block if server else None,
    )


def _server(nginx: Nginx, file: str | None, line: int | None, certificate: str) -> Server | None:
    """The block that nginx names by where it begins; or the one whose certificate lacks a key."""
    for server in nginx.servers:
        given = Place((server.http, server.block)).all("ssl_certificate")
        if certificate and any(nginx.path(one.args[0]) == certificate for one in given if one.args):
            return server
        if file and (server.block.file, server.block.line) == (file, line):
            return server
    return None


def _edits(nginx: Nginx, server: Server | None, certificate: str) -> tuple[Edit, ...]:
    """The key that all other blocks pair with this certificate, on the line below it."""
    place = Place((server.http, server.block)) if server else None
    given = place.all("ssl_certificate") if place else ()
    keys = nginx.partners("ssl_certificate_key", "ssl_certificate", certificate)
    if (
        len(given) != 1
        or len(keys) != 1
        or not all(keys.values())
        or (place and place.all("ssl_certificate_key"))
    ):
        return ()
    file = nginx.file(given[0])
    line = f"ssl_certificate_key {next(iter(keys.values()))};"
    change = edits.after(file.text, given[0], [line]) if file else None
    return nginx.edited({file.path: [change]}) if file and change else ()


def _says_ssl(server: Server | None) -> bool:
    listens = [one.directive for one in server.listens if one.directive] if server else []
    return any("ssl" in one.args[1:] for one in listens)
