"""The location that passes a path on to an application, where nginx answers the path otherwise: by
a location with a regular expression, or after a `rewrite`. No I/O.

https://nginx.org/en/docs/http/ngx_http_core_module.html#location: a regular expression comes before
a longer prefix, unless that has "^~".
"""

from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive
from diagnose.model.requests import BypassReason
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import (
    PASS_DIRECTIVES,
    LocationMatch,
    location_pattern,
    match_location,
    merges_slashes,
    normalize_path,
)
from diagnose.parsers.nginx.pcre import is_supported_pcre, pcre_search
from diagnose.parsers.nginx.server_blocks import Server


@frozen
class Bypass:
    """The location that would pass a path on (`match`), and the directive that nginx follows in its
    place: a location, or a rewrite."""

    by: BypassReason
    match: LocationMatch
    directive: Directive


def bypass_of(server: Server, path: str) -> Bypass | None:
    """Return what takes a path away from an application; None if nothing does."""
    uri = normalize_path(path, merges_slashes(server))
    prefix = _prefix_location(server, uri) if uri else None
    if uri is None or prefix is None or not _passes_on(prefix.block):
        return None
    rewrite = _rewrite_of(server, uri)
    if rewrite is not None:
        return Bypass("rewrite", prefix, rewrite)
    chosen = match_location(server, path)
    pattern = location_pattern(chosen.block) if chosen.block.name == "location" else None
    is_regex = pattern is not None and pattern.modifier in {"~", "~*"}
    answers = any(children(chosen.block, name) for name in ("return", "rewrite"))
    if not is_regex or _passes_on(chosen.block) or answers or chosen.redirects:
        return None
    return Bypass("regex", prefix, chosen.block)


def _passes_on(block: Directive) -> bool:
    return any(children(block, name) for name in PASS_DIRECTIVES)


def _prefix_location(server: Server, uri: str) -> LocationMatch | None:
    """Return the location with the longest prefix of the path."""
    prefixes = [
        (len(pattern.text), location)
        for location in children(server.block, "location")
        if (pattern := location_pattern(location)) and pattern.modifier in {"", "^~"}
        if uri.startswith(pattern.text)
    ]
    if not prefixes:
        return None
    longest = max(prefixes, key=lambda prefix: prefix[0])[1]
    return LocationMatch((server.http, server.block, longest))


def _rewrite_of(server: Server, uri: str) -> Directive | None:
    """Return the first rewrite of the server block that leads the path to a location which passes
    nothing on; None if none does."""
    for directive in children(server.block, "rewrite"):
        pattern, replacement, flag = (*directive.args, "", "", "")[:3]
        if (
            not replacement
            or not is_supported_pcre(pattern)
            or "$" in replacement
            or "://" in replacement
        ):
            continue
        if pcre_search(pattern, uri, False) is None or flag in {"redirect", "permanent"}:
            continue
        return None if _passes_on(match_location(server, replacement).block) else directive
    return None
