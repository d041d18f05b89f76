"""The applications to which other locations of a server block pass requests on, for a path that
nginx answers from its own files: one of them may have the path. No I/O."""

import re

from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.config import children
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
