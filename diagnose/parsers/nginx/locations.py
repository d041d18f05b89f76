"""Select the location that answers a path, by nginx's own rules, and what it proxies to.

https://nginx.org/en/docs/http/ngx_http_core_module.html#location. Compared with the real nginx in
tests/parsers/nginx/test_selection.py. No I/O.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import unquote

from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.nginx.config import children, directives_in_force
from diagnose.parsers.nginx.pcre import pcre_matches
from diagnose.parsers.nginx.server_blocks import Server

#: Largest number of internal rewrites or redirects of one URI (nginx's own limit).
MAX_HOPS = 10

#: The segments of a regular expression that hold no special character, and end with a slash.
_LITERAL_PREFIX = lazy_pattern(r"\^((?:/[\w~-]{1,100}){1,20})/")
#: Segments alone, with what ends many a guide's expression: "/app", "^/app/?", "/ws/*", "/app/.*".
_LEADING_TEXT = lazy_pattern(r"\^?((?:/[\w~-]{1,100}){1,20})/?(?:[?*]|\.\*|\(\.\*\)\$?)?")

PASS_DIRECTIVES = (
    "proxy_pass",
    "fastcgi_pass",
    "uwsgi_pass",
    "scgi_pass",
    "memcached_pass",
    "grpc_pass",
)


#: How many blocks lead to a location of the server block itself: http, server, location.
_FIRST_LEVEL = 3


@frozen
class LocationMatch:
    """The selected location: its blocks from http inwards. `redirects` is True if nginx only
    redirects to the same path with a slash appended."""

    blocks: tuple[Directive, ...]
    redirects: bool = False

    @property
    def block(self) -> Directive:
        return self.blocks[-1]

    def directive(self, name: str) -> Directive | None:
        """Return the directive in force: the one of the innermost block that has it."""
        directives = self.directives(name)
        return directives[-1] if directives else None

    def directives(self, name: str) -> tuple[Directive, ...]:
        """Return the directives in force of a repeatable kind (`directives_in_force`). No block
        inherits a `try_files` (nginx source, ngx_http_try_files_module: no function merges it)."""
        if name == "try_files":
            return children(self.block, name)
        return directives_in_force(self.blocks, name)


def select_location(server: Server, path: str, merge: bool | None = None) -> LocationMatch:
    """Return the location that answers a path, or the server block itself if no location does.

    Follows the fallback of try_files to a named location. `merge` is whether slashes are merged.
    This setting comes from the block with which the connection began; None takes it from `server`,
    which is usually that block when TLS is used.
    """
    location = match_location(server, path, merge)
    for _ in range(MAX_HOPS):
        fallback_match = fallback_location(server, location)
        if fallback_match is None:
            break
        location = fallback_match
    return location


def match_location(server: Server, path: str, merge: bool | None = None) -> LocationMatch:
    """Return the location that nginx selects first for a path, before it looks for files."""
    normalized = normalize_path(path, merges_slashes(server) if merge is None else merge) or "/"
    return _find_location((server.http, server.block), normalized) or LocationMatch(
        (server.http, server.block)
    )


def outdone_location(server: Server, path: str, merge: bool | None = None) -> LocationMatch | None:
    """Return the longest prefix of the server block for a path that a location with a regular
    expression gets; None if no expression gets it, or no prefix has it."""
    match = match_location(server, path, merge)
    pattern = location_pattern(match.block) if match.block.name == "location" else None
    if pattern is None or pattern.modifier not in {"~", "~*"} or len(match.blocks) != _FIRST_LEVEL:
        return None
    normalized = normalize_path(path, merges_slashes(server) if merge is None else merge) or "/"
    prefixes = [
        (len(other.text), location)
        for location in children(server.block, "location")
        if (other := location_pattern(location))
        if other.modifier == "" and normalized.startswith(other.text)
    ]
    _, longest = max(prefixes, key=lambda prefix: prefix[0], default=(0, None))
    return LocationMatch((server.http, server.block, longest)) if longest is not None else None


def beaten_locations(server: Server, path: str) -> Iterator[LocationMatch]:
    """Yield the locations of the server block that would answer a path, if another location did not
    answer it: shorter prefixes, later regular expressions, prefixes that an expression outdoes."""
    normalized = normalize_path(path, merges_slashes(server)) or "/"
    winner = _find_location((server.http, server.block), normalized)
    for location in children(server.block, "location"):
        if winner is None or location in winner.blocks:
            continue
        alone = replace(server.block, block=(location,))
        match = _find_location((server.http, alone), normalized)
        if match is not None and not match.redirects:
            yield LocationMatch((server.http, server.block, *match.blocks[2:]))


def fallback_location(server: Server, location: LocationMatch) -> LocationMatch | None:
    """Return the named location that a location's try_files falls back to, or None."""
    name = _fallback_name(location)
    location_block = _named_location(server.block, name) if name else None
    if location_block is None or location_block in location.blocks:
        return None
    return LocationMatch((server.http, server.block, location_block))


