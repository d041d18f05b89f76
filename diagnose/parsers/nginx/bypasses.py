"""The location that passes a path on to an application, where nginx answers the path otherwise: by
a location with a regular expression or a longer prefix, after a `rewrite`, where `try_files` finds
no file, or because the location is for one other path alone (`location = /`). No I/O.

https://nginx.org/en/docs/http/ngx_http_core_module.html#location: a regular expression comes before
a longer prefix, unless that has "^~".
"""

import re
from collections.abc import Iterator

from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive
from diagnose.model.requests import BypassReason
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import (
    PASS_DIRECTIVES,
    LocationMatch,
    fallback_location,
    location_pattern,
    match_location,
    merges_slashes,
    normalize_path,
)
from diagnose.parsers.nginx.pcre import is_supported_pcre, pcre_search
from diagnose.parsers.nginx.server_blocks import Server

#: A group of the pattern in a replacement.
_GROUP = re.compile(r"\$(\d)")
#: What a location is for, beside those that pass requests on: what an application sends by
#: X-Accel-Redirect, WebDAV, a page of status, a script.
_CONTENT = (
    "internal", "dav_methods", "autoindex", "stub_status", "status", "api", "empty_gif",
    "js_content", "perl", "check_status", "rtmp_stat", "vhost_traffic_status_display",
    "content_by_lua_block", "content_by_lua_file", "echo",
)  # fmt: skip
#: The condition that is true of every path of an application.
_NO_FILE = re.compile(r"\(?\s*!-[fed] \$request_filename\s*\)?")
#: A group at the end of an address.
_LAST_GROUP = re.compile(r"\$[1-9]$")


@frozen
class Bypass:
    """The location that would pass a path on (`match`), and the directive that nginx follows in its
    place: a location, or a rewrite. `path` is the one that the application would get, "" for the
    visitor's."""

    by: BypassReason
    match: LocationMatch
    directive: Directive
    path: str = ""


def bypass_of(server: Server, path: str) -> Bypass | None:
    """Return what takes a path away from an application; None if nothing does."""
    uri = normalize_path(path, merges_slashes(server))
    chosen = match_location(server, path)
    files = _status_of_files(chosen.block) if uri else None
    if files is not None:
        return Bypass("files", chosen, files)
    prefix = _prefix_location(server, uri) if uri else None
    if uri is None:
        return None
    if prefix is None:
        return _one_path_only(server, uri, chosen)
    if not _passes_on(prefix.block):
        return _longer_prefix(server, uri, chosen) or _one_path_only(server, uri, chosen)
    rewrite = _rewrite_of(server, prefix.block, uri)
    if rewrite is not None:
        return Bypass("rewrite", prefix, rewrite)
    leaving = _leaving_rewrite(server, prefix.block, uri) if chosen.block is prefix.block else None
    if leaving is not None:
        return Bypass("last", prefix, *leaving)
    pattern = location_pattern(chosen.block) if chosen.block.name == "location" else None
    is_regex = pattern is not None and pattern.modifier in {"~", "~*"}
    if pattern is not None and pattern.modifier == "=":
        return _longer_prefix(server, uri, chosen)
    answers = any(children(chosen.block, name) for name in ("return", "rewrite", *_CONTENT))
    if not is_regex or answers or chosen.redirects:
        return None
    if not _passes_on(chosen.block):
        return Bypass("regex", prefix, chosen.block)
    is_other = _is_of_another_program(server, prefix.block, chosen.block)
    return Bypass("program", prefix, chosen.block) if is_other else None


def _is_of_another_program(server: Server, prefix: Directive, taking: Directive) -> bool:
    """Return whether a location of the server block passes on to another program than that of a
    folder. Beside `location /` a regular expression is meant to."""
    pattern = location_pattern(prefix)
    is_folder = pattern is not None and not pattern.modifier and pattern.text != "/"
    is_beside = any(block is taking for block in children(server.block, "location"))
    targets = [_authorities(block) for block in (prefix, taking)]
    return is_folder and is_beside and all(targets) and targets[0] != targets[1]


def _authorities(block: Directive) -> set[str]:
    """Return the servers to which a location passes requests on, as they are written."""
    addresses = (
        directive.args[0].rpartition("://")[2].partition("/")[0]
        for name in PASS_DIRECTIVES
        for directive in children(block, name)
        if directive.args
    )
    return {address for address in addresses if address}


def _one_path_only(server: Server, uri: str, chosen: LocationMatch) -> Bypass | None:
    """Return a location that passes on one path alone ("="), above a path that no location has, or
    only a shorter prefix for files: `location = /api/` beside `location /` of a page."""
    own = location_pattern(chosen.block) if chosen.block.name == "location" else None
    names = ("return", "rewrite", "if", "deny", *PASS_DIRECTIVES, *_CONTENT)
    is_other = chosen.redirects or any(children(chosen.block, name) for name in names)
    if chosen.block is not server.block and (own is None or own.modifier or is_other):
        return None
    shortest = len(own.text) if own else 0
    exact = [
        (len(pattern.text), location)
        for location in children(server.block, "location")
        if (pattern := location_pattern(location)) and pattern.modifier == "="
        if len(pattern.text) > shortest
        if uri.startswith(f"{pattern.text.rstrip('/')}/") and _keeps_path(location)
    ]
    if not exact:
        return None
    block = max(exact, key=lambda each: each[0])[1]
    return Bypass("exact", LocationMatch((server.http, server.block, block)), block, uri)


