"""A `rewrite` that leads a folder into a folder below it, and so to its own location again:
`location /docs/ { rewrite ^/docs/(.*)$ /docs/v2/$1 last; }` (ngx_http_rewrite_module)."""

import re

from checks.nginx import Nginx
from checks.nginx._edits import config_edits
from checks.nginx._location_edits import location_fix
from diagnose.model import Fix
from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.edits import insert_location, one_line, replace_directive
from diagnose.parsers.nginx.locations import LocationMatch, location_pattern
from diagnose.parsers.nginx.upstreams import pass_directive_of

#: A folder that stands in a configuration as it is.
_FOLDER = re.compile(r"/(?:[\w.-]{1,80}/){2,12}", re.ASCII)


@frozen(eq=False)
class OwnRewrite:
    """The rewrite, the location that it does not leave, and the folder to which it leads."""

    match: LocationMatch
    directive: Directive
    folder: str


def own_rewrite(nginx: Nginx, path: str) -> OwnRewrite | None:
    """Return the one rewrite of a path's location that leads to the location itself."""
    for match in nginx.location_matches(path):
        pattern, lines = location_pattern(match.block), children(match.block, "rewrite")
        if pattern is None or pattern.modifier not in {"", "^~"} or len(lines) != 1:
            continue
        replacement, *flag = lines[0].args[1:] or ("",)
        folder, group, _ = replacement.partition("$")
        is_below = folder != pattern.text and folder.startswith(pattern.text)
        if group and is_below and flag in ([], ["last"]) and _FOLDER.fullmatch(folder):
            return OwnRewrite(match, lines[0], folder)
    return None


def own_rewrite_fix(nginx: Nginx, own: OwnRewrite) -> Fix | None:
    """Give the folder a location of its own. One of an application stays, with `break`: it asks
    the application for the new path. None if a location of files has lines of its own."""
    server, block = own.match.blocks[1], own.match.block
    if pass_directive_of(own.match) is not None:
        file = nginx.file(own.directive)
        words = one_line(file.text, own.directive).rstrip(";") if file else ""
        line = f"{words.removesuffix(' last')} break;"
        changes = {file.path: [replace_directive(own.directive, line)]} if file else {}
    else:
        file = nginx.file(server)
        head = " ".join(("location", *block.args[:-1], own.folder))
        is_alone = tuple(block.block or ()) == (own.directive,)
        new = [insert_location(file.text, server, head, [])] if file and is_alone else []
        changes = {file.path: new} if file and new else {}
    edits = config_edits(nginx, changes) if changes else ()
    return location_fix(nginx, own.match, edits, sure=False) if edits else None
