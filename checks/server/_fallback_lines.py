"""The lines of Caddy and Apache that name a page for what is no file (`try_files`,
`FallbackResource`), and the edit of one whose page is not there."""

import re

from checks.server import ServerView, line_edit, line_text, place_text
from diagnose.model import Edit
from diagnose.model.frozen import frozen
from diagnose.model.web_servers import WebSite

_LINE = re.compile(r"(?i)\s*(?:try_files|FallbackResource)\s(?:.*\s)?(?P<page>/[\w./-]{1,200})\s*")


@frozen
class WrongFallback:
    """A page that a line names and that is not there, and the line's place."""

    page: str
    place: str
    edit: Edit | None = None


def wrong_fallback(view: ServerView, site: WebSite, files: tuple[str, ...]) -> WrongFallback | None:
    """Return the only fallback of a site, if it is a page at its root which is none of the index
    files there; None if there is none, or more than one."""
    lines = [
        (number, match)
        for number in range(site.line, site.end + 1)
        if (match := _LINE.fullmatch(line_text(view, site.file, number)))
    ]
    if len(lines) != 1:
        return None
    number, match = lines[0]
    page, name = match["page"], match["page"].removeprefix("/")
    if "/" in name or name in files or "index.html" not in files:
        return None
    start, stop = match.span("page")
    text = match.string
    edit = line_edit(view, site.file, {number: (f"{text[:start]}/index.html{text[stop:]}",)})
    return WrongFallback(page, place_text(site.file, number), edit)
