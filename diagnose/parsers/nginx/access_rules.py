"""Whether nginx's `allow` and `deny` admit one address, and the directives that change what address
nginx sees.

nginx.org: ngx_http_access_module, ngx_http_realip_module; `satisfy` and `limit_except` of the
core. No I/O.
"""

import ipaddress
import re
from collections.abc import Iterator
from typing import Literal

from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.geo import Network, network
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.long_runs import entries
from diagnose.parsers.nginx.server_blocks import Server

Verdict = Literal["passes", "denied", "unknown"]


@frozen
class ClientRequest:
    """A visitor's request. `address` is "" if nginx does not see it. `mapped` is True if an IPv4
    address arrives on an IPv6 socket and is written as an IPv4-mapped address. `fields` are header
    fields whose values are known, by their names in lower case. `version` is that of HTTP ("1.0"),
    "" if it is not known."""

    address: str
    host: str
    path: str = "/"
    scheme: str = "https"
    port: int = 443
    method: str = "GET"
    mapped: bool = False
    fields: tuple[tuple[str, str], ...] = ()
    version: str = ""


@frozen
class AccessResult:
    """What nginx does with a request.

    `decided_by` is the deciding directive; `status` is 0 if an error_page may change it.
    `personal` is True if the result may differ for another address. `unknown` holds the texts of
    the directives that could not be evaluated.
    """

    verdict: Verdict
    status: int = 0
    decided_by: Directive | None = None
    personal: bool = False
    unknown: tuple[str, ...] = ()


ALLOWED = AccessResult("passes")


def trusted_proxy_directive(server: Server, address: str) -> str:
    """Return the directive that makes nginx treat this address as a proxy and read the visitor's
    address from a header; "" if there is none."""
    location = LocationMatch((server.http, server.block))
    for directive in entries(location.directives("set_real_ip_from")):
        subnet = network(directive.args[0]) if directive.args else None
        if subnet and address and _is_in_subnet(address, subnet):
            header = location.directive("real_ip_header")
            name = header.args[0] if header and header.args else "X-Real-IP"
            return f"set_real_ip_from {directive.args[0]}; real_ip_header {name}"
    return ""


def _is_in_subnet(address: str, subnet: Network) -> bool:
    ip = ipaddress.ip_address(address)
    return ip.version == subnet.version and ip in subnet


def access_rules(location: LocationMatch, method: str = "GET") -> tuple[Directive, ...]:
    """Return the allow and deny in force, in order: all of the innermost block that has any."""
    for block in (*limit_except_blocks(location, method), *reversed(location.blocks)):
        own_rules = tuple(
            directive
            for directive in entries(block.block)
            if directive.name in {"allow", "deny"} and directive.args
        )
        if own_rules:
            return own_rules
    return ()


def limit_except_blocks(location: LocationMatch, method: str) -> Iterator[Directive]:
    """Yield the limit_except blocks that apply to a method: those that do not name it."""
    for block in children(location.block, "limit_except"):
        if method not in block.args:
            yield block


def matching_rule(rules: tuple[Directive, ...], address: str) -> Directive | None:
    """Return the first rule that matches an address, or None."""
    for rule in rules:
        subnet = network(rule.args[0])
        if rule.args[0] == "all" or (subnet and _is_in_subnet(address, subnet)):
            return rule
    return None


def _has_authentication(location: LocationMatch) -> bool:
    """Return whether a visitor can be admitted by something other than the address."""
    names = ("auth_basic", "auth_request", "auth_jwt")
    auth_directives = [directive for name in names if (directive := location.directive(name))]
    return any(directive.args[:1] != ("off",) for directive in auth_directives)


def check_access(location: LocationMatch, request: ClientRequest) -> AccessResult:
    """Return whether `allow` and `deny` let a visitor in (ngx_http_access_module). A denied one
    gets 403, or status 0 (unknown) if `error_page` replaces it."""
    rules = access_rules(location, request.method)
    if not rules:
        return ALLOWED
    if not request.address:
        return AccessResult("unknown", personal=True, unknown=(directive_text(rules[0]),))
    rule = matching_rule(rules, request.address)
    personal = bool(rule) or any(rule.args[0] != "all" for rule in rules)
    if rule is None or rule.name == "allow":
        return AccessResult("passes", decided_by=rule, personal=personal)
    satisfy = location.directive("satisfy")
    if satisfy and satisfy.args[:1] == ("any",) and _has_authentication(location):
        return AccessResult("unknown", decided_by=rule, personal=True, unknown=("satisfy any",))
    hidden = any("403" in error_page.args[:-1] for error_page in location.directives("error_page"))
    return AccessResult("denied", 0 if hidden else 403, rule, personal=True)


def directive_text(directive: Directive) -> str:
    return re.sub(r"\s+", " ", directive.text)[:120]
