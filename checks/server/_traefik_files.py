"""Whether the files of Traefik have what it does not have itself."""

import re

from checks.server import ServerView, line_edit
from checks.server._traefik_edits import is_watched
from diagnose.model import Edit


def is_written(view: ServerView) -> bool:
    """Return whether a file has a router for the name. If Traefik has none, it refused the file."""
    files = view.config.files if view.config else ()
    rows = (row for file in files for row in file.text.split("\n"))
    return any(
        "Host(" in row and view.evidence.target.host in row and not row.lstrip().startswith("#")
        for row in rows
    )


def without_line(view: ServerView, pattern: re.Pattern[str]) -> Edit | None:
    """Return the edit that deletes the one line of the files which is like this. None if there is
    not one, or if Traefik does not read its files again by itself."""
    files = view.config.files if view.config else ()
    lines = [
        (file.path, number)
        for file in files
        for number, row in enumerate(file.text.split("\n"), 1)
        if pattern.fullmatch(row[:500])
    ]
    if len(lines) != 1 or not is_watched(view):
        return None
    path, number = lines[0]
    return line_edit(view, path, {number: ()})
