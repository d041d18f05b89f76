"""A location with a regular expression that gets a file before the location of its folder."""

import re

from checks.nginx import Nginx
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edits
from diagnose.model import Applicability, Fix, Manual, Where
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.edits import TextEdit, insert_first
from diagnose.parsers.nginx.locations import LocationMatch, location_pattern, outdone_location
from diagnose.parsers.nginx.upstreams import pass_directive_of

#: What a location has that closes paths, or that runs scripts: where it counts no longer, visitors
#: get what is closed, or the source of the scripts.
_KEPT = (
    *("deny", "return", "auth_basic", "auth_request", "internal"),
    *("fastcgi_pass", "uwsgi_pass", "scgi_pass"),
)
#: Files that a program runs or reads: as a plain file each shows its source.
_SCRIPT = re.compile(r"(?i)\.(?:php\d?|phtml|phps|inc|cgi|pl|py|rb|aspx?|jspx?|lua)(?:/|$)")


def outdone_match(nginx: Nginx, path: str) -> LocationMatch | None:
    """Return the location whose prefix is longest, where a regular expression gets the request;
    None for a script, which must not be served as a file."""
    if _SCRIPT.search(path.partition("?")[0]):
        return None
    matches = (outdone_location(selected.server, path) for selected in nginx.answering_servers())
    return next(filter(None, matches), None)


def folder_fix(nginx: Nginx, chosen: LocationMatch, outdone: LocationMatch) -> Fix:
    """Let the location with the regular expression look into the same folder, where `root` is
    enough for that. Else let the prefix come first ("^~"), unless an expression of the server block
    closes paths or runs scripts: it would count no longer below the prefix."""
    root = children(outdone.block, "root")
    passes = pass_directive_of(chosen) is not None
    if root and not passes and not children(chosen.block, "root"):
        return _edit(nginx, chosen.block, [f"root {root[-1].args[0]};"])
    others = (
        location
        for location in children(outdone.blocks[1], "location")
        if (pattern := location_pattern(location)) and pattern.modifier in {"~", "~*"}
    )
    is_kept = any(children(location, name) for location in others for name in _KEPT)
    if is_kept or outdone.block.args == ("/",):
        return _manual()
    return _edit(nginx, outdone.block, [])


def _edit(nginx: Nginx, block: Directive, lines: list[str]) -> Fix:
    """Insert the lines into the location; without any, let its prefix come first."""
    file = nginx.file(block)
    if file is None:
        return _manual()
    change = (
        insert_first(file.text, block, lines)
        if lines
        else TextEdit(block.start, block.opened, f"location ^~ {block.args[-1]} {{")
    )
    edits = config_edits(nginx, {file.path: [change]})
    return Fix((*edits, *reload_steps(nginx)), Applicability.REVIEW) if edits else _manual()


def _manual() -> Fix:
    return Fix((Manual("prefer-the-prefix", Where.SERVER),), Applicability.MANUAL)