def all_locations(server: Server) -> Iterator[LocationMatch]:
    """Yield every location of a server block, including nested and named ones."""

    def nested_locations(blocks: tuple[Directive, ...]) -> Iterator[LocationMatch]:
        for location_block in children(blocks[-1], "location"):
            yield LocationMatch((*blocks, location_block))
            yield from nested_locations((*blocks, location_block))

    yield from nested_locations((server.http, server.block))


def _fallback_name(location: LocationMatch) -> str:
    """Return the named location in the last argument of try_files, or ""."""
    try_files = children(location.block, "try_files")
    last = try_files[-1].args[-1] if try_files and try_files[-1].args else ""
    return last if last.startswith("@") else ""


def _named_location(block: Directive, name: str) -> Directive | None:
    return next(
        (location for location in children(block, "location") if location.args == (name,)), None
    )


def merges_slashes(server: Server) -> bool:
    """Return whether double slashes are merged into one (merge_slashes, on by default)."""
    directive = server.directive("merge_slashes")
    return directive is None or directive.args[:1] != ("off",)


def normalize_path(path: str, merge: bool = True) -> str | None:
    """Return a path as nginx matches it against locations: decoded, without the query, with dots
    and double slashes resolved (ngx_http_parse_complex_uri). None if the path climbs above the
    root, for which nginx answers 400."""
    parts: list[str] = []
    *segments, last = unquote(re.split("[?#]", path, maxsplit=1)[0]).split("/")[1:] or [""]
    for segment in segments:
        if segment == "..":
            if not parts:
                return None
            parts.pop()
        elif segment != "." and (segment or not merge):
            parts.append(segment)
    if last == "..":
        if not parts:
            return None
        parts.pop()
    if last in {".", ".."}:
        last = ""
    return "/" + "".join(f"{part}/" for part in parts) + last


@frozen
class LocationPattern:
    """The parsed argument of a location. `modifier` is "", "=", "^~", "~" or "~*"."""

    modifier: str
    text: str


def location_pattern(location: Directive) -> LocationPattern | None:
    """Return the parsed argument, or None for a named location or one without an argument."""
    if len(location.args) > 1:
        return LocationPattern(location.args[0], location.args[1])
    argument = location.args[0] if location.args else "@"
    for modifier in ("=", "^~", "~*", "~"):
        if argument.startswith(modifier):
            return LocationPattern(modifier, argument[len(modifier) :])
    return None if argument.startswith("@") else LocationPattern("", argument)


def literal_prefix(pattern: LocationPattern) -> str:
    """Return the whole segments with which every path of a location begins, without a slash at the
    end: "/app" of "/app/" and of "^/app/(v1|v2)". "" if there are none."""
    if pattern.modifier in {"", "^~"}:
        return pattern.text.rstrip("/")
    match = _LITERAL_PREFIX.match(pattern.text) if pattern.modifier == "~" else None
    return match[1] if match else ""


