"""Connection is set from a variable that a map defines, and the map is missing: only half of the
WebSocket snippet was copied. nginx refuses the whole configuration."""

import re
from collections.abc import Iterator

from checks.nginx import Nginx, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edit
from checks.nginx._stale_config import refused_config_severity
from checks.nginx._websockets import UPGRADE_MAP
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
    fatal_message = nginx.test.fatal
    unknown = _UNKNOWN.match(fatal_message.text) if fatal_message else None
    usage = _variable_usage(nginx, unknown[1]) if unknown else None
    if unknown is None or usage is None:
        return
    server, directive = usage
    yield Claim(
        about=Subject(text=file_line(directive)),
        because=(nginx.test, nginx.config),
        facts={
            "variable": f"${unknown[1]}",
            "place": file_line(directive),
            "message": fatal_message.text if fatal_message else "",
            "running": bool(nginx.master),
        },
        severity=refused_config_severity(nginx),
        location=nginx.location(directive),
        fix=_fix(nginx, server, unknown[1]),
    )


def _variable_usage(nginx: Nginx, name: str) -> tuple[Server, Directive] | None:
    """Return the first server block that sets Connection from the variable, and the directive."""
    for server in nginx.servers:
        for directive in walk((server.block,)):
            is_header = directive.name == "proxy_set_header" and len(directive.args) > 1
            if (
                is_header
                and directive.args[0].lower() == "connection"
                and name in directive.args[1]
            ):
                return server, directive
    return None


def _fix(nginx: Nginx, server: Server, name: str) -> Fix:
    """Insert the map before the server block: that is inside http, wherever the file is
    included."""
    file = nginx.file(server.block)
    lines = [UPGRADE_MAP[0].replace("connection_upgrade", name), *UPGRADE_MAP[1:], ""]
    change = edits.insert_before(file.text, server.block, lines) if file else None
    edit = config_edit(nginx, server.block.file, change) if change else None
    if edit is None:
        return Fix(reload_steps(nginx), Applicability.REVIEW)
    return Fix((edit, *reload_steps(nginx)))
