"""A location of nginx for the challenges of ACME (RFC 8555 section 8.3), added to the block of a
site, and nothing else opened by it."""

import re

from checks.nginx import Nginx
from checks.nginx._edits import config_edit
from diagnose.model import Edit
from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive
from diagnose.model.renewal import CHALLENGES
from diagnose.parsers.nginx import edits, server_blocks
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import location_pattern
from diagnose.parsers.nginx.server_blocks import Server

#: What closes a site to those who are not known, and how a location is opened again.
_OPENING = {
    "auth_basic": "auth_basic off;",
    "auth_request": "auth_request off;",
    "deny": "allow all;",
}


@frozen
class ChallengeLocation:
    """The edit that adds the location. `is_plain` is False if it opens what is closed, or moves a
    `return` into a location: a person looks at that."""

    edit: Edit
    is_plain: bool


def server_of_port(nginx: Nginx, host: str, port: int) -> Server | None:
    """Return the block of a name on a port, if it is the same on all addresses."""
    selections = (
        server_blocks.select_server(socket, host) for socket in nginx.reachable_sockets(port)
    )
    blocks = {id(server.block): server for server, _ in selections}
    return next(iter(blocks.values())) if len(blocks) == 1 else None


def challenge_location(
    nginx: Nginx, server: Server, folder: str, *, holds_files: bool = False
) -> ChallengeLocation | None:
    """Return the location with which the block answers challenges from this folder; None if it has
    one, or if nobody knows where it belongs. With `holds_files` the files lie in the folder itself,
    and not in .well-known/acme-challenge below it."""
    file = nginx.file(server.block)
    locations = children(server.block, "location")
    returns = children(server.block, "return")
    is_known = re.fullmatch(r"[^\s;{}\"'$\\]+", folder) is not None
    if file is None or not is_known or any(map(is_for_challenges, locations)):
        return None
    opening = [line for name, line in _OPENING.items() if _is_inherited(nginx, server, name)]
    answer = f"alias {folder}/;" if holds_files else f"root {folder};"
    lines = [f"    {line}" for line in (answer, *opening)]
    block = [f"location ^~ {CHALLENGES} {{", *lines, "}"]
    if len(returns) == 1 and not locations:
        # A `return` of the block itself comes before every location.
        change = edits.enclose_directive(file.text, returns[0], "location /", [*block, ""])
    elif returns:
        return None
    elif locations and locations[0].file == file.path:
        change = edits.insert_before(file.text, locations[0], [*block, ""])
    else:
        change = edits.insert_first(file.text, server.block, block)
    edit = config_edit(nginx, file.path, change)
    return ChallengeLocation(edit, not opening and not returns) if edit else None


def is_for_challenges(location: Directive) -> bool:
    pattern = location_pattern(location)
    return pattern is not None and "well-known" in pattern.text


def _is_inherited(nginx: Nginx, server: Server, name: str) -> bool:
    """Return whether a location of the block inherits what closes the site."""
    config = nginx.config
    outer = [server.block, *(config.main if config else ())]
    return any(
        directive.args[:1] != ("off",)
        for block in outer
        if block is server.block or block.name == "http"
        for directive in children(block, name)
    )
