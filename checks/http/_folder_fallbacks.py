"""The edits that lead the addresses of a folder to the folder's own page."""

import re

from checks.http.fallback_hides_page import caddy_line
from checks.nginx import Nginx, file_line
from checks.nginx._edits import config_edits
from checks.nginx._location_edits import (
    closes_nothing,
    copied_lines,
    location_fix,
    setting_edits,
)
from checks.server import (
    ServerView,
    indentation,
    line_edit,
    line_text,
    place_text,
    reload_steps,
    server_on_port,
)
from checks.server._apache_overrides import section_edit
from diagnose.model import Applicability, Edit, Evidence, Fix
from diagnose.model.nginx import Directive
from diagnose.model.site_folders import HiddenPage
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import LocationMatch, location_pattern

#: A folder that stands in a configuration as it is.
_PLAIN = re.compile(r"/(?:[\w~-]{1,100}/){1,8}", re.ASCII)
_RESOURCE = re.compile(r"(?i)\s*FallbackResource\s+\"?(/[\w./-]{1,200})\"?\s*")

#: The place of a line, the line, and the fix if it can be written.
Remedy = tuple[str, str, Fix | None]


def own_fallback(evidence: Evidence, hidden: HiddenPage) -> Remedy:
    """Return the line that leads out of the folder, its place, and the edit that stays in it."""
    if hidden.product == "nginx":
        return _nginx(Nginx.of(evidence), hidden)
    view = server_on_port(evidence)
    if view is None:
        return "", "", None
    return (_caddy if hidden.product == "caddy" else _apache)(view, hidden)


def _nginx(nginx: Nginx, hidden: HiddenPage) -> Remedy:
    match = next(iter(nginx.location_matches(hidden.path)), None)
    directive = match.directive("try_files") if match else None
    if match is None or directive is None or not directive.args:
        return "", "", None
    place, line = file_line(directive), " ".join(("try_files", *directive.args))
    *names, last = directive.args
    mark, query = last.partition("?")[1:]
    words = " ".join((*names, f"{hidden.folder}index.html{mark}{query}"))
    if not _PLAIN.fullmatch(hidden.folder) or "$" in last.partition("?")[0]:
        return place, line, None
    file_edits = _nginx_edits(nginx, match, hidden.folder, words)
    return place, line, location_fix(nginx, match, file_edits, sure=False) if file_edits else None


def _nginx_edits(nginx: Nginx, match: LocationMatch, folder: str, words: str) -> tuple[Edit, ...]:
    """Change the location of the folder, or give the folder one with the lines of the location
    that has it today."""
    block = match.block
    pattern = location_pattern(block) if block.name == "location" else None
    if pattern and pattern.modifier not in {"", "^~"}:
        return ()
    if pattern and pattern.text.rstrip("/") == folder.rstrip("/"):
        return setting_edits(nginx, match, {"try_files": words})
    server = next((each for each in match.blocks if each.name == "server"), None)
    file = nginx.file(server) if server else None
    is_inner = pattern and (len(match.blocks) > 3 or not closes_nothing(block))
    if server is None or file is None or is_inner or children(block, "alias"):
        return ()
    lines = _lines(nginx, block, words) if pattern else [f"try_files {words};"]
    if lines is None:
        return ()
    added = edits.insert_location(file.text, server, f"location {folder}", lines)
    return config_edits(nginx, {file.path: [added]})


def _lines(nginx: Nginx, block: Directive, words: str) -> list[str] | None:
    lines = copied_lines(nginx, block, {"try_files": f"try_files {words};"})
    if lines is None or children(block, "try_files"):
        return lines
    return [*lines, f"try_files {words};"]


def _caddy(view: ServerView, hidden: HiddenPage) -> Remedy:
    caddy_option = caddy_line(view, hidden)
    if caddy_option is None:
        return "", "", None
    file, number, text = caddy_option
    place, line = place_text(file, number), " ".join(text.split())
    name = f"@{hidden.folder.strip('/').replace('/', '-')}-pages"
    config = view.config.file(file) if view.config else None
    names = line.split()[1:-1]
    is_free = config is not None and name not in config.text
    if not is_free or not names or not _is_below(hidden) or not _PLAIN.fullmatch(hidden.folder):
        return place, line, None
    margin = indentation(text)
    rows = (
        f"{margin}{name} {{",
        f"{margin}\tpath {hidden.folder}*",
        f"{margin}\tnot file {' '.join(names)}",
        f"{margin}}}",
        f"{margin}rewrite {name} {hidden.folder}index.html",
        text,
    )
    return place, line, _fix(view, line_edit(view, file, {number: rows}))


def _apache(view: ServerView, hidden: HiddenPage) -> Remedy:
    lines = [
        (site, number, text)
        for site in view.answering_sites[:1]
        for number in range(site.line, site.end + 1)
        if (match := _RESOURCE.fullmatch(text := line_text(view, site.file, number)))
        if match[1] == hidden.fallback
    ]
    if len(lines) != 1:
        return "", "", None
    site, number, text = lines[0]
    place, line = place_text(site.file, number), " ".join(text.split())
    if not _PLAIN.fullmatch(hidden.folder):
        return place, line, None
    added = f"FallbackResource {hidden.folder}index.html"
    folder = hidden.file.removesuffix("/index.html")
    return place, line, _fix(view, section_edit(view, site, folder, added))


def _is_below(hidden: HiddenPage) -> bool:
    """Return whether the folder's page lies below the folder of the page that was shown, by its
    address."""
    root = hidden.shown_file.removesuffix(hidden.fallback)
    return hidden.file == f"{root}{hidden.folder}index.html"


def _fix(view: ServerView, edit: Edit | None) -> Fix | None:
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW) if edit else None
