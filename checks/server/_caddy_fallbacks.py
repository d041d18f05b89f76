"""The page of an application in the browser answers what is no file of a site of Caddy."""

from collections.abc import Sequence

from checks.server import ServerView, file_rows, indentation, line_edit
from checks.server._caddy_edits import fallback_edit, siblings
from checks.server._fallback_lines import has_fallback
from diagnose.model import Edit
from diagnose.model.site_folders import SiteFolder
from diagnose.model.web_servers import WebSite

_BLOCKS = {"handle", "handle_path", "route"}
#: Directives beside which a fallback changes nothing but the paths without a file.
_BESIDE = {"root", "encode", "header", "log", "try_files", "file_server"}


def is_start_of(site: WebSite, folder: SiteFolder) -> bool:
    """Return whether a folder is the site's own and has the page."""
    return folder.path.rstrip("/") == site.root.rstrip("/") and "index.html" in folder.index_files


def new_fallback_edit(view: ServerView, site: WebSite, folder: SiteFolder) -> Edit | None:
    """Return the edit that lets /index.html answer what is no file, in the block of the files or
    beside it; None if a line names such a page already."""
    edit = block_fallback_edit(view, site, folder)
    if edit is not None or not is_start_of(site, folder) or has_fallback(view, site):
        return edit
    return fallback_edit(view, site)


def block_fallback_edit(view: ServerView, site: WebSite, folder: SiteFolder) -> Edit | None:
    """Return the edit that writes `try_files` before the one `file_server` of a site. In a `route`
    the lines count in their order, so a `try_files` that stands below is moved. None if the files
    stand in no block, or beside something that may lead the path elsewhere."""
    file = view.config.file(site.file) if view.config and site.end else None
    rows = file_rows(view, file)[site.line - 1 : site.end] if file else []
    words = [row.partition("#")[0].split() for row in rows]
    servers = [place for place, row in enumerate(words, 1) if row == ["file_server"]]
    if len(servers) != 1 or "index.html" not in folder.index_files:
        return None
    number = servers[0]
    beside = siblings(rows, number)
    head = words[beside[0] - 2] if beside[0] > 1 else []
    known = {words[place - 1][0] for place in beside if words[place - 1]} - {"}"}
    roots = {row[-1].rstrip("/") for row in words if row[:1] == ["root"]}
    is_block = bool(head) and head[0] in _BLOCKS and head[-1] == "{"
    if not is_block or not known <= _BESIDE or roots != {folder.path.rstrip("/")}:
        return None
    return _before_files(view, site, rows, words, number, beside)


def _before_files(
    view: ServerView,
    site: WebSite,
    rows: Sequence[str],
    words: Sequence[list[str]],
    number: int,
    beside: Sequence[int],
) -> Edit | None:
    tried = [place for place, row in enumerate(words, 1) if row[:1] == ["try_files"]]
    line, own = rows[number - 1], site.line - 1 + number
    if not tried:
        added = f"{indentation(line)}try_files {{path}} /index.html"
        return line_edit(view, site.file, {own: (added, line)})
    is_below = words[beside[0] - 2][0] == "route" and tried[0] in beside and tried[0] > number
    if len(tried) != 1 or not is_below or words[tried[0] - 1][-1] != "/index.html":
        return None
    moved = rows[tried[0] - 1]
    return line_edit(view, site.file, {own: (moved, line), site.line - 1 + tried[0]: ()})
