"""Edits of nginx that permit the page of another origin to read what a location answers."""

import re

from checks.nginx import Nginx
from checks.nginx._edits import Changes, config_edits
from checks.nginx._location_edits import location_fix
from diagnose.model import Fix
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import LocationMatch

_ORIGIN = re.compile(r"https?://[A-Za-z0-9.\-]{1,253}(?::\d{1,5})?")
_ADD = "add_header"


def permitting_fix(nginx: Nginx, origin: str, with_cookies: bool) -> Fix | None:
    """Return the edit after which the location of the target permits this origin, and no other;
    None if the configuration does not show one location, or has such a line.

    A level with an add_header of its own inherits none (ngx_http_headers_module), so the inherited
    ones are repeated.
    """
    matches = list(nginx.location_matches(nginx.evidence.target.path))
    if len({match.block for match in matches}) != 1 or not _ORIGIN.fullmatch(origin):
        return None
    match, changes = matches[0], Changes()
    lines = [f"{_ADD} Access-Control-Allow-Origin {origin} always;"]
    if with_cookies:
        lines.append(f"{_ADD} Access-Control-Allow-Credentials true always;")
    own, file = children(match.block, _ADD), nginx.file(match.block)
    inherited = _inherited_lines(nginx, match) if not own else []
    if file is None or inherited is None or _has_line(match):
        return None
    if own and own[-1].file == match.block.file:
        change = edits.insert_after(file.text, own[-1], lines)
    elif own:
        return None
    else:
        change = edits.insert_first(file.text, match.block, [*inherited, *lines])
    changes[file.path] = [change]
    file_edits = config_edits(nginx, changes)
    return location_fix(nginx, match, file_edits, sure=False) if file_edits else None


def _has_line(match: LocationMatch) -> bool:
    return any(
        line.args[:1] and line.args[0].lower() == "access-control-allow-origin"
        for line in match.directives(_ADD)
    )


def _inherited_lines(nginx: Nginx, match: LocationMatch) -> list[str] | None:
    """Return the lines that the location inherits; None if one was not read."""
    lines: list[str] = []
    for directive in match.directives(_ADD):
        file = nginx.file(directive)
        if file is None:
            return None
        lines.append(edits.one_line(file.text, directive))
    return lines
