"""Edits of a Caddyfile that checks share."""

import re
from collections.abc import Sequence

from checks.server import ServerView, line_edit
from diagnose.model import Edit

#: A directive on one line that changes the path.
_REWRITE = re.compile(r"\s*(?:rewrite|uri)\s.{0,380}[^\s\\{]\s*")


def handle_path_edit(view: ServerView, prefix: str) -> Edit | None:
    """Return the edit that writes `handle_path` for the one `handle` or `route` of a prefix
    ("/docs"), so that the prefix is taken off; None if there is not one such line."""
    return block_edit(view, "handle|route", rf"{re.escape(prefix)}/\*", "handle_path")


def rewrite_edit(view: ServerView, file: str, number: int) -> Edit | None:
    """Return the edit that deletes the one `rewrite` or `uri` which stands in the same block as a
    line; None if there is not one alone."""
    config = view.config.file(file) if view.config and view.server.product == "caddy" else None
    lines = config.text.split("\n") if config else []
    if not 0 < number <= len(lines):
        return None
    rewrites = [
        place for place in _siblings(lines, number) if _REWRITE.fullmatch(lines[place - 1][:400])
    ]
    return line_edit(view, file, {rewrites[0]: ()}) if len(rewrites) == 1 else None


def _siblings(lines: Sequence[str], number: int) -> list[int]:
    """Return the numbers of the lines that stand in the same block as a line, itself too."""
    depths: list[int] = []
    depth = 0
    for line in lines:
        words = line.partition("#")[0].split()
        depth -= words.count("}")
        depths.append(depth)
        depth += words.count("{")
    own, first, last = depths[number - 1], number, number
    while first > 1 and depths[first - 2] >= own:
        first -= 1
    while last < len(lines) and depths[last] >= own:
        last += 1
    return [place for place in range(first, last + 1) if depths[place - 1] == own]


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
