"""nginx passes the visitor's host name on as it should, and the application does not allow it.

Django answers 400 (ALLOWED_HOSTS), Rails 403 "Blocked hosts" (config.hosts), Vite 403 "Blocked
request. This host is not allowed" (server.allowedHosts), webpack's development server "Invalid Host
header". The evidence is the application's own answer to this name, and its answer to "localhost".
"""

from collections.abc import Iterator

from checks.nginx import Nginx, file_line
from checks.upstream._comparisons import proxied_match
from checks.upstream._responses import page_exchanges
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.nginx import NginxConfig
from diagnose.model.requests import Asked
from diagnose.parsers.nginx import proxy_headers
from diagnose.parsers.nginx.locations import proxy_pass_of, proxy_set_header_of


@check(severity=Severity.ERROR, needs=[Asked, NginxConfig])
def host_not_allowed(evidence: Evidence) -> Iterator[Claim]:
    nginx, target, responses = Nginx.of(evidence), evidence.target, evidence.of(Asked)
    passed = next((response for response in responses if response.variant == "passed"), None)
    if passed is None or passed.failure or passed.sent not in {target.host, target.authority}:
        return
    exchanges = tuple(
        exchange for exchange in page_exchanges(evidence) if exchange.status == passed.status
    )
    local = next((response for response in responses if response.variant == "loopback"), None)
    is_local_welcome = local is not None and _is_welcome(local)
    has_other_name = any(
        response.variant == "own" and _is_welcome(response) for response in responses
    )
    bodies = (passed.body, *(exchange.body for exchange in exchanges))
    named = any(map(proxy_headers.names_unknown_host, bodies))
    match = proxied_match(nginx, passed.path)
    is_refused = named or (passed.status == 400 and is_local_welcome)
    if not exchanges or match is None or not is_refused or has_other_name:
        return
    directive = proxy_set_header_of(match, "Host") or proxy_pass_of(match) or match.block
    yield Claim(
        about=Subject(port=target.port, path=passed.path, text=file_line(directive)),
        because=(
            passed, *([local] if local else []), *exchanges,
            *([nginx.config] if nginx.config else []),
        ),
        facts={
            "url": exchanges[0].url,
            "host": target.host,
            "status": passed.status or "",
            "answer": passed.body[:120] if named else "",
            "application": passed.endpoint,
            "place": file_line(directive),
            "local": local.status if local and is_local_welcome else "",
        },
        confidence=Confidence.CERTAIN if named else Confidence.LIKELY,
        ruled_out=("upstream.refused", "upstream.wrong-host-header"),
        location=nginx.location(directive),
        fix=Fix((Manual("allow-the-name", Where.APPLICATION),), Applicability.MANUAL),
    )  # fmt: skip


def _is_welcome(response: Asked) -> bool:
    status = response.status or 0
    return 200 <= status < 400 and not proxy_headers.names_unknown_host(response.body)
