"""nginx passes the page on to itself: the address in proxy_pass is its own, and the request that
arrives there selects the same location again. The request goes round until nginx runs out of
connections or the growing X-Forwarded-For does not fit into its buffers: 500, 502, 504 or 400.

It happens where proxy_pass names the site's own public name in place of the application's address.
"""

from collections.abc import Iterator

from checks.nginx import Nginx, file_line
from checks.upstream import CONSEQUENCES
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Vantage,
    Where,
)
from diagnose.model.addresses import is_loopback
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import NginxConfig, UpstreamTry
from diagnose.model.server import Interface
from diagnose.parsers.nginx import proxy_headers, server_blocks, upstreams
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.upstreams import ProxyTarget


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig, UpstreamTry, Interface],
    explains=[
        *CONSEQUENCES,
        "http.redirect-loop",
        "upstream.closed-early",
        "upstream.header-too-big",
        "upstream.plain-to-tls",
        "upstream.request-header-too-large",
        "upstream.timeout",
    ],
)
def proxied_to_itself(evidence: Evidence) -> Iterator[Claim]:
    nginx, target = Nginx.of(evidence), evidence.target
    failed = [
        exchange
        for exchange in page_exchanges(evidence)
        if (exchange.failure or (exchange.status or 0) >= 400)
    ]
    for match in nginx.location_matches(target.path) if failed else ():
        variables = upstreams.route_variables(target, match, target.path)
        proxy_target = upstreams.proxy_target_of(match, variables)
        attempt = _own_attempt(nginx, match, proxy_target) if proxy_target else None
        if proxy_target and attempt:
            yield _claim(nginx, match, proxy_target, attempt, failed)


def _own_attempt(
    nginx: Nginx, match: LocationMatch, proxy_target: ProxyTarget
) -> UpstreamTry | None:
    """Return the connection to the proxy target that reached this location again."""
    own = _own_addresses(nginx.evidence)
    return next(
        (
            attempt
            for attempt in nginx.evidence.good(UpstreamTry)
            if attempt.target == proxy_target.target
            and (attempt.address in own or is_loopback(attempt.address))
            and _returns(nginx, match, proxy_target, attempt)
        ),
        None,
    )


def _returns(
    nginx: Nginx, match: LocationMatch, proxy_target: ProxyTarget, attempt: UpstreamTry
) -> bool:
    """Return whether nginx itself answers at that address, with this location."""
    target = nginx.evidence.target
    socket = server_blocks.socket_for(nginx.listen_sockets(attempt.port), attempt.address)
    host = proxy_headers.forwarded_host(match, proxy_target, target)
    if socket is None or host is None:
        return False
    server, _ = server_blocks.select_server(socket, host.partition(":")[0])
    path = upstreams.requested_path(match, proxy_target, target.path)
    return upstreams.final_location(server, path).block is match.block


def _own_addresses(evidence: Evidence) -> frozenset[str]:
    return frozenset(
        address.partition("/")[0]
        for interface in evidence.good(Interface)
        if interface.vantage is Vantage.SERVER
        for address in interface.addresses
    )


def _claim(
    nginx: Nginx,
    match: LocationMatch,
    proxy_target: ProxyTarget,
    attempt: UpstreamTry,
    failed: list[Exchange],
) -> Claim:
    target, directive = nginx.evidence.target, proxy_target.directive
    return Claim(
        about=Subject(port=target.port, path=target.path, text=file_line(directive)),
        covers=(Subject(port=target.port), Subject(text=proxy_target.target), Subject()),
        because=(attempt, *failed, *([nginx.config] if nginx.config else [])),
        facts={
            "path": target.path,
            "place": file_line(directive),
            "location": " ".join((match.block.name, *match.block.args)),
            "target": proxy_target.target,
            "endpoint": attempt.endpoint,
            "status": failed[0].status or "",
        },
        location=nginx.location(directive),
        fix=Fix((Manual("name-the-application", Where.SERVER),), Applicability.MANUAL),
    )
