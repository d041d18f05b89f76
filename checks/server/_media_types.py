"""The lines by which Apache and Caddy name the media type and the encoding of their own files
(mod_mime, core; `header`), and edits of them. HAProxy serves no files."""

import re

from checks.server import ServerView, file_rows, indentation, line_edit, line_text, reload_steps
from checks.server._backend_answers import route_to_application
from diagnose.model import Applicability, Edit, Fix
from diagnose.model.web_servers import WebSite
from diagnose.parsers.browser_types import TYPES_BY_ENDING

#: What browsers want, by the end of the name.
_TYPES = TYPES_BY_ENDING | {
    "json": "application/json", "webp": "image/webp", "avif": "image/avif",
    "webmanifest": "application/manifest+json",
}  # fmt: skip
_ADD_TYPE = re.compile(r"(?i)(\s*AddType\s+)(\S+)((?:\s+\.?\w{1,20})+)\s*")
_CHARSET = re.compile(r"(?i)(\s*AddDefaultCharset\s+)(\S+)\s*")
_SITE = re.compile(r"(?i)\s*<(/?)VirtualHost\b")


def media_type_fix(view: ServerView, path: str) -> Fix | None:
    """Return the fix with which the server names the right type for a file of its own; None if an
    application sends it, or if the type is not known."""
    extension = path.rpartition("/")[2].rpartition(".")[2].lower()
    media_type = _TYPES.get(extension)
    route = route_to_application(view, path)
    # A route without an address is the server's own folder.
    is_passed = route is not None and bool(route.host or route.socket)
    if media_type is None or is_passed or len(view.answering_sites) != 1:
        return None
    site, edit = view.answering_sites[0], None
    if view.server.product == "apache":
        edit = _apache_edit(view, site, extension, media_type)
    elif view.server.product == "caddy":
        # A path matcher without a name begins with a slash (Caddyfile, "Matcher tokens").
        rows = (
            f"@{extension} path *.{extension}",
            f"header @{extension} Content-Type {media_type}",
        )
        edit = lines_below(view, site.file, site.line, *rows)
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW) if edit else None


def charset_fix(view: ServerView, written: str, value: str) -> Fix | None:
    """Return the fix with which Apache names another encoding of its pages, "off" for none; None if
    no line or more than one of its site names this one."""
    if view.server.product != "apache":
        return None
    own = {(site.file, site.line) for site in view.answering_sites}
    places = []
    for file in view.config.files if view.config else ():
        is_own = True
        for number, text in enumerate(file_rows(view, file), 1):
            if opened := _SITE.match(text):
                is_own = bool(opened[1]) or (file.path, number) in own
            match = _CHARSET.fullmatch(text) if is_own else None
            if match and match[2].lower() == written:
                places.append((file.path, number, match[1]))
    if len(places) != 1:
        return None
    path, number, lead = places[0]
    edit = line_edit(view, path, {number: (f"{lead}{value}",)})
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW) if edit else None


def _apache_edit(view: ServerView, site: WebSite, extension: str, media_type: str) -> Edit | None:
    """Change the line of the site that names the type of this ending alone, or add one."""
    for number in range(site.line + 1, site.end):
        match = _ADD_TYPE.fullmatch(line_text(view, site.file, number))
        endings = [word.lstrip(".").lower() for word in match[3].split()] if match else []
        if match and endings == [extension]:
            line = f"{match[1]}{media_type}{match[3]}"
            return line_edit(view, site.file, {number: (line,)})
        if extension in endings:
            return None
    for number in range(site.line + 1, site.end):
        text = line_text(view, site.file, number)
        if re.match(r"(?i)\s*ServerName\s", text):
            return lines_below(view, site.file, number, f"AddType {media_type} .{extension}")
    return None


def lines_below(view: ServerView, file: str, number: int, *lines: str) -> Edit | None:
    """Add lines below another one: with its indentation, or that of the line below for a block's
    first line."""
    text, below = line_text(view, file, number), line_text(view, file, number + 1)
    if not text.strip():
        return None
    model = below if text.rstrip().endswith("{") else text
    indent = indentation(model)
    return line_edit(view, file, {number: (text, *(f"{indent}{line}" for line in lines))})
