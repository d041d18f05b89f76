"""Whether nginx admits a visitor from one address: `allow` and `deny`, `geo` and `map`, combined
with `if`, `return` and `rewrite`, in the order of nginx's phases.

nginx.org: ngx_http_access_module, ngx_http_geo_module, ngx_http_map_module,
ngx_http_rewrite_module, ngx_http_realip_module; `satisfy` and `limit_except` of the core. Compared
with the real nginx in tests/parsers/nginx/test_access_rules.py. No I/O.
"""

import ipaddress
import re
from collections.abc import Iterator
from typing import Literal, TypeAlias

from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.config import children, walk
from diagnose.parsers.nginx.geo import Network, geo_values, network
from diagnose.parsers.nginx.locations import (
    MAX_HOPS,
    LocationMatch,
    fallback_location,
    match_location,
    merges_slashes,
    normalize_path,
)
from diagnose.parsers.nginx.pcre import is_supported_pcre, pcre_matches, pcre_search
from diagnose.parsers.nginx.server_blocks import Server
from diagnose.parsers.nginx.variables import expand_variables

Verdict = Literal["passes", "denied", "unknown"]

#: Largest number of unknown conditions for which both branches are followed.
MAX_UNKNOWN = 6
#: Largest number of directives of the rewrite module that are followed.
MAX_STEPS = 5_000

#: Values of variables. None: cannot be known. A missing variable is looked up.
Variables: TypeAlias = dict[str, str | None]


@frozen
class ClientRequest:
    """A visitor's request. `address` is "" if nginx does not see it. `mapped` is True if an IPv4
    address arrives on an IPv6 socket and is written as an IPv4-mapped address."""

    address: str
    host: str
    path: str = "/"
    scheme: str = "https"
    port: int = 443
    method: str = "GET"
    mapped: bool = False


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


def access_result(server: Server, request: ClientRequest) -> AccessResult:
    """Return what a server block does with a request. Never raises; directives that cannot be
    evaluated give "unknown"."""
    if trusted := _trusted_proxy_directive(server, request.address):
        result = direct_access_result(server, request)
        return (
            AccessResult("unknown", unknown=(trusted,), decided_by=result.decided_by)
            if result.personal
            else result
        )
    return direct_access_result(server, request)


def direct_access_result(server: Server, request: ClientRequest) -> AccessResult:
    """Like `access_result`, for an address that nginx does not treat as a trusted proxy."""
    return _merge_results(list(_RequestState(server, request).results()))


def _merge_results(results: list[AccessResult]) -> AccessResult:
    """Return the common result if all branches agree; then the unknown does not matter."""
    verdicts = {(result.verdict, result.status) for result in results}
    if len(verdicts) == 1:
        return results[0]
    texts = tuple(dict.fromkeys(text for result in results for text in result.unknown))
    personal = any(result.personal for result in results)
    return AccessResult("unknown", personal=personal, unknown=texts or ("?",))


def _trusted_proxy_directive(server: Server, address: str) -> str:
    """Return the directive that makes nginx treat this address as a proxy and read the visitor's
    address from a header; "" if there is none."""
    location = LocationMatch((server.http, server.block))
    for directive in location.directives("set_real_ip_from"):
        subnet = network(directive.args[0]) if directive.args else None
        if subnet and address and _is_in_subnet(address, subnet):
            header = location.directive("real_ip_header")
            name = header.args[0] if header and header.args else "X-Real-IP"
            return f"set_real_ip_from {directive.args[0]}; real_ip_header {name}"
    return ""


def _is_in_subnet(address: str, subnet: Network) -> bool:
    ip = ipaddress.ip_address(address)
    return ip.version == subnet.version and ip in subnet


# Allow and deny


