"""Where nginx loses the query of a request on the way to the program that answers it. No I/O.

`try_files` and `error_page` lead to a URI of their own, with the query that is written in it, or
none. A `proxy_pass` whose URI has variables is passed on as it is written (ngx_http_core_module,
ngx_http_proxy_module). A `return` redirects to the text as it is written, and a `rewrite` whose
replacement ends with "?" leaves the query out (ngx_http_rewrite_module).
"""

import re
from collections.abc import Set

from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import (
    MAX_HOPS,
    LocationMatch,
    fallback_location,
    location_pattern,
    match_location,
)
from diagnose.parsers.nginx.rewrites import rewritten
from diagnose.parsers.nginx.server_blocks import Server
from diagnose.parsers.nginx.upstreams import pass_directive_of

_VARIABLE = re.compile(r"\$\{?(\w{1,100})")
#: The variables that hold the query of a request.
_QUERY = {"args", "query_string", "is_args", "request_uri"}
#: Those that hold its path, or a part of it: the captures of a location are told apart.
_PATH = {"uri", "document_uri"}
#: Those that stand before the path in a redirect.
_ORIGIN = {"scheme", "host", "http_host", "server_name", "server_port"}
#: The groups of a regular expression.
_GROUPS = frozenset(str(number) for number in range(1, 10))


#: The statuses of a redirect (RFC 9110 section 15.4).
_REDIRECTS = {"301", "302", "303", "307", "308"}


@frozen
class LostQuery:
    """The directive that loses the query, and its corrected text. `glued` is True if the query is
    written to the path without a "?", so that the path is another one. `may_be_folder` is True if
    nginx may have found a folder of that name, whose index keeps the query. `redirect` is True if
    the visitor is sent on without it."""

    location: LocationMatch
    directive: Directive
    corrected: str
    glued: bool = False
    may_be_folder: bool = False
    redirect: bool = False


def lost_query(server: Server, path: str) -> LostQuery | None:
    """Return where the query of a request for a path is lost; None if it arrives, if files answer,
    or if that is not known."""
    location = match_location(server, path)
    if lost := _lost_by_rules(server, location, path):
        return lost
    for _ in range(MAX_HOPS):
        passing = pass_directive_of(location)
        if location.redirects or _rewrites(server, location):
            return None
        if passing is not None:
            return _lost_by_pass(location, passing)
        fallback = fallback_location(server, location)
        if fallback is None:
            return _lost_by_fallback(server, location, path)
        location = fallback
    return None


def _lost_by_rules(server: Server, location: LocationMatch, path: str) -> LostQuery | None:
    """Return the `return` or `rewrite` that leads to the same path, or a part of it, without the
    query. What stands behind a condition is not known."""
    outer = LocationMatch((server.http, server.block))
    for match in (outer, *([location] if location.block is not server.block else [])):
        rules = rewritten(match, path)
        if rules.may_end or not rules.is_known:
            return None
        if rules.applied:
            rule = rules.applied[-1]
            is_conditional = all(rule is not line for line in match.block.block or ())
            lost = _lost_by_return if rule.name == "return" else _lost_by_rewrite
            return None if is_conditional else lost(match, rule)
    return None


def _lost_by_return(location: LocationMatch, directive: Directive) -> LostQuery | None:
    target = directive.args[-1] if directive.args else ""
    if not _is_path_alone(target, _captures(location)) or len(directive.args) > 2:
        return None
    if len(directive.args) == 2 and directive.args[0] not in _REDIRECTS:
        return None
    whole = re.sub(r"\$(?:uri|document_uri)$|\$\{(?:uri|document_uri)\}$", "$request_uri", target)
    corrected = whole if whole != target else f"{target}$is_args$args"
    words = ("return", *directive.args[:-1], corrected)
    return LostQuery(location, directive, f"{' '.join(words)};", redirect=True)


