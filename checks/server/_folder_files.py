"""The edit with which Apache, Caddy or HAProxy brings the files that a page in a sub-folder asks
for at the root of the site, where nobody answers them."""

import re
from collections.abc import Sequence

from checks.http import _page_files
from checks.server import ServerView, reload_steps, server_on_port
from checks.server._backend_answers import route_to_application
from checks.server._near_routes import is_passed_on
from checks.server._scoped_fields import inserted_edit
from diagnose.model import Applicability, Evidence, Fix, Manual, Where
from diagnose.parsers.urls import parse_url
from diagnose.parsers.web_sites import inner_path

#: A path, and its first folder, that need no quotes.
_PLAIN = re.compile(r"(?:/[\w.~-]{1,60}){1,4}", re.ASCII)
_HEAD = re.compile(r"(/[\w.~-]{1,60}/)[\w./~@+-]{1,300}", re.ASCII)
_MOST = 4


def folder_files_fix(evidence: Evidence, prefix: str, step: str) -> Fix | None:
    """Return the edit for the folders of the missing files, and the step that a person does later;
    None where an application answers them at the root, or a file lies there itself."""
    view = server_on_port(evidence)
    if view is None or len(view.answering_sites) != 1 or not _PLAIN.fullmatch(prefix):
        return None
    missing = (
        refused_file.response.url
        for refused_file in _page_files.refused_files(evidence, of_sheets=True)
    )
    paths = [url.path.partition("?")[0] for each in missing if (url := parse_url(each)) is not None]
    heads = [_HEAD.fullmatch(path) for path in paths]
    folders = list(dict.fromkeys(match[1] for match in heads if match))
    (site,) = view.answering_sites
    if not folders or len(folders) > _MOST or not all(heads):
        return None
    if any(is_passed_on(site, path) for path in paths) or f"{prefix}/" in folders:
        return None
    lines = _lines(view, prefix, folders)
    edit = inserted_edit(view, lines) if lines else None
    if edit is None:
        return None
    later = Manual(step, Where.APPLICATION)
    return Fix((edit, *reload_steps(view.server), later), Applicability.REVIEW)


def _lines(view: ServerView, prefix: str, folders: Sequence[str]) -> list[str]:
    match view.server.product:
        case "caddy":
            return [f"rewrite {folder}* {prefix}{{uri}}" for folder in folders]
        case "haproxy":
            own = f"{{ hdr(host) -i {view.evidence.target.host} }}"
            beginnings = f"{{ path_beg {' '.join(folders)} }}"
            return [f"http-request set-path {prefix}%[path] if {own} {beginnings}"]
        case "apache":
            return [line for folder in folders for line in _pass_lines(view, prefix, folder)]
    return []


def _pass_lines(view: ServerView, prefix: str, folder: str) -> list[str]:
    """Return the line with which Apache asks the application of the page for a folder."""
    path = f"{prefix}{folder}"
    route = route_to_application(view, path)
    if route is None or not route.host or route.pattern or route.members:
        return []
    return [f"ProxyPass {folder} {route.scheme}://{route.authority}{inner_path(route, path)}"]