def access_rules(location: LocationMatch, method: str = "GET") -> tuple[Directive, ...]:
    """Return the allow and deny in force, in order: all of the innermost block that has any."""
    for block in (*_limit_except_blocks(location, method), *reversed(location.blocks)):
        own_rules = tuple(
            directive
            for directive in block.block or ()
            if directive.name in {"allow", "deny"} and directive.args
        )
        if own_rules:
            return own_rules
    return ()


def _limit_except_blocks(location: LocationMatch, method: str) -> Iterator[Directive]:
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


def _check_access(location: LocationMatch, request: ClientRequest) -> AccessResult:
    rules = access_rules(location, request.method)
    if not rules:
        return ALLOWED
    if not request.address:
        return AccessResult("unknown", personal=True, unknown=(_directive_text(rules[0]),))
    rule = matching_rule(rules, request.address)
    personal = bool(rule) or any(rule.args[0] != "all" for rule in rules)
    if rule is None or rule.name == "allow":
        return AccessResult("passes", decided_by=rule, personal=personal)
    satisfy = location.directive("satisfy")
    if satisfy and satisfy.args[:1] == ("any",) and _has_authentication(location):
        return AccessResult("unknown", decided_by=rule, personal=True, unknown=("satisfy any",))
    hidden = any("403" in error_page.args[:-1] for error_page in location.directives("error_page"))
    return AccessResult("denied", 0 if hidden else 403, rule, personal=True)


# Variables


def _request_variables(request: ClientRequest) -> dict[str, str]:
    """Return the variables of a request that do not depend on the visitor."""
    path, _, query = request.path.partition("?")
    return {
        "scheme": request.scheme,
        "https": "on" if request.scheme == "https" else "",
        "host": request.host,
        "request_method": request.method,
        "request_uri": request.path,
        "uri": path,
        "document_uri": path,
        "args": query,
        "query_string": query,
        "is_args": "?" if query else "",
        "server_port": str(request.port),
        "http_host": request.host
        if request.port in {80, 443}
        else f"{request.host}:{request.port}",
    }


def _address_variables(request: ClientRequest) -> dict[str, str]:
    if not request.address:
        return {}
    text = f"::ffff:{request.address}" if request.mapped else request.address
    return {"remote_addr": text, "realip_remote_addr": text}


# The phases


