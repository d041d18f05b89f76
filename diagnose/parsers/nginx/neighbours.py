"""The applications to which other locations of a server block pass requests on, for a path that
nginx answers from its own files: one of them may have the path. No I/O."""

import re

from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.config import children, walk
from diagnose.parsers.nginx.final_requests import final_location
from diagnose.parsers.nginx.locations import LocationMatch, all_locations, proxy_pass_of
from diagnose.parsers.nginx.server_blocks import Server
from diagnose.parsers.nginx.upstreams import pass_directive_of

#: Maximum number of applications.
MAX_NEIGHBOURS = 3

#: Directives that answer in the place of files.
_ANSWERS = ("return", "rewrite", "if", "stub_status", "content_by_lua_block", "dav_methods")
#: The scheme and the server of a destination without variables.
_ORIGIN = re.compile(r"https?://(?:unix:[\w./-]+|[\w.:\[\]-]+)")


def neighbours_of(server: Server, path: str) -> tuple[LocationMatch, ...]:
    """Return a location for each application that gets other paths of the server block; none where
    the path is passed on too, redirected, or answered by a rule."""
    match = final_location(server, path)
    blocks = (match.block, server.block)
    if pass_directive_of(match) or match.redirects:
        return ()
    if any(children(block, name) for block in blocks for name in _ANSWERS):
        return ()
    by_origin: dict[str, LocationMatch] = {}
    for location in all_locations(server):
        directive = proxy_pass_of(location)
        if directive is not None and (origin := origin_of(directive)):
            by_origin.setdefault(origin, location)
    return tuple(by_origin.values())[:MAX_NEIGHBOURS]


def origin_of(directive: Directive) -> str:
    """Return "http://127.0.0.1:3000" of a proxy_pass, without its path; "" for one with
    variables."""
    match = _ORIGIN.match(directive.args[0]) if directive.args else None
    if match is None or "$" in directive.args[0]:
        return ""
    return match[0]


#: One server of this machine in an `upstream`.
_LOCAL_SERVER = re.compile(r"(?:127\.0\.0\.1|localhost|\[::1\]):(\d{1,5})")


def local_groups(main: tuple[Directive, ...]) -> dict[str, int]:
    """Return the names of the groups (`upstream`) of one server alone, a port of this machine, each
    with the port."""
    groups = {}
    for block in walk(main):
        servers = children(block, "server") if block.name == "upstream" else ()
        words = servers[0].args[:1] if len(servers) == 1 and block.args else ()
        if words and (match := _LOCAL_SERVER.fullmatch(words[0])):
            groups[block.args[0].lower()] = int(match[1])
    return groups
