"""The address of a site of Caddy that has http alone: `http://NAME` or `NAME:80`."""

import re

from checks.server import ServerView, line_edit, line_text, place_text
from diagnose.model import Edit
from diagnose.model.frozen import frozen
from diagnose.parsers.web_sites import has_name


@frozen
class PlainAddress:
    """The place of the address, and the edit that writes the name alone."""

    place: str
    edit: Edit


def plain_address(view: ServerView) -> PlainAddress | None:
    """Return the one address by which the target's site has no https; None if there is not one."""
    target, sites = view.evidence.target, view.config.sites if view.config else ()
    if view.server.product != "caddy" or target.port != 443:
        return None
    own = [site for site in sites if has_name(site, target.host) and site.names != ("*",)]
    if len(own) != 1 or any(socket.tls or socket.port != 80 for socket in own[0].sockets):
        return None
    text = line_text(view, own[0].file, own[0].line)
    name = re.escape(target.host)
    pattern = rf"(?<![\w.:/-])(?:http://({name})(?::80)?|({name}):80)(?=[\s,]|$)"
    written, count = re.subn(pattern, target.host, text)
    edit = line_edit(view, own[0].file, {own[0].line: (written,)}) if count == 1 else None
    return PlainAddress(place_text(own[0].file, own[0].line), edit) if edit else None