class _RequestState:
    """A request during evaluation. `env` holds the variables including the visitor's address,
    `shared_env` only those known without it. A condition that only `env` can decide is personal."""

    def __init__(self, server: Server, request: ClientRequest) -> None:
        self.server, self.request = server, request
        location = LocationMatch((server.http, server.block))
        unset = dict.fromkeys(_set_variables(server.block), "")
        self.shared_env: Variables = {**_request_variables(request), **unset}
        self.env: Variables = {**self.shared_env, **_address_variables(request)}
        used = frozenset(_used_variables(server))
        self.env |= geo_values(location, self.env, used)
        self.shared_env |= geo_values(location, self.shared_env, used)
        self.uri_changed = self.keeps_location = False  # effect of the last rewrite
        self.uri = normalize_path(request.path, merges_slashes(server)) or "/"
        self.personal = False
        self.unknown: tuple[str, ...] = ()
        self.steps_left = MAX_STEPS

    def copy(self) -> "_RequestState":
        clone = object.__new__(_RequestState)
        clone.__dict__.update(self.__dict__)
        clone.env, clone.shared_env = dict(self.env), dict(self.shared_env)
        return clone

    def results(self) -> Iterator[AccessResult]:
        location = LocationMatch((self.server.http, self.server.block))
        for branch, result in self._rewrite_branches(location):
            yield from [result] if result else branch._location_results()

    def _location_results(self, hops: int = 0) -> Iterator[AccessResult]:
        """Yield the results of the location's rewrite directives, then its allow and deny."""
        location = match_location(self.server, self.uri)
        self.uri_changed = self.keeps_location = False
        if location.redirects:
            yield self._final_result(ALLOWED)
            return
        for branch, result in (
            self._rewrite_branches(location)
            if self._has_rewrite_directives(location)
            else [(self, None)]
        ):
            if result:
                yield result
            elif branch.uri_changed and not branch.keeps_location:
                yield from branch._after_rewrite(hops)
            else:
                yield from branch._access_results(location, hops)

    def _access_results(self, location: LocationMatch, hops: int) -> Iterator[AccessResult]:
        """Apply allow and deny, then those of the location that try_files falls back to."""
        access = _check_access(location, self.request)
        named = fallback_location(self.server, location) if access.verdict == "passes" else None
        if named is None:
            yield self._final_result(access)
            return
        self.personal |= access.personal
        for branch, result in (
            self._rewrite_branches(named) if self._has_rewrite_directives(named) else [(self, None)]
        ):
            if result:
                yield result
            elif branch.uri_changed and not branch.keeps_location:
                yield from branch._after_rewrite(hops)
            else:
                yield branch._final_result(_check_access(named, self.request))

    def _final_result(self, result: AccessResult) -> AccessResult:
        personal = self.personal or result.personal
        unknown = tuple(dict.fromkeys((*self.unknown, *result.unknown)))
        return AccessResult(result.verdict, result.status, result.decided_by, personal, unknown)

    def _after_rewrite(self, hops: int) -> Iterator[AccessResult]:
        """Select a location for the rewritten path, at most MAX_HOPS times."""
        if hops < MAX_HOPS:
            yield from self._location_results(hops + 1)
        else:
            yield self._final_result(AccessResult("denied", 500))

    # The rewrite module

    def _has_rewrite_directives(self, location: LocationMatch) -> bool:
        """Return whether the location has rewrite directives of its own that apply. Inside a
        limit_except that applies, none of them do (it is a location without a name, and
        ngx_http_rewrite_module inherits nothing)."""
        return len(location.blocks) > 2 and not any(
            _limit_except_blocks(location, self.request.method)
        )

    def _rewrite_branches(
        self, location: LocationMatch
    ) -> Iterator[tuple["_RequestState", AccessResult | None]]:
        self.uri_changed = self.keeps_location = False
        pending = list(reversed(location.block.block or ()))
        yield from self._run_directives(location, pending)

    def _run_directives(
        self, location: LocationMatch, pending: list[Directive]
    ) -> Iterator[tuple["_RequestState", AccessResult | None]]:
        """Run the remaining directives (the next one is last in `pending`); yield each branch."""
        while pending:
            directive = pending.pop()
            self.steps_left -= 1
            if self.steps_left < 0:
                yield (
                    self,
                    self._final_result(AccessResult("unknown", unknown=("too many directives",))),
                )
                return
            match directive.name:
                case "set" if len(directive.args) > 1:
                    self._set(location, directive.args[0].lstrip("$"), directive.args[1])
                case "break":
                    break
                case "return" if directive.args:
                    yield self, self._return_result(directive)
                    return
                case "rewrite" if len(directive.args) > 1:
                    outcome = self._rewrite(location, directive)
                    if outcome is not None:
                        if isinstance(outcome, AccessResult):
                            yield self, outcome
                            return
                        break
                case "if":
                    holds = self._condition_holds(location, directive)
                    if holds is None and len(self.unknown) >= MAX_UNKNOWN:
                        yield (
                            self,
                            self._final_result(
                                AccessResult("unknown", unknown=(_directive_text(directive),))
                            ),
                        )
                        return
                    if holds is None:
                        self.unknown = (*self.unknown, _directive_text(directive))
                        combined = [*pending, *reversed(directive.block or ())]
                        yield from self.copy()._run_directives(location, combined)
                    elif holds:
                        pending += reversed(directive.block or ())
        yield self, None

    def _set(self, location: LocationMatch, name: str, text: str) -> None:
        for env in (self.env, self.shared_env):
            env[name] = expand_variables(location, text, env)

    def _return_result(self, directive: Directive) -> AccessResult:
        status = (
            int(directive.args[0])
            if directive.args[0].isdecimal() and len(directive.args[0]) == 3
            else 302
        )
        if status >= 400:
            return self._final_result(AccessResult("denied", status, directive))
        return self._final_result(AccessResult("passes", decided_by=directive))

    def _rewrite(
        self, location: LocationMatch, directive: Directive
    ) -> AccessResult | Literal["ends"] | None:
        """Return a final result, "ends" to stop these directives, or None to continue."""
        pattern, replacement, flag = (
            directive.args[0],
            directive.args[1],
            directive.args[2] if len(directive.args) > 2 else "",
        )
        if not is_supported_pcre(pattern):
            return self._final_result(
                AccessResult("unknown", unknown=(_directive_text(directive),))
            )
        match = pcre_search(pattern, self.uri, False)
        if match is None:
            return None
        if flag in {"redirect", "permanent"} or replacement.startswith(
            ("http://", "https://", "$scheme")
        ):
            return self._final_result(AccessResult("passes", decided_by=directive))
        groups = {str(index): text or "" for index, text in enumerate(match.groups(), 1)}
        uri = expand_variables(location, replacement.partition("?")[0], {**self.env, **groups})
        if uri is None:
            return self._final_result(
                AccessResult("unknown", unknown=(_directive_text(directive),))
            )
        self.uri = uri
        for env in (self.env, self.shared_env):
            env["uri"] = env["document_uri"] = uri
        self.uri_changed, self.keeps_location = True, flag == "break"
        return "ends" if flag in {"last", "break"} else None

    def _condition_holds(self, location: LocationMatch, directive: Directive) -> bool | None:
        holds = _condition(location, directive, self.env)
        if holds is not None and _condition(location, directive, self.shared_env) is None:
            self.personal = True
        return holds


