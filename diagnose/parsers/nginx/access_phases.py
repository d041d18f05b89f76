"""What nginx does with a request from one address: `allow` and `deny`, `geo` and `map`, combined
with `if`, `return` and `rewrite`, in the order of nginx's phases.

nginx.org: ngx_http_access_module, ngx_http_geo_module, ngx_http_map_module,
ngx_http_rewrite_module, ngx_http_realip_module; `satisfy` and `limit_except` of the core. Compared
with the real nginx in tests/parsers/nginx/test_access_phases.py. No I/O.
"""

from collections.abc import Iterator
from typing import Literal, TypeAlias

from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.access_rules import (
    ALLOWED,
    AccessResult,
    ClientRequest,
    check_access,
    directive_text,
    limit_except_blocks,
    trusted_proxy_directive,
)
from diagnose.parsers.nginx.conditions import (
    Variables,
    address_variables,
    condition_holds,
    request_variables,
    set_variables,
    used_variables,
)
from diagnose.parsers.nginx.geo import geo_values
from diagnose.parsers.nginx.locations import (
    MAX_HOPS,
    LocationMatch,
    fallback_location,
    match_location,
    merges_slashes,
    normalize_path,
)
from diagnose.parsers.nginx.pcre import is_supported_pcre, pcre_search
from diagnose.parsers.nginx.server_blocks import Server
from diagnose.parsers.nginx.variables import expand_variables

#: Largest number of unknown conditions for which both branches are followed.
MAX_UNKNOWN = 6
#: Largest number of directives of the rewrite module that are followed.
MAX_STEPS = 5_000

#: A final result, "ends" to stop the directives of this level, or None to continue.
_Outcome: TypeAlias = AccessResult | Literal["ends"] | None

#: The state after the directives of a level, and the result if that is final.
_Branch: TypeAlias = "tuple[_RequestState, AccessResult | None]"


def access_result(server: Server, request: ClientRequest) -> AccessResult:
    """Return what a server block does with a request. Never raises; directives that cannot be
    evaluated give "unknown"."""
    if trusted := trusted_proxy_directive(server, request.address):
        result = _direct_result(server, request)
        return (
            AccessResult("unknown", unknown=(trusted,), decided_by=result.decided_by)
            if result.personal
            else result
        )
    return _direct_result(server, request)


def possible_results(server: Server, request: ClientRequest) -> tuple[AccessResult, ...]:
    """Return the result of each branch that conditions leave open; a single one if all conditions
    are known. Never raises."""
    return tuple(_RequestState(server, request).results())


def _direct_result(server: Server, request: ClientRequest) -> AccessResult:
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


