"""The visitor's address is lost: everybody has one address in the application's logs, or a limit
counts all visitors as one.

After a message about it: nginx passes a page on without a field that names the visitor
(X-Forwarded-For, X-Real-IP), so that the application sees nginx's own address; or a CDN or another
proxy stands in front, and nginx does not take the address from its field (ngx_http_realip_module);
or a block behind another one, such as that of an nginx in a container, does not.
Without a message: a limit of a server block that only a proxy of this server reaches refuses that
proxy (`limit_req`, ngx_http_limit_req_module), or a limit refuses Cloudflare, or the one address
from which another machine asks over http. The block trusts no proxy, or reads a field that does not
come.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from checks.http import LIMITED, _fronts, addresses, endpoint_subjects
from checks.nginx import NO_PORT, Nginx, file_line
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
from diagnose.model.addresses import is_loopback
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.logs import LogLine
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.parsers.cdn import is_cloudflare
from diagnose.parsers.nginx import error_log
from diagnose.parsers.nginx.locations import proxy_pass_of, select_location
from diagnose.parsers.nginx.server_blocks import Server

if TYPE_CHECKING:
    from diagnose.model.requests import CountedRequest


@check(
    severity=Severity.WARNING,
    needs=[NginxConfig, Exchange],
    explains=[
        "nginx.request-limit",
        "nginx.connection-limit",
        "nginx.other-requests-failed",
        "upstream.own-answer",
        "http.server-error",
    ],
)
def visitor_address_lost(evidence: Evidence) -> Iterator[Claim]:
    nginx, symptom = Nginx.of(evidence), evidence.target.symptom
    if nginx.is_refused or not page_exchanges(evidence):
        return
    is_asked = symptom is not None and symptom.kind == "visitor-address"
    claim = _limit_claim(nginx)
    if claim is None and is_asked:
        claim = _not_passed(nginx) or _not_taken_behind(nginx) or _not_taken(nginx)
    elif claim is None and any(page.status == 429 for page in page_exchanges(evidence)):
        refused = _refused_together(evidence)
        claim = _not_passed(nginx, *refused) if refused else None
    if claim is not None:
        yield claim


def _limit_claim(nginx: Nginx) -> Claim | None:
    """Return the claim about a limit that refused a proxy of this server itself."""
    lines = error_log.matching_lines(
        nginx.evidence.of(LogLine), host=nginx.evidence.target.host, pattern=LIMITED
    )
    clients = {line.client for line in lines}
    is_behind = nginx.inner is not None and nginx.inner.is_behind_machine and len(clients) == 1
    for line in reversed([line for line in lines if is_behind or _is_of_proxy(line)]):
        for server in nginx.servers:
            match = select_location(server, line.path or "/")
            limit = match.directive("limit_req") or match.directive("limit_conn")
            if limit and line.server in {*server.names, ""} and _loses_address(nginx, server, line):
                facts = {"front": line.client, "rule": limit.text}
                fix = Fix((Manual("take-the-address", Where.SERVER),), Applicability.MANUAL)
                fix = _field_fix(nginx, server, line) or fix
                return _claim(nginx, limit, fix, {**facts, "limited": True}, line)
    return None


def _is_of_proxy(line: LogLine) -> bool:
    """Return whether the refused address is a proxy's: of this server, or of Cloudflare."""
    return is_loopback(line.client) or is_cloudflare(line.client)


def _loses_address(nginx: Nginx, server: Server, line: LogLine) -> bool:
    """Return whether a block takes a proxy for the visitor: one of this server behind which it is
    alone, or Cloudflare. It trusts none, or reads a field that the proxy does not send."""
    visible_blocks = [selected.server.block for selected in nginx.selected_servers()]
    matches = nginx.location_matches(nginx.evidence.target.path_without_query)
    is_inner = server.block not in visible_blocks and any(map(proxy_pass_of, matches))
    if not is_inner and is_loopback(line.client):
        return False
    if not server.directives("set_real_ip_from"):
        return True
    # Imported late: few limits refuse a proxy.
    from checks.nginx._front_fields import reads_other_field
    from checks.nginx._page_errors import is_in_run

    # This run's own requests on the server come without the field.
    return not is_in_run(nginx.evidence, line) and reads_other_field(nginx, server)


def _field_fix(nginx: Nginx, server: Server, line: LogLine) -> Fix | None:
    from checks.nginx._front_fields import field_fix, usual_field_fix

    if nginx.inner is not None and nginx.inner.is_behind_machine:
        return usual_field_fix(nginx, server, line.client)
    return field_fix(nginx, server, line.client)