def _set_variables(block: Directive) -> Iterator[str]:
    """Yield the variables that `set` defines. They are empty before it runs."""
    for directive in block.block or ():
        if directive.name == "set" and directive.args:
            yield directive.args[0].lstrip("$")
        elif directive.block is not None:
            yield from _set_variables(directive)


_VARIABLE = re.compile(r"\$\{?(\w+)")


def _used_variables(server: Server) -> Iterator[str]:
    """Yield the variables that a server block or a map uses. Only these are computed, because a
    geo list may hold all the networks of the world."""
    for directive in walk((server.block, *(children(server.http, "map")))):
        for text in (directive.name, *directive.args):
            yield from _VARIABLE.findall(text)


def _condition(location: LocationMatch, directive: Directive, env: Variables) -> bool | None:
    """Return whether the condition of an `if` holds, or None if that cannot be known."""
    arguments = list(directive.args)
    if not arguments or not arguments[0].startswith("("):
        return None
    arguments[0] = arguments[0][1:]
    arguments[-1] = arguments[-1].removesuffix(")")
    arguments = [argument for index, argument in enumerate(arguments) if argument or index == 2]
    if len(arguments) == 1:
        value = expand_variables(location, arguments[0], env)
        return None if value is None else value not in {"", "0"}
    if len(arguments) != 3 or not arguments[0].startswith("$"):
        return None
    left_value = expand_variables(location, arguments[0], env)
    if left_value is None:
        return None
    operator, right = arguments[1], arguments[2]
    if operator in {"=", "!="}:
        right_value = expand_variables(location, right, env)
        return None if right_value is None else (left_value == right_value) is (operator == "=")
    base_operator = operator.removeprefix("!")
    if base_operator not in {"~", "~*"} or not is_supported_pcre(right):
        return None
    return pcre_matches(right, left_value, base_operator == "~*") is (base_operator == operator)


def _directive_text(directive: Directive) -> str:
    return re.sub(r"\s+", " ", " ".join((directive.name, *directive.args)))[:120]
