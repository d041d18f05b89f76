"""Apache's limits for the line and the fields of a request: where they are set, and the edit that
raises one (core, "LimitRequestLine")."""

import re

from checks.server import (
    ServerView,
    file_rows,
    indentation,
    line_edit,
    manual_fix,
    reload_steps,
)
from diagnose.model import Applicability, Fix
from diagnose.parsers.web_sites import answering_sites


def limit_lines(view: ServerView, name: str) -> list[tuple[str, int, int]]:
    """Return the lines that set the limit: file, number and value. Of several virtual hosts of one
    address the first has the say (core, "LimitRequestLine"); lines of others set nothing here."""
    if view.config is None:
        return []
    firsts = answering_sites(view.config, view.evidence.target.port, "")
    others = [site for site in view.config.sites if site not in firsts]
    pattern = re.compile(rf"(?i)\s*{name}\s+\"?(\d{{1,8}})\"?\s*")
    return [
        (file.path, number, int(match[1]))
        for file in view.config.files
        for number, row in enumerate(file_rows(view, file), 1)
        if (match := pattern.fullmatch(row[:400]))
        if not any(each.file == file.path and each.line <= number <= each.end for each in others)
    ]


def limit_fix(
    view: ServerView, name: str, wanted_size: int, places: list[tuple[str, int, int]]
) -> Fix:
    """Return the edit of the one line that sets the limit, or of the line before the site's virtual
    host, where none does."""
    wanted, site = f"{name} {wanted_size}", next(iter(view.answering_sites), None)
    edit = None
    if len(places) == 1:
        path, number, _ = places[0]
        file = view.config.file(path) if view.config else None
        row = file_rows(view, file)[number - 1] if file else ""
        edit = line_edit(view, path, {number: (f"{indentation(row)}{wanted}",)})
    elif not places and site is not None and site.line:
        file = view.config.file(site.file) if view.config else None
        rows = file_rows(view, file) if file else ()
        row = rows[site.line - 1] if site.line <= len(rows) else ""
        if row.lower().startswith("<virtualhost"):
            edit = line_edit(view, site.file, {site.line: (wanted, row)})
    if edit is None:
        return manual_fix(view, "raise-the-limit")
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