def _not_passed(nginx: Nginx, *requests: "CountedRequest") -> Claim | None:
    """Return the claim about a page that is passed on without the visitor's address. These requests
    show that the application counts by it."""
    # Imported late: a healthy run passes the address on, or is not asked.
    from checks.nginx._visitor_address import address_fix, passes_address

    for match in nginx.location_matches(nginx.evidence.target.path_without_query):
        directive = proxy_pass_of(match)
        if directive is None or passes_address(match):
            continue
        fix = address_fix(nginx, match) or Fix(
            (Manual("pass-the-address", Where.SERVER),), Applicability.MANUAL
        )
        facts = {"application": directive.args[0] if directive.args else "", "passed": True}
        claim = _claim(nginx, directive, fix, facts)
        if not requests:
            return claim
        pages = endpoint_subjects(page_exchanges(nginx.evidence))
        return replace(
            claim, covers=pages, because=(*claim.because, *requests), confidence=Confidence.CERTAIN
        )
    return None


def _refused_together(evidence: Evidence) -> "tuple[CountedRequest, ...]":
    """Return the requests which show that an application refuses nginx with 429, and would not
    refuse a visitor whose address it were told."""
    from diagnose.model.requests import CountedRequest

    requests = evidence.good(CountedRequest)
    visitors = [request for request in requests if request.asker == "visitor"]
    is_refused = any(request.asker == "proxy" and request.status == 429 for request in requests)
    is_told = bool(visitors) and all(200 <= (visitor.status or 0) < 400 for visitor in visitors)
    return requests if is_refused and is_told else ()


def _not_taken_behind(nginx: Nginx) -> Claim | None:
    """Return the claim about a block behind another, which takes that one for the visitor."""
    # Imported late: few messages are about addresses.
    from checks.nginx._inner_addresses import inner_block_without_address

    inner = inner_block_without_address(nginx)
    if inner is None:
        return None
    facts = {
        "behind": True,
        "front": " ".join(inner.trusted),
        "in_front": inner.front,
        "field": inner.field,
        "container": inner.container,
    }
    fix = inner.fix or Fix((Manual("take-the-address", Where.SERVER),), Applicability.MANUAL)
    return _claim(nginx, inner.server.block, fix, facts)


def _not_taken(nginx: Nginx) -> Claim | None:
    """Return the claim about a machine in front whose field nginx does not read."""
    evidence = nginx.evidence
    machines = _fronts.fronts(evidence, addresses(page_exchanges(evidence)))
    servers = [selected.server for selected in nginx.answering_servers()]
    if (
        not machines
        or not servers
        or any(server.directives("set_real_ip_from") for server in servers)
    ):
        return None
    front = _fronts.product_name(machines, ()) or machines[0].address
    fix = _cloudflare_fix(nginx, servers) if front == "Cloudflare" else None
    fix = fix or Fix((Manual("take-the-address", Where.SERVER),), Applicability.MANUAL)
    return _claim(nginx, servers[0].block, fix, {"front": front, "taken": True})


def _cloudflare_fix(nginx: Nginx, servers: list[Server]) -> Fix | None:
    # Imported late: a message and Cloudflare in front lead here.
    from checks.nginx._visitor_address import cloudflare_fix

    return cloudflare_fix(nginx, servers[0]) if len(servers) == 1 else None


def _claim(
    nginx: Nginx, directive: Directive, fix: Fix, facts: dict[str, object], *lines: LogLine
) -> Claim:
    target, pages = nginx.evidence.target, page_exchanges(nginx.evidence)
    refused = tuple(Subject(port=target.port, path=line.path) for line in lines)
    refused += endpoint_subjects(pages) if refused else ()
    texts = dict.fromkeys(("application", "front", "rule", "in_front", "field", "container"), "")
    kinds = dict.fromkeys(("passed", "taken", "behind", "limited"), False)
    return Claim(
        about=Subject(port=target.port, path=target.path, text=file_line(directive)),
        covers=refused or (NO_PORT,),
        because=(*lines, *pages[:1], *((nginx.config,) if nginx.config else ())),
        confidence=Confidence.LIKELY,
        location=nginx.location(directive),
        facts={
            "url": pages[0].url,
            "place": file_line(directive),
            **texts,
            **kinds,
            **facts,
        },
        fix=fix,
    )
