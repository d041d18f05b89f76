"""Lines by which a file that is not there is a 404 in the folder of a build, where Apache and Caddy
answer every path without a file with the page of the application."""

import re
from collections.abc import Sequence

from checks.server import ServerView, file_rows, indentation, line_edit, place_text, reload_steps
from checks.server._scoped_fields import inserted_edit
from diagnose.model import Applicability, Edit, Fix
from diagnose.model.frozen import frozen
from diagnose.model.web_servers import WebSite

FILES = "@app_files"
_FALLBACK = re.compile(
    r"\s*try_files\s+(?P<tried>\{path\}(?:\s+\{path\}/)?\s+/[\w./-]{1,200}\.html?)\s*"
)
_FOLDER = re.compile(r"(?:/[\w.-]{1,60}){1,4}/", re.ASCII)
_RESOURCE = re.compile(r"(?i)\s*FallbackResource\s+/[\w./-]{1,200}\.html?\s*")
_REWRITE = re.compile(r"(?i)\s*Rewrite(?:Rule|Map|Options)\b")


def gone_files_fix(view: ServerView, folder: str) -> Fix | None:
    """Return the fix after which what is no file of this folder is a 404; None where a person has
    to write it."""
    sites = {(site.file, site.line): site for site in view.answering_sites}
    if len(sites) != 1 or not _FOLDER.fullmatch(folder):
        return None
    site = next(iter(sites.values()))
    edit = None
    if view.server.product == "apache":
        edit = _apache_edit(view, site, folder)
    elif view.server.product == "caddy":
        own = site_rows(view, site)
        changes = fallback_rows(site, own, folder)
        has_names = any(FILES in row for row in own)
        edit = line_edit(view, site.file, changes) if changes and not has_names else None
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW) if edit else None


@frozen
class Fallback:
    """The line of a site that gives a page for what is no file, its place, and the site's folder of
    files."""

    text: str
    place: str
    root: str


def fallback_of(view: ServerView) -> Fallback | None:
    """Return the only such line of the site that answers; None if there is none, or if more than
    one may be it."""
    sites = {(site.file, site.line): site for site in view.answering_sites}
    site = next(iter(sites.values())) if len(sites) == 1 else None
    if site is None or not site.root:
        return None
    rows = site_rows(view, site)
    lines = [
        (number, row.strip())
        for number, row in enumerate(rows, site.line)
        if _FALLBACK.fullmatch(row[:300]) or _RESOURCE.fullmatch(row[:300])
    ]
    if len(lines) != 1 or any(map(_REWRITE.match, rows)):
        return None
    number, text = lines[0]
    return Fallback(text, place_text(site.file, number), site.root)


def site_rows(view: ServerView, site: WebSite) -> tuple[str, ...]:
    """Return the lines of a site's block, () if they are not known."""
    file = view.config.file(site.file) if view.config and site.end else None
    return tuple(file_rows(view, file)[site.line - 1 : site.end]) if file else ()


def fallback_rows(site: WebSite, own: Sequence[str], folder: str) -> dict[int, tuple[str, ...]]:
    """Return the lines that stand in the place of the only `try_files` of a site of Caddy, by the
    number of its line: they leave out a folder. {} if there is another number of them."""
    tried = [
        (site.line + place, row, match)
        for place, row in enumerate(own)
        if (match := _FALLBACK.fullmatch(row[:300]))
    ]
    if len(tried) != 1 or not _FOLDER.fullmatch(folder):
        return {}
    number, row, match = tried[0]
    lines = (
        f"{FILES} {{",
        f"\tnot path {folder}*",
        f"\tfile {match['tried']}",
        "}",
        f"rewrite {FILES} {{http.matchers.file.relative}}",
    )
    return {number: tuple(f"{indentation(row)}{line}" for line in lines)}


def _apache_edit(view: ServerView, site: WebSite, folder: str) -> Edit | None:
    """Return the lines that switch `FallbackResource` off for a folder ("disabled", mod_dir). None
    where rules rewrite paths: those may lead to a page, too."""
    own = site_rows(view, site)
    if not any(map(_RESOURCE.fullmatch, own)) or any(map(_REWRITE.match, own)):
        return None
    lines = (f'<Location "{folder}">', "    FallbackResource disabled", "</Location>")
    return inserted_edit(view, lines)