class _RequestState:
    """A request during evaluation. `env` holds the variables including the visitor's address,
    `shared_env` only those known without it. A condition that only `env` can decide is personal."""

    def __init__(self, server: Server, request: ClientRequest) -> None:
        self.server, self.request = server, request
        location = LocationMatch((server.http, server.block))
        unset = dict.fromkeys(set_variables(server.block), "")
        self.shared_env: Variables = {**request_variables(request), **unset}
        self.env: Variables = {**self.shared_env, **address_variables(request)}
        used = frozenset(used_variables(server))
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
        for branch, result in self._location_branches(location):
            if result:
                yield result
            elif branch.uri_changed and not branch.keeps_location:
                yield from branch._after_rewrite(hops)
            else:
                yield from branch._access_results(location, hops)

    def _access_results(self, location: LocationMatch, hops: int) -> Iterator[AccessResult]:
        """Apply allow and deny, then those of the location that try_files falls back to."""
        access = check_access(location, self.request)
        named = fallback_location(self.server, location) if access.verdict == "passes" else None
        if named is None:
            yield self._final_result(access)
            return
        self.personal |= access.personal
        for branch, result in self._location_branches(named):
            if result:
                yield result
            elif branch.uri_changed and not branch.keeps_location:
                yield from branch._after_rewrite(hops)
            else:
                yield branch._final_result(check_access(named, self.request))

    def _final_result(self, result: AccessResult) -> AccessResult:
        personal = self.personal or result.personal
        unknown = tuple(dict.fromkeys((*self.unknown, *result.unknown)))
        return AccessResult(result.verdict, result.status, result.decided_by, personal, unknown)

    def _unknown_result(self, text: str) -> AccessResult:
        return self._final_result(AccessResult("unknown", unknown=(text,)))

    def _after_rewrite(self, hops: int) -> Iterator[AccessResult]:
        """Select a location for the rewritten path, at most MAX_HOPS times."""
        if hops < MAX_HOPS:
            yield from self._location_results(hops + 1)
        else:
            yield self._final_result(AccessResult("denied", 500))

    # The rewrite module

    def _location_branches(self, location: LocationMatch) -> Iterator[_Branch]:
        """Run the rewrite directives of a location, if it has some of its own that apply. Inside a
        limit_except that applies, none of them do (it is a location without a name, and
        ngx_http_rewrite_module inherits nothing)."""
        excepted = any(limit_except_blocks(location, self.request.method))
        if len(location.blocks) > 2 and not excepted:
            yield from self._rewrite_branches(location)
        else:
            yield self, None

    def _rewrite_branches(self, location: LocationMatch) -> Iterator[_Branch]:
        self.uri_changed = self.keeps_location = False
        pending = list(reversed(location.block.block or ()))
        yield from self._run_directives(location, pending)

    def _run_directives(
        self, location: LocationMatch, pending: list[Directive]
    ) -> Iterator[_Branch]:
        """Run the remaining directives (the next one is last in `pending`); yield each branch."""
        while pending:
            directive = pending.pop()
            self.steps_left -= 1
            if self.steps_left < 0:
                yield self, self._unknown_result("too many directives")
                return
            if directive.name == "if":
                holds = self._condition_holds(location, directive)
                if holds is None and len(self.unknown) >= MAX_UNKNOWN:
                    yield self, self._unknown_result(directive_text(directive))
                    return
                if holds is None:
                    self.unknown = (*self.unknown, directive_text(directive))
                    combined = [*pending, *reversed(directive.block or ())]
                    yield from self.copy()._run_directives(location, combined)
                elif holds:
                    pending += reversed(directive.block or ())
                continue
            outcome = self._run_directive(location, directive)
            if isinstance(outcome, AccessResult):
                yield self, outcome
                return
            if outcome == "ends":
                break
        yield self, None

    def _run_directive(self, location: LocationMatch, directive: Directive) -> _Outcome:
        """Return a final result, "ends" to stop these directives, or None to continue."""
        match directive.name:
            case "set" if len(directive.args) > 1:
                self._set(location, directive.args[0].lstrip("$"), directive.args[1])
            case "break":
                return "ends"
            case "return" if directive.args:
                return self._return_result(directive)
            case "rewrite" if len(directive.args) > 1:
                return self._rewrite(location, directive)
        return None

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

    def _rewrite(self, location: LocationMatch, directive: Directive) -> _Outcome:
        pattern, replacement, flag = (
            directive.args[0],
            directive.args[1],
            directive.args[2] if len(directive.args) > 2 else "",
        )
        if not is_supported_pcre(pattern):
            return self._unknown_result(directive_text(directive))
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
            return self._unknown_result(directive_text(directive))
        self.uri = uri
        for env in (self.env, self.shared_env):
            env["uri"] = env["document_uri"] = uri
        self.uri_changed, self.keeps_location = True, flag == "break"
        return "ends" if flag in {"last", "break"} else None

    def _condition_holds(self, location: LocationMatch, directive: Directive) -> bool | None:
        holds = condition_holds(location, directive, self.env)
        if holds is not None and condition_holds(location, directive, self.shared_env) is None:
            self.personal = True
        return holds
