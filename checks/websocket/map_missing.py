"""The snippet for WebSockets was copied without its other half: Connection is set from a variable
that only a map makes, and the map is not there. nginx refuses the whole configuration."""

import re
from collections.abc import Iterator

from checks.nginx import MAP, Nginx, where
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Severity, Subject
from diagnose.model.nginx import Directive, NginxTest
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import walk
from diagnose.parsers.nginx.server_blocks import Server

_UNKNOWN = re.compile(r'^unknown "(\w+)" variable')


@check(severity=Severity.ERROR, needs=[NginxTest], explains=["nginx.config-invalid"])
def map_missing(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    if nginx.test is None or nginx.test.passed or nginx.config is None:
        return
    said = nginx.test.fatal
    unknown = _UNKNOWN.match(said.text) if said else None
    used = _used(nginx, unknown[1]) if unknown else None
    if unknown is None or used is None:
        return
    server, directive = used
    yield Claim(
        about=Subject(text=where(directive)),
        because=(nginx.test, nginx.config),
        facts={
            "variable": f"${unknown[1]}",
            "place": where(directive),
            "message": said.text if said else "",
            "running": bool(nginx.master),
        },
        location=nginx.location(directive),
        fix=_fix(nginx, server, unknown[1]),
    )


def _used(nginx: Nginx, name: str) -> tuple[Server, Directive] | None:
    """The first server block that sets Connection from the variable."""
    for server in nginx.servers:
        for one in walk((server.block,)):
            is_header = one.name == "proxy_set_header" and len(one.args) > 1
            if is_header and one.args[0].lower() == "connection" and name in one.args[1]:
                return server, one
    return None


def _fix(nginx: Nginx, server: Server, name: str) -> Fix:
    """Before the server block: there the http block is, wherever the file is included."""
    file = nginx.file(server.block)
    lines = [MAP[0].replace("connection_upgrade", name), *MAP[1:], ""]
    change = edits.before(file.text, server.block, lines) if file else None
    edit = nginx.edit(server.block.file, change) if change else None
    if edit is None:
        return Fix(nginx.taken(), Applicability.REVIEW)
    return Fix((edit, *nginx.taken()))
