"""nginx refuses the machine in front of it (a CDN, a load balancer, another proxy) by its address.
Every visitor comes with that address as long as nginx does not take the visitor's own from the
proxy's header (ngx_http_realip_module), so nobody gets in, or not those who are in the list.

The proxy may be on this server too: another server block of the same nginx, or another web server.
Then the address is one of the server's own.
"""

import ipaddress
from collections.abc import Iterator, Mapping, Sequence

from checks.http import _fronts, addresses
from checks.nginx import Nginx, file_line
from checks.nginx._access import refusing_rule
from checks.nginx._commands import chosen_edits, reload_steps
from checks.nginx._edits import Changes, config_edits
from checks.nginx._location_edits import header_lines, insert_lines
from checks.nginx._page_errors import is_in_run, logged_errors
from checks.nginx._visitor_address import trusting_lines
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.logs import LogLine
from diagnose.model.nginx import ConfigFile, Directive
from diagnose.model.server import Interface, server_addresses
from diagnose.model.web_servers import TITLES
from diagnose.parsers.nginx.config import walk
from diagnose.parsers.nginx.edits import insert_first
from diagnose.parsers.nginx.error_log import REFUSED_BY_RULE
from diagnose.parsers.nginx.locations import proxy_pass_of, proxy_set_header_of
from diagnose.parsers.nginx.server_blocks import Server

_FORWARDED, _ADDED = "X-Forwarded-For", "$proxy_add_x_forwarded_for"


@check(
    severity=Severity.ERROR,
    needs=[LogLine, Exchange, Interface],
    explains=[
        "nginx.own-answer",
        "nginx.visitor-denied",
        "upstream.own-answer",
        "server.own-answer",
        "http.no-redirect",
    ],
)
def front_address_denied(evidence: Evidence) -> Iterator[Claim]:
    nginx, target = Nginx.of(evidence), evidence.target
    pages = page_exchanges(evidence)
    if not pages or any(page.status != 403 for page in pages):
        return
    lines = [
        line
        for line, _ in logged_errors(evidence, REFUSED_BY_RULE, target.path)
        if is_in_run(evidence, line)
    ]
    claim = _remote_claim(nginx, pages, lines) or _inner_claim(nginx, pages, lines)
    if claim is not None:
        yield claim


def _remote_claim(
    nginx: Nginx, pages: tuple[Exchange, ...], lines: Sequence[LogLine]
) -> Claim | None:
    """Return the claim about another machine in front of this server."""
    evidence = nginx.evidence
    machines = _fronts.fronts(evidence, addresses(pages))
    lines = [line for line in lines if not _is_own(evidence, line.client)]
    if not machines or not lines:
        return None
    server, rule = refusing_rule(nginx, lines[-1])
    if server is None or rule is None or server.directives("set_real_ip_from"):
        return None
    facts = {"product": _fronts.product_name(machines, ()), "inner": False, "taken": ()}
    return _claim(nginx, pages, lines[-1], rule, facts, _fronts.weakest(machines))


def _inner_claim(
    nginx: Nginx, pages: tuple[Exchange, ...], lines: Sequence[LogLine]
) -> Claim | None:
    """Return the claim about a proxy on this server itself, which passes requests on to a server
    block that visitors do not reach."""
    lines = [line for line in lines if _is_own(nginx.evidence, line.client)]
    if not lines:
        return None
    server, rule = refusing_rule(nginx, lines[-1])
    if server is None or rule is None or not _is_behind(nginx, server):
        return None
    # `deny all` alone is meant for everybody.
    if rule.args[:1] == ("all",) and not any(
        each.name == "allow" for each in walk((server.block,))
    ):
        return None
    taken = [
        word for directive in server.directives("set_real_ip_from") for word in directive.args[:1]
    ]
    if taken and not _is_loopback(lines[-1].client) and lines[-1].client not in taken:
        return None  # The server itself is the visitor, as the header says.
    inner = nginx.inner
    titles = (title for name, title in TITLES.items() if inner and name == inner.product)
    product = next(titles, "nginx")
    facts = {"product": product, "inner": True, "taken": tuple(taken)}
    return _claim(nginx, pages, lines[-1], rule, facts, Confidence.CERTAIN)


