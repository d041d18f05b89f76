"""Locations of their own for the page, so that browsers ask for it again, and for the folder of its
built files, so that a file that has gone is a 404."""

import re
from collections.abc import Sequence

from checks.nginx import Nginx
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edit
from checks.nginx._location_edits import closes_nothing
from diagnose.model import Applicability, Fix
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.file_paths import index_names, served_file
from diagnose.parsers.nginx.final_requests import final_request
from diagnose.parsers.nginx.locations import match_location
from diagnose.parsers.nginx.server_blocks import Server
from diagnose.parsers.nginx.upstreams import pass_directive_of

_PLAIN = re.compile(r"/[\w./-]{1,200}", re.ASCII)


def own_location_fix(nginx: Nginx, path: str) -> Fix | None:
    """Return the fix that lets browsers ask again for the page alone; None where it takes a
    person."""
    server = _only_server(nginx)
    change = _page_change(nginx, server, path) if server else None
    return _fix(nginx, server, change) if server and change else None


def own_files_fix(nginx: Nginx, paths: Sequence[str]) -> Fix | None:
    """Return the fix that lets browsers ask again for these files alone, each in a location of its
    own; None where it takes a person."""
    server = _only_server(nginx)
    changes = [_file_change(nginx, server, path) for path in paths] if server else []
    written = [change for change in changes if change]
    is_whole = bool(written) and len(written) == len(changes)
    return _fix(nginx, server, *written) if server and is_whole else None


def built_folder_fix(nginx: Nginx, path: str, folder: str) -> Fix | None:
    """Return the fix after which a file of this folder that has gone is a 404, and no page, and
    browsers ask for the page itself again; None where the path is answered otherwise than by files
    of `root` in a location for a beginning of paths."""
    server = _only_server(nginx)
    match = match_location(server, path) if server else None
    served = served_file(match, path, start=nginx.start_folder) if match else None
    if server is None or match is None or served is None or served.directive.name != "root":
        return None
    is_location = match.block.name == "location"
    if is_location and (match.block.args[:1] not in {("/",), ("^~",)} or pass_directive_of(match)):
        return None
    if is_location and not closes_nothing(match.block):
        return None
    is_known = any(folder in child.args for child in children(server.block, "location"))
    file = nginx.file(server.block)
    if is_known or file is None or not _PLAIN.fullmatch(folder):
        return None
    is_inside = is_location and served.directive in children(match.block, "root")
    lines = [f"root {' '.join(served.directive.args)};"] if is_inside else []
    lines += [*_other_fields(nginx, match.block), "try_files $uri =404;"]
    own = edits.insert_location(file.text, server.block, f"location {folder}", lines)
    page = _page_change(nginx, server, "/")
    return _fix(nginx, server, *filter(None, (page, own)))


def _only_server(nginx: Nginx) -> Server | None:
    blocks = {
        id(answering_server.server.block): answering_server.server
        for answering_server in nginx.answering_servers()
    }
    return next(iter(blocks.values())) if len(blocks) == 1 else None


def _fix(nginx: Nginx, server: Server, *changes: edits.TextEdit) -> Fix | None:
    edit = config_edit(nginx, server.block.file, *changes)
    return Fix((edit, *reload_steps(nginx)), Applicability.REVIEW) if edit else None


def _page_change(nginx: Nginx, server: Server, path: str) -> edits.TextEdit | None:
    """Return the location `= /index.html` that lets browsers ask again for the page alone. nginx
    looks for a location anew after `index` and `try_files`, so that it counts for both. None where
    the page is no file of `root`, or where its location closes something."""
    return _file_change(nginx, server, _page_path(server, path))


def _file_change(nginx: Nginx, server: Server, page: str) -> edits.TextEdit | None:
    """Return the location of a file of `root`, by its path."""
    if not _PLAIN.fullmatch(page):
        return None
    match, end = final_request(server, page)
    served = served_file(match, page, start=nginx.start_folder)
    file = nginx.file(server.block)
    is_file = served is not None and served.directive.name == "root" and end == page
    if served is None or file is None or not is_file or pass_directive_of(match):
        return None
    if match.block.name == "location" and not closes_nothing(match.block):
        return None
    if any(child.args == ("=", page) for child in children(server.block, "location")):
        return None
    is_inside = served.directive in children(match.block, "root") and match.block.name == "location"
    lines = [f"root {' '.join(served.directive.args)};"] if is_inside else []
    lines += [*_other_fields(nginx, match.block), "expires -1;"]
    return edits.insert_location(file.text, server.block, f"location = {page}", lines)


def _page_path(server: Server, path: str) -> str:
    """Return the path of the file that is the page at a path of the site; "" if it is not known."""
    match, end = final_request(server, path)
    if end.endswith(".html"):
        return end
    names = index_names(match)
    return f"{end}index.html" if end.endswith("/") and names[:1] == ("index.html",) else ""


def _other_fields(nginx: Nginx, block: Directive) -> list[str]:
    """Return the location's own lines for other fields: a block inherits them only where it has
    none of its own, and the page was sent with them."""
    file = nginx.file(block)
    if block.name != "location" or file is None:
        return []
    return [
        edits.one_line(file.text, line)
        for line in children(block, "add_header")
        if line.args[:1] and line.args[0].lower() != "cache-control"
    ]
