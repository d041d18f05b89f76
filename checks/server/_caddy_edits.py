"""Edits of a Caddyfile that checks share."""

import re

from checks.server import ServerView, line_edit
from diagnose.model import Edit


def handle_path_edit(view: ServerView, prefix: str) -> Edit | None:
    """Return the edit that writes `handle_path` for the one `handle` or `route` of a prefix
    ("/docs"), so that the prefix is taken off; None if there is not one such line."""
    return block_edit(view, "handle|route", rf"{re.escape(prefix)}/\*", "handle_path")


def block_edit(view: ServerView, names: str, matcher: str, new_name: str) -> Edit | None:
    """Return the edit that gives the one block with one of these names and this matcher another
    name; None if there is not one such line. `names` and `matcher` are regular expressions."""
    if view.server.product != "caddy" or view.config is None:
        return None
    pattern = re.compile(rf"(\s*)(?:{names})(\s+{matcher}\s*\{{\s*)")
    places = [
        (file.path, number, match)
        for file in view.config.files
        for number, line in enumerate(file.text.split("\n"), 1)
        if (match := pattern.fullmatch(line))
    ]
    if len(places) != 1:
        return None
    path, number, match = places[0]
    return line_edit(view, path, {number: (f"{match[1]}{new_name}{match[2]}",)})
