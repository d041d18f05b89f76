"""The lines of Caddy and Apache that name a page for what is no file (`try_files`,
`FallbackResource`), and the edit of one whose page is not there."""

import re
from collections.abc import Sequence

from checks.server import ServerView, line_edit, line_text, place_text
from diagnose.model import Edit
from diagnose.model.frozen import frozen
from diagnose.model.web_servers import WebSite

_LINE = re.compile(r"(?i)\s*(?:try_files|FallbackResource)\s(?:.*\s)?(?P<page>/[\w./-]{1,200})\s*")
_FALLS_BACK = re.compile(
    r"(?i)\s*(?:try_files|FallbackResource|RewriteRule|ErrorDocument\s+404|rewrite|php_fastcgi|import|"
    r"route|handle_errors)\b"
)


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


def has_fallback(view: ServerView, site: WebSite) -> bool:
    """Return whether a line of a site names a page for what is no file, or rewrites paths."""
    texts = (line_text(view, site.file, number) for number in range(site.line, site.end + 1))
    return any(map(_FALLS_BACK.match, texts))


def only_fallback(view: ServerView, sites: Sequence[WebSite]) -> WrongFallback | None:
    """Return the only FallbackResource of the sites; the edit leads to the page of the same name at
    the root, None if the line has it already. None if there is no such line, or more than one."""
    lines = [
        (site.file, number, match)
        for site in sites[:1]
        for number in range(site.line, site.end + 1)
        if (match := _LINE.fullmatch(line_text(view, site.file, number)))
    ]
    if len(lines) != 1 or "fallbackresource" not in lines[0][2].string.lower():
        return None
    file, number, match = lines[0]
    page, text, (start, stop) = match["page"], match.string, match.span("page")
    name = f"/{page.rpartition('/')[2]}"
    edit = line_edit(view, file, {number: (f"{text[:start]}{name}{text[stop:]}",)})
    return WrongFallback(page, place_text(file, number), edit if name != page else None)
