"""A location of nginx for the challenges of ACME (RFC 8555 section 8.3), added to the block of a
site, and nothing else opened by it."""

import re

from checks.nginx import Nginx
from checks.nginx._edits import config_edit, config_edits
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
    if re.fullmatch(r"[^\s;{}\"'$\\]+", folder) is None:
        return None
    answer = f"alias {folder}/;" if holds_files else f"root {folder};"
    return _added_location(nginx, server, (answer,))


def passing_location(nginx: Nginx, server: Server, port: int) -> ChallengeLocation | None:
    """Return the location with which the block passes challenges on to a tool that waits at a port
    of this machine; None if nobody knows where it belongs. Where the block answers challenges from
    files, that location passes them on instead."""
    answer = (f"proxy_pass http://127.0.0.1:{port};", "proxy_set_header Host $host;")
    own = [child for child in children(server.block, "location") if is_for_challenges(child)]
    if not own:
        return _added_location(nginx, server, answer)
    file = nginx.file(own[0]) if len(own) == 1 else None
    if own[0].file != server.block.file or nginx.evidence.target.host not in server.names:
        # A file that other sites include, or their block too: tools of theirs rely on it.
        return None
    lines = own[0].block or ()
    answering = [line for line in lines if line.name in {"root", "alias", "proxy_pass"}]
    if file is None or len(answering) != 1 or any(line.block is not None for line in lines):
        return None
    start = edits.indentation(file.text, answering[0])
    is_passed = answering[0].name == "proxy_pass"
    text = answer[0] if is_passed else f"\n{start}".join(answer)
    changes = [edits.replace_directive(answering[0], text)]
    changes += [
        edits.remove_directive(file.text, line) for line in lines if line.name == "try_files"
    ]
    config_edit_steps = config_edits(nginx, {file.path: changes})
    return ChallengeLocation(config_edit_steps[0], False) if config_edit_steps else None


def _added_location(
    nginx: Nginx, server: Server, answer: tuple[str, ...]
) -> ChallengeLocation | None:
    file = nginx.file(server.block)
    locations = children(server.block, "location")
    returns = children(server.block, "return")
    if file is None or any(map(is_for_challenges, locations)):
        return None
    opening = [line for name, line in _OPENING.items() if _is_inherited(nginx, server, name)]
    lines = [f"    {line}" for line in (*answer, *opening)]
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
