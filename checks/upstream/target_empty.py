"""A variable in proxy_pass is empty for this request, so that nginx has no address to ask: "no host
in upstream", or "invalid URL prefix" (ngx_http_proxy_module, proxy_pass with variables). It answers
500, and no application failed.

The usual variable is that of a `map` without a default, which lacks the name or the path.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from checks.nginx import Nginx, file_line
from checks.nginx._page_errors import failed_sockets, page_claim, page_error
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.http import Exchange
from diagnose.model.logs import LogLine
from diagnose.parsers.nginx import upstreams
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.variables import set_directive

_EMPTY = r"no host in upstream|invalid URL prefix in|invalid host in upstream"


@check(
    severity=Severity.ERROR,
    needs=[LogLine, Exchange],
    explains=["http.server-error", "http.redirect-to-error", "websocket.not-upgraded"],
)
def target_empty(evidence: Evidence) -> Iterator[Claim]:
    error, nginx = page_error(evidence, _EMPTY, {500, 502}), Nginx.of(evidence)
    directive, location = next(
        (
            (directive, match)
            for match in nginx.location_matches(evidence.target.path)
            if (directive := upstreams.pass_directive_of(match)) and "$" in directive.args[0]
        ),
        (None, None),
    )
    if error is None or directive is None or location is None:
        return
    names = _empty_names(location, directive.args[0])
    http = next((server.http for server in nginx.servers), None)
    map_block = next(
        (
            table
            for table in (children(http, "map") if http else ())
            if table.args and table.args[-1].lstrip("$") in names
        ),
        None,
    )
    # Imported late: few variables are empty.
    from checks.upstream._variable_edits import missing_set

    missing = None if map_block else missing_set(nginx, location, directive, names)
    facts = {
        "target": directive.args[0],
        "variables": tuple(sorted(f"${name}" for name in names)),
        "map": f"map {' '.join(map_block.args)}" if map_block else "",
        "map_place": file_line(map_block) if map_block else "",
        "line": missing.line if missing else "",
        "other": missing.place if missing else "",
        "written": missing.written if missing else "",
    }
    sockets = failed_sockets(evidence, {500, 502})
    claim = page_claim(nginx, error, facts, "set-the-variable", directive, sockets)
    yield replace(claim, fix=missing.fix) if missing else claim


#: Variables that have a value in every request.
_ALWAYS = {
    "host", "scheme", "uri", "document_uri", "request_uri", "request_method", "server_addr",
    "server_port", "server_protocol", "remote_addr", "hostname",
}  # fmt: skip


def _empty_names(location: LocationMatch, target: str) -> set[str]:
    """Return the variables that may be empty: those without a `set` of words of its own in the
    blocks around; all of them where each has one."""
    names = set(re.findall(r"\$\{?(\w+)", target))
    empty = {
        name
        for name in names - _ALWAYS
        if not (line := set_directive(location, name)) or not re.match(r"[^$]", line.args[1])
    }
    return empty or names