def _claim(
    nginx: Nginx,
    pages: tuple[Exchange, ...],
    line: LogLine,
    rule: Directive,
    facts: Mapping[str, object],
    confidence: Confidence,
) -> Claim:
    target = nginx.evidence.target
    typed = () if facts["inner"] or facts["product"] else _real_ip(nginx, line, rule)
    step = Manual("inner-real-ip" if facts["inner"] else "real-ip", Where.SERVER, commands=typed)
    fix = _inner_fix(nginx, line, rule) if facts["inner"] else None
    return Claim(
        about=Subject(port=target.port, path=target.path),
        covers=(Subject(port=target.port), Subject(port=80)),
        because=(line, *pages, *((nginx.config,) if nginx.config else ())),
        confidence=confidence,
        location=nginx.location(rule),
        facts={
            "url": pages[0].url,
            "front": line.client,
            "addresses": addresses(pages),
            "rule": f"{rule.name} {' '.join(rule.args)}",
            "place": file_line(rule),
            "listed": rule.name == "deny" and rule.args[:1] != ("all",),
            "message": line.text,
            "log": line.file,
            **facts,
        },
        fix=fix or Fix((step,), Applicability.MANUAL),
    )


def _inner_fix(nginx: Nginx, line: LogLine, rule: Directive) -> Fix | None:
    """Return the edits after which the inner block takes the visitor's address from the proxy on
    this server, and the block in front sends it. None where that proxy is not known to send the
    last address of X-Forwarded-For as its own observation, or the header is another one."""
    product = nginx.inner.product if nginx.inner else "nginx"
    block, file = _block_of(nginx, rule)
    if block is None or file is None or product not in {"nginx", "apache", "caddy"}:
        return None
    server = next(server for server in nginx.servers if server.block is block)
    header = [directive.args[:1] for directive in server.directives("real_ip_header")]
    if header and header[-1] != ("X-Forwarded-For",):
        return None
    lines = trusting_lines(server, line.client)
    lines += [] if header else ["real_ip_header X-Forwarded-For;"]
    changes: Changes = {}
    changes[file.path] = [insert_first(file.text, block, lines)]
    if product == "nginx" and not _sends_visitors(nginx, changes):
        return None
    file_edits = config_edits(nginx, changes)
    return Fix((*file_edits, *reload_steps(nginx)), Applicability.REVIEW) if file_edits else None


def _sends_visitors(nginx: Nginx, changes: Changes) -> bool:
    """Add the line with which the block in front sends the visitor's address to the changes, if it
    sends no such field; return False if it sends another value."""
    matches = nginx.location_matches(nginx.evidence.target.path_without_query)
    for match in filter(proxy_pass_of, matches):
        sent = proxy_set_header_of(match, _FORWARDED)
        if sent is None:
            lines = header_lines(nginx, match, {_FORWARDED: _ADDED}, changes)
            insert_lines(nginx, match, lines, changes)
        elif sent.args[1:] not in {(_ADDED,), ("$remote_addr",)}:
            return False
    return True


def _real_ip(nginx: Nginx, line: LogLine, rule: Directive) -> tuple[Command | Edit, ...]:
    """Return the edit that lets nginx take the visitor's address from the machine in front, in the
    server block of the rule. Whether that machine is the administrator's own, a person sees."""
    block, file = _block_of(nginx, rule)
    if block is None or file is None:
        return ()
    server = next(server for server in nginx.servers if server.block is block)
    lines = [*trusting_lines(server, line.client), "real_ip_header X-Forwarded-For;"]
    change = insert_first(file.text, block, lines)
    return chosen_edits(nginx, config_edits(nginx, {block.file: [change]}))


def _block_of(nginx: Nginx, rule: Directive) -> tuple[Directive | None, ConfigFile | None]:
    """Return the server block of a rule, and the file of the block."""
    blocks = (server.block for server in nginx.servers)
    block = next((block for block in blocks if any(each is rule for each in walk((block,)))), None)
    return block, nginx.file(block) if block else None


def _is_behind(nginx: Nginx, server: Server) -> bool:
    """Return whether visitors reach a server block only through a proxy of this server: another
    web server, or a block of this nginx that passes the page on."""
    if nginx.inner is not None:
        return True
    visible_blocks = [selected.server.block for selected in nginx.selected_servers()]
    matches = nginx.location_matches(nginx.evidence.target.path_without_query)
    return server.block not in visible_blocks and any(map(proxy_pass_of, matches))


def _is_own(evidence: Evidence, client: str) -> bool:
    """Return whether an address is one of this server: its own requests of itself come from
    there, and those of its proxies."""
    return _is_loopback(client) or client in server_addresses(evidence)


def _is_loopback(client: str) -> bool:
    """Return whether an address is one of the server's own interface, or none (a socket)."""
    try:
        return ipaddress.ip_address(client).is_loopback
    except ValueError:
        return True
