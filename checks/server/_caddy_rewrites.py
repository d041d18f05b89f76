"""Caddy's `rewrite` of what is no file (`not file`): it spares the paths of an application."""

import re

from checks.server import ServerView, file_rows, indentation, line_edit
from diagnose.model import Edit
from diagnose.model.web_servers import WebSite

_PLAIN = re.compile(r"/[\w./-]{1,200}\*?", re.ASCII)
_ROUTES = {"reverse_proxy", "handle", "handle_path", "route"}


def spared_edit(view: ServerView, site: WebSite, path: str) -> Edit | None:
    """Return the edit of the one matcher of a site that is `not file` alone: it leaves the path of
    the application out, as its own line has it. None if a line is written in another way."""
    file = view.config.file(site.file) if view.config and site.end else None
    rows = file_rows(view, file) if file else []
    lines = {n: rows[n - 1] for n in range(site.line, min(site.end, len(rows)) + 1)}
    words = {n: line.partition("#")[0].split() for n, line in lines.items()}
    own = {row[1] for row in words.values() if len(row) > 1 and row[0] in _ROUTES}
    own = {word for word in own if _PLAIN.fullmatch(word) and _takes(word, path)}
    used = {row[1] for row in words.values() if row[:1] == ["rewrite"] and len(row) > 2}
    places = [n for n, row in words.items() if row[:1] and row[0] in used and row[0][0] == "@"]
    if len(own) != 1 or len(places) != 1:
        return None
    place, spared = places[0], f"not path {own.pop()}"
    row, indent = words[place], indentation(lines[place])
    step = "\t" if "\t" in indent or not indent else "    "
    if row[1:] == ["not", "file"]:
        new = (f"{indent}{row[0]} {{", f"{indent}{step}not file", f"{indent}{step}{spared}")
        return line_edit(view, site.file, {place: (*new, f"{indent}}}")})
    inner = [words.get(place + offset, []) for offset in (1, 2)]
    if row[1:] != ["{"] or inner != [["not", "file"], ["}"]]:
        return None
    return line_edit(view, site.file, {place + 1: (lines[place + 1], f"{indent}{step}{spared}")})


def _takes(word: str, path: str) -> bool:
    return path.startswith(word[:-1]) if word.endswith("*") else path == word
