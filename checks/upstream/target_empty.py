"""A variable in proxy_pass is empty for this request, so that nginx has no address to ask: "no host
in upstream", or "invalid URL prefix" (ngx_http_proxy_module, proxy_pass with variables). It answers
500, and no application failed.

The usual variable is that of a `map` without a default, which lacks the name or the path.
"""

import re
from collections.abc import Iterator

from checks.nginx import Nginx, file_line
from checks.nginx._page_errors import failed_sockets, page_claim, page_error
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.http import Exchange
from diagnose.model.logs import LogLine
from diagnose.parsers.nginx import upstreams
from diagnose.parsers.nginx.config import children

_EMPTY = r"no host in upstream|invalid URL prefix in|invalid host in upstream"


@check(
    severity=Severity.ERROR,
    needs=[LogLine, Exchange],
    explains=["http.server-error", "http.redirect-to-error", "websocket.not-upgraded"],
)
def target_empty(evidence: Evidence) -> Iterator[Claim]:
    error, nginx = page_error(evidence, _EMPTY, {500, 502}), Nginx.of(evidence)
    directive = next(
        (
            directive
            for match in nginx.location_matches(evidence.target.path)
            if (directive := upstreams.pass_directive_of(match)) and "$" in directive.args[0]
        ),
        None,
    )
    if error is None or directive is None:
        return
    names = set(re.findall(r"\$\{?(\w+)", directive.args[0]))
    http = next((server.http for server in nginx.servers), None)
    map_block = next(
        (
            table
            for table in (children(http, "map") if http else ())
            if table.args and table.args[-1].lstrip("$") in names
        ),
        None,
    )
    facts = {
        "target": directive.args[0],
        "variables": tuple(sorted(f"${name}" for name in names)),
        "map": f"map {' '.join(map_block.args)}" if map_block else "",
        "map_place": file_line(map_block) if map_block else "",
    }
    sockets = failed_sockets(evidence, {500, 502})
    yield page_claim(nginx, error, facts, "set-the-variable", directive, sockets)