def leading_text(pattern: LocationPattern, path: str) -> str:
    """Return the literal prefix, or the text of a regular expression without an anchor if this path
    begins with it: "/app" of `location ~ /app` for "/app/users". "" if there is none."""
    if pattern.modifier not in {"~", "~*"}:
        return literal_prefix(pattern)
    match = _LEADING_TEXT.fullmatch(pattern.text)
    text = match[1] if match else ""
    is_begun = bool(text) and (path == text or path.startswith((f"{text}/", f"{text}?")))
    return text if is_begun else literal_prefix(pattern)


def _find_location(blocks: tuple[Directive, ...], path: str) -> LocationMatch | None:
    """Select as ngx_http_core_find_location does: the longest prefix, then the locations nested in
    it, then, unless one of these forbids it, the regular expressions of this level in order."""
    candidates = [
        (pattern, location)
        for location in children(blocks[-1], "location")
        if (pattern := location_pattern(location))
    ]
    exact = [
        location
        for pattern, location in candidates
        if pattern.modifier == "=" and pattern.text == path
    ]
    if exact:
        return LocationMatch((*blocks, exact[0]))
    prefixes = [
        (len(pattern.text), pattern.modifier, location)
        for pattern, location in candidates
        if pattern.modifier in {"", "^~"} and path.startswith(pattern.text)
    ]
    _, modifier, longest = max(prefixes, key=lambda prefix: prefix[0], default=(0, "", None))
    if not any(length == len(path) for length, _, _ in prefixes) and (
        redirect_location := _slash_redirect(candidates, path)
    ):
        return LocationMatch((*blocks, redirect_location), redirects=True)
    nested = None
    if longest is not None:
        nested = _find_location((*blocks, longest), path)
        if nested and _is_final(nested, len(blocks) + 1):
            return nested
    if modifier != "^~":
        for pattern, location in candidates:
            if pattern.modifier in {"~", "~*"} and pcre_matches(
                pattern.text, path, pattern.modifier == "~*"
            ):
                return _find_location((*blocks, location), path) or LocationMatch(
                    (*blocks, location)
                )
    if nested:
        return nested
    return LocationMatch((*blocks, longest)) if longest is not None else None


def _is_final(location: LocationMatch, depth: int) -> bool:
    """Return whether a nested match ends the search: exact, regular expression or redirect."""
    modifiers = [
        pattern.modifier
        for block in location.blocks[depth:]
        if (pattern := location_pattern(block))
    ]
    return location.redirects or not {"=", "~", "~*"}.isdisjoint(modifiers)


def _slash_redirect(
    candidates: list[tuple[LocationPattern, Directive]], path: str
) -> Directive | None:
    """Return the proxied location for the path plus a slash, to which nginx redirects."""
    return next(
        (
            location
            for pattern, location in candidates
            if pattern.text == f"{path}/"
            and pattern.modifier in {"", "^~", "="}
            and any(children(location, name) for name in PASS_DIRECTIVES)
        ),
        None,
    )


def proxy_pass_of(location: LocationMatch) -> Directive | None:
    """Return the proxy_pass of a location, or of an `if` in it. proxy_pass is never inherited."""
    direct = children(location.block, "proxy_pass")
    inner = [
        directive
        for block in children(location.block, "if")
        for directive in children(block, "proxy_pass")
    ]
    return next((directive for directive in (*direct, *inner) if directive.args), None)


def proxy_set_header_of(location: LocationMatch, name: str) -> Directive | None:
    """Return the proxy_set_header in force for a field, or None if nginx's default applies."""
    directives = [
        directive
        for directive in location.directives("proxy_set_header")
        if directive.args and directive.args[0].lower() == name.lower()
    ]
    return directives[-1] if directives else None
