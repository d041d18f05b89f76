"""nginx refuses the machine in front of it (a CDN, a load balancer, another proxy) by its address.
Every visitor comes with that address as long as nginx does not take the visitor's own from the
proxy's header (ngx_http_realip_module), so nobody gets in, or not those who are in the list.
"""

import ipaddress
from collections.abc import Iterator

from checks.http import _fronts, addresses
from checks.nginx import Nginx, file_line
from checks.nginx._page_errors import is_in_run, logged_errors
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
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.logs import LogLine
from diagnose.model.nginx import Directive
from diagnose.model.server import Interface
from diagnose.parsers.nginx.access_phases import access_result
from diagnose.parsers.nginx.access_rules import ClientRequest
from diagnose.parsers.nginx.server_blocks import Server

#: ngx_http_access_module; the client in the line is the address that the rule refused.
_REFUSED = r"access forbidden by rule"


@check(
    severity=Severity.ERROR,
    needs=[LogLine, Exchange, Interface],
    explains=["nginx.own-answer", "nginx.visitor-denied", "http.no-redirect"],
)
def front_address_denied(evidence: Evidence) -> Iterator[Claim]:
    nginx, target = Nginx.of(evidence), evidence.target
    pages = page_exchanges(evidence)
    if not pages or any(page.status != 403 for page in pages):
        return
    machines = _fronts.fronts(evidence, addresses(pages))
    lines = [
        line
        for line, _ in logged_errors(evidence, _REFUSED, target.path)
        if is_in_run(evidence, line) and _is_elsewhere(evidence, line.client)
    ]
    if not machines or not lines:
        return
    line = lines[-1]
    server, rule = _deciding_rule(nginx, line)
    if server is None or rule is None or server.directives("set_real_ip_from"):
        return
    yield Claim(
        about=Subject(port=target.port, path=target.path),
        covers=(Subject(port=target.port), Subject(port=80)),
        because=(line, *pages, *((nginx.config,) if nginx.config else ())),
        confidence=_fronts.weakest(machines),
        location=nginx.location(rule),
        facts={
            "url": pages[0].url,
            "front": line.client,
            "addresses": addresses(pages),
            "product": _fronts.product_name(machines, ()),
            "rule": f"{rule.name} {' '.join(rule.args)}",
            "place": file_line(rule),
            "listed": rule.name == "deny" and rule.args[:1] != ("all",),
            "message": line.text,
            "log": line.file,
        },
        fix=Fix((Manual("real-ip", Where.SERVER),), Applicability.MANUAL),
    )


def _is_elsewhere(evidence: Evidence, client: str) -> bool:
    """Return whether an address is that of another machine: this server's own requests of itself
    come from its own addresses."""
    try:
        if ipaddress.ip_address(client).is_loopback:
            return False
    except ValueError:
        return False
    return not any(
        client == address.partition("/")[0]
        for interface in evidence.good(Interface)
        if interface.vantage is Vantage.SERVER
        for address in interface.addresses
    )


def _deciding_rule(nginx: Nginx, line: LogLine) -> tuple[Server | None, Directive | None]:
    """Return the server block that refuses this address at the page, and its rule; nginx writes
    the first name of the block into the line."""
    target = nginx.evidence.target
    for server in nginx.servers:
        if line.server not in {*server.names, ""} and target.host not in server.names:
            continue
        request = ClientRequest(line.client, target.host, target.path)
        result = access_result(server, request)
        if result.verdict == "denied" and result.personal and result.decided_by:
            return server, result.decided_by
    return None, None
