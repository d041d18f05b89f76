"""nginx refuses requests because there are too many of them (ngx_http_limit_req_module,
ngx_http_limit_conn_module): 503, or the status of `limit_req_status` and `limit_conn_status`.

It is a warning. A limit is there on purpose, and other visitors may get through. If only requests
of this run met it, and one alone is answered, it is a note.
"""

from collections.abc import Iterator
from dataclasses import replace

from checks.http import LIMITED, is_own_limit
from checks.nginx import Nginx
from checks.nginx._page_errors import failed_sockets, page_claim, page_directive, page_error
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.http import Exchange
from diagnose.model.logs import LogLine
from diagnose.parsers.nginx import error_log


@check(
    severity=Severity.WARNING,
    needs=[LogLine, Exchange],
    explains=["http.server-error", "websocket.rate-limited"],
)
def request_limit(evidence: Evidence) -> Iterator[Claim]:
    error = page_error(evidence, LIMITED, range(400, 600))
    if error is None:
        return
    nginx = Nginx.of(evidence)
    kind, zone = error.match[1], error.match[2]
    name = "limit_req" if kind == "requests" else "limit_conn"
    directive = page_directive(nginx, name)
    lines = error_log.matching_lines(
        evidence.of(LogLine), host=evidence.target.host, pattern=LIMITED
    )
    statuses = {exchange.status for exchange in error.exchanges if exchange.status}
    facts = {
        "kind": name,
        "zone": zone,
        "times": sum(line.times for line in lines),
        "rule": f"{directive.name} {' '.join(directive.args)}" if directive else "",
        "burst": name == "limit_req"
        and not any(argument.startswith("burst=") for argument in directive.args)
        if directive
        else False,
        "clients": len({line.client for line in lines}),
        "ours": error.in_run and len({line.client for line in lines}) == 1,
    }
    claim = page_claim(
        nginx, error, facts, "raise-the-limit", directive, failed_sockets(evidence, statuses)
    )
    own = all(is_own_limit(evidence, exchange) for exchange in error.exchanges)
    yield replace(claim, severity=Severity.NOTE) if own and facts["ours"] else claim
