"""A folder that nginx puts before every path, while the pages of the application name it already:
`location / { proxy_pass http://127.0.0.1:8053/admin/; }` and "/admin/app.js" in the page become
"/admin/admin/app.js"."""

from checks.nginx import Nginx
from checks.nginx._edits import Changes, config_edits
from checks.nginx._location_edits import copied_lines, location_fix
from diagnose.model import Applicability, Fix, Manual, Where
from diagnose.model.nginx import Directive
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import LocationMatch, location_pattern
from diagnose.parsers.nginx.upstreams import ProxyTarget

#: A folder that stands in a configuration as it is.
_FOLDER = lazy_pattern(r"(?:/[\w.-]{1,80}){1,6}/")


def added_folder(match: LocationMatch, proxy_target: ProxyTarget) -> str:
    """Return the folder that a location for all paths puts before them, "/hooks/" of `proxy_pass
    http://app/hooks/`; "" for none: nobody writes that by mistake for a slash."""
    pattern = location_pattern(match.block) if match.block.name == "location" else None
    is_for_all = pattern is not None and pattern.modifier in {"", "^~"} and pattern.text == "/"
    uri = proxy_target.uri or "/"
    return uri if is_for_all and uri.strip("/") else ""


def doubled_folder(match: LocationMatch, proxy_target: ProxyTarget, path: str) -> str:
    """Return the added folder with which the visitors' path begins already; "" if it does not."""
    folder = added_folder(match, proxy_target)
    return folder if _FOLDER.fullmatch(folder) and path.startswith(folder) else ""


def folder_fix(nginx: Nginx, match: LocationMatch, directive: Directive, folder: str) -> Fix:
    """Pass the folder's paths on as they are, by a location of their own: the start page keeps the
    one that it has."""
    manual = Fix((Manual("keep-the-folder", Where.SERVER),), Applicability.MANUAL)
    server, file = match.blocks[1], nginx.file(match.blocks[1])
    heads = [location_pattern(child) for child in children(server, "location")]
    is_taken = any(head is not None and head.text == folder for head in heads)
    line = f"proxy_pass {directive.args[0].removesuffix(folder)};"
    lines = copied_lines(nginx, match.block, {"proxy_pass": line})
    if file is None or lines is None or is_taken or "$" in directive.args[0]:
        return manual
    changes: Changes = {
        file.path: [edits.insert_location(file.text, server, f"location {folder}", lines)]
    }
    file_edits = config_edits(nginx, changes)
    return location_fix(nginx, match, file_edits, sure=False) if file_edits else manual