def _lost_by_rewrite(location: LocationMatch, directive: Directive) -> LostQuery | None:
    """A `rewrite` on the server goes through the locations again: where it ends is not known."""
    pattern, replacement, *flags = directive.args
    is_redirect = flags in (["redirect"], ["permanent"]) or "://" in replacement
    is_passed = flags == ["break"] and pass_directive_of(location) is not None
    bare = replacement.removesuffix("?")
    if bare == replacement or not (is_redirect or is_passed):
        return None
    if not _is_path_alone(bare, _GROUPS | _named_groups(pattern)):
        return None
    words = ("rewrite", pattern, bare, *flags)
    return LostQuery(location, directive, f"{' '.join(words)};", redirect=is_redirect)


def _is_path_alone(target: str, captures: Set[str]) -> bool:
    """Return whether a URL ends with the requested path, or a part of it, and has no query."""
    names = set(_VARIABLE.findall(target))
    is_url = target.startswith(("/", "$", "http://", "https://"))
    is_kept = bool(names & (_PATH | captures)) and names <= _PATH | captures | _ORIGIN
    return is_url and is_kept and "?" not in target and "#" not in target


def _named_groups(pattern: str) -> set[str]:
    return set(re.findall(r"\(\?P?<(\w{1,100})>", pattern))


def _rewrites(server: Server, location: LocationMatch) -> bool:
    """Return whether rules change the path, or may."""
    blocks = (server.block, location.block)
    rules = (rule for block in blocks for rule in (block, *children(block, "if")))
    return any(children(rule, "rewrite") for rule in rules)


def _lost_by_pass(location: LocationMatch, passing: Directive) -> LostQuery | None:
    text = passing.args[0]
    rest = text.partition("://")[2]
    if rest.startswith("unix:"):
        uri = rest.removeprefix("unix:").partition(":")[2]
    else:
        uri = rest.partition("/")[2]
    names = set(_VARIABLE.findall(uri))
    if passing.name != "proxy_pass" or not names or "?" in uri:
        return None
    if not names <= _PATH | _captures(location):
        return None
    return LostQuery(location, passing, f"proxy_pass {text}$is_args$args;")


def _captures(location: LocationMatch) -> set[str]:
    """Return the names of the captures of the location's regular expression."""
    pattern = location_pattern(location.block) if location.block.name == "location" else None
    if pattern is None or pattern.modifier not in {"~", "~*"}:
        return set()
    return _named_groups(pattern.text) | _GROUPS


def _lost_by_fallback(server: Server, location: LocationMatch, path: str) -> LostQuery | None:
    """A path with an ending may be a file, and the root has its index: neither falls back."""
    if path == "/" or "." in path.rpartition("/")[2]:
        return None
    own = children(location.block, "try_files")
    pages = [page for page in location.directives("error_page") if "404" in page.args[:-1]]
    directive = next(iter((*own, *pages)), None)
    target = directive.args[-1] if directive and directive.args else ""
    names = set(_VARIABLE.findall(target))
    known = _PATH | _QUERY | _captures(location)
    if directive is None or not target.startswith("/") or not names <= known:
        return None
    glued = bool(names & _QUERY) and "?" not in target and not names & {"is_args", "request_uri"}
    if names & _QUERY and not glued:
        return None
    bare = re.split(r"[?$]", target, maxsplit=1)[0] if glued else target.partition("?")[0]
    if not _is_answered_by_program(server, bare.replace("$uri", path)):
        return None
    words = (directive.name, *directive.args[:-1], _corrected(target, glued))
    return LostQuery(
        location, directive, f"{' '.join(words)};", glued,
        may_be_folder=path.endswith("/") and "$uri/" in directive.args,
    )  # fmt: skip


def _corrected(target: str, glued: bool) -> str:
    if glued:
        return re.sub(r"(?=\$\{?(?:args|query_string)\b)", "?", target, count=1)
    return f"{target}&$args" if "?" in target else f"{target}$is_args$args"


def _is_answered_by_program(server: Server, path: str) -> bool:
    location = match_location(server, path)
    fallback = fallback_location(server, location)
    return any(pass_directive_of(match) for match in (location, fallback) if match)