def _keeps_path(block: Directive) -> bool:
    """Return whether an application gets the paths of a location as they are."""
    pattern = location_pattern(block)
    path = pattern.text if pattern else ""
    for directive in children(block, "proxy_pass"):
        address = directive.args[0].partition("://")[2] if directive.args else ""
        uri = "".join(address.partition("/")[1:])
        return bool(address) and uri.removesuffix(empty_group(block)) in {"", path}
    return False


def empty_group(block: Directive) -> str:
    """Return the group with which the proxy_pass of a location for one path ends ("$1" of
    `proxy_pass http://127.0.0.1:3000/$1`), where nothing has groups: it is empty. "" without."""
    pattern = location_pattern(block)
    has_groups = any(children(block, name) for name in ("if", "rewrite"))
    if pattern is None or pattern.modifier != "=" or has_groups:
        return ""
    for directive in children(block, "proxy_pass"):
        group = _LAST_GROUP.search(directive.args[0]) if directive.args else None
        return group[0] if group else ""
    return ""


def _longer_prefix(server: Server, uri: str, chosen: LocationMatch) -> Bypass | None:
    """Return a location that looks for files only, where the one with the next shorter prefix
    passes requests on: `location /.well-known/ { root /var/www; }` beside `location /`, or
    `location = /robots.txt { log_not_found off; }`."""
    names = ("return", "rewrite", "if", "try_files", *PASS_DIRECTIVES, *_CONTENT)
    answers = any(children(chosen.block, name) for name in names)
    shorter = _prefix_location(server, uri, but=chosen.block)
    if answers or chosen.redirects or shorter is None or not _passes_on(shorter.block):
        return None
    return Bypass("longer", shorter, chosen.block)


def _passes_on(block: Directive) -> bool:
    return any(children(block, name) for name in PASS_DIRECTIVES)


def _status_of_files(block: Directive) -> Directive | None:
    """Return the `try_files` of a location that passes requests on, if it ends in a status: nginx
    looks for a file first, and the application is asked only for what is there."""
    try_files = children(block, "try_files")
    is_status = (
        bool(try_files) and try_files[-1].args[-1:] and try_files[-1].args[-1].startswith("=")
    )
    return try_files[-1] if is_status and _passes_on(block) else None


def _prefix_location(
    server: Server, uri: str, but: Directive | None = None
) -> LocationMatch | None:
    """Return the location with the longest prefix of the path, without the one that is `but`."""
    prefixes = [
        (len(pattern.text), location)
        for location in children(server.block, "location")
        if location is not but
        if (pattern := location_pattern(location)) and pattern.modifier in {"", "^~"}
        if uri.startswith(pattern.text)
    ]
    if not prefixes:
        return None
    longest = max(prefixes, key=lambda prefix: prefix[0])[1]
    match = LocationMatch((server.http, server.block, longest))
    fallback = None if _passes_on(longest) else fallback_location(server, match)
    # `try_files $uri @app;`: what is no file is the application's.
    return fallback if fallback is not None and _passes_on(fallback.block) else match


def _leaving_rewrite(server: Server, block: Directive, uri: str) -> tuple[Directive, str] | None:
    """Return the rewrite of a location after which nginx chooses another location, which passes
    nothing on, and the new path (ngx_http_rewrite_module, "rewrite"); None if there is none."""
    for directive in children(block, "rewrite"):
        pattern, replacement, flag = (*directive.args, "", "", "")[:3]
        uri_match = pcre_search(pattern, uri, False) if is_supported_pcre(pattern) else None
        if uri_match is None or flag in {"break", "redirect", "permanent"}:
            continue
        changed = _expanded(replacement, uri_match)
        if "$" in changed or not changed.startswith("/"):
            return None
        changed = changed.partition("?")[0]
        is_left = not _passes_on(match_location(server, changed).block)
        return (directive, changed) if is_left else None
    return None


def _expanded(replacement: str, match: re.Match[str]) -> str:
    """Return the replacement with the groups of the pattern."""

    def group(reference: re.Match[str]) -> str:
        number = int(reference[1])
        return (match[number] or "") if number <= match.re.groups else ""

    return _GROUP.sub(group, replacement)


def _rewrite_of(server: Server, prefix: Directive, uri: str) -> Directive | None:
    """Return the first rewrite of the server block that leads the path away from the location which
    passes it on: to one that passes nothing on, or from a folder to another program. None if none
    does."""
    for directive in _rewrites(server.block):
        pattern, replacement, flag = (*directive.args, "", "", "")[:3]
        replacement = replacement.partition("?")[0]
        if (
            not replacement
            or not is_supported_pcre(pattern)
            or "$" in replacement
            or "://" in replacement
        ):
            continue
        if pcre_search(pattern, uri, False) is None or flag in {"redirect", "permanent"}:
            continue
        chosen = match_location(server, replacement).block
        own = location_pattern(prefix)
        is_folder = own is not None and own.text != "/" and chosen is not prefix
        return None if _passes_on(chosen) and not is_folder else directive
    return None


def _rewrites(block: Directive) -> Iterator[Directive]:
    """Yield the rewrites of a server block, those too that are carried out for every path that is
    no file: `if (!-e $request_filename) { rewrite … }`."""
    for directive in block.block or ():
        if directive.name == "rewrite":
            yield directive
        elif directive.name == "if" and _NO_FILE.fullmatch(" ".join(directive.args)):
            yield from children(directive, "rewrite")
