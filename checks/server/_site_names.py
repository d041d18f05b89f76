"""The edit of a site's name in the configuration of a web server."""

import re

from checks.server import ServerView, file_rows, indentation, line_edit, line_text
from diagnose.model import Edit
from diagnose.model.web_servers import WebSite


def name_edit(view: ServerView, site: WebSite, written: str) -> Edit | None:
    """Return the edit that writes the target's name for a misspelled one, in the one line of the
    site that has it; None if several lines have it, or none."""
    file = view.config.file(site.file) if view.config and site.end else None
    lines = file_rows(view, file)[: site.end] if file else []
    name = re.compile(rf"(?<![\w.-]){re.escape(written)}(?![\w.-])", re.IGNORECASE)
    places = [
        number
        for number, line in enumerate(lines, 1)
        if number >= site.line and len(name.findall(line.partition("#")[0])) == 1
    ]
    if len(places) != 1:
        return None
    line = lines[places[0] - 1]
    if line.endswith("\\"):
        return None
    corrected = name.sub(lambda _: view.evidence.target.host, line, count=1)
    return line_edit(view, site.file, {places[0]: (corrected,)})


def address_edit(view: ServerView, site: WebSite, written: str) -> Edit | None:
    """Return the edit that gives a site of Caddy the target's name as well, behind one of its names
    in the line with its addresses; None if the line is not known or has a placeholder there."""
    line = line_text(view, site.file, site.line)
    address = re.compile(
        rf"(?<![^\s,])((?:https?://)?){re.escape(written)}((?::\d{{1,5}})?)(?=[\s,{{]|$)",
        re.IGNORECASE,
    )
    host = view.evidence.target.host
    if view.server.product != "caddy" or len(address.findall(line)) != 1 or "#" in line:
        return None
    added = address.sub(lambda match: f"{match[0]}, {match[1]}{host}{match[2]}", line)
    return line_edit(view, site.file, {site.line: (added,)})


def alias_edit(view: ServerView, site: WebSite) -> Edit | None:
    """Return the edit that gives a virtual host of Apache the target's name as well, below the last
    of its ServerName lines; None if it has none of its own."""
    file = view.config.file(site.file) if view.config and site.end else None
    lines = file_rows(view, file)[: site.end] if file else []
    places = [
        number
        for number, line in enumerate(lines, 1)
        if number >= site.line and line.strip().lower().startswith("servername ")
    ]
    if not places or view.server.product != "apache" or lines[places[-1] - 1].endswith("\\"):
        return None
    line = lines[places[-1] - 1]
    alias = f"{indentation(line)}ServerAlias {view.evidence.target.host}"
    return line_edit(view, site.file, {places[-1]: (line, alias)})


def first_name_edit(view: ServerView, site: WebSite) -> Edit | None:
    """Return the edit that gives a virtual host of Apache without a name the target's."""
    opening = line_text(view, site.file, site.line)
    if not opening.strip().lower().startswith("<virtualhost") or opening.endswith("\\"):
        return None
    name = f"{indentation(opening)}    ServerName {view.evidence.target.host}"
    return line_edit(view, site.file, {site.line: (opening, name)})


def without_name(view: ServerView, site: WebSite) -> Edit | None:
    """Return the edit that takes the target's name from a virtual host of Apache. Its ServerName
    becomes one that nobody asks for: without any it would have the machine's own, which may be the
    same. None if the lines are not known."""
    file = view.config.file(site.file) if view.config and site.end else None
    lines = file_rows(view, file)[: site.end] if file else []
    host, changes = view.evidence.target.host.lower(), dict[int, tuple[str, ...]]()
    for number, line in enumerate(lines, 1):
        words = line.split()
        if number < site.line or len(words) < 2 or line.endswith("\\"):
            continue
        name, kept = words[0].lower(), [word for word in words[1:] if word.lower() != host]
        if name == "servername" and words[1].lower() == host:
            changes[number] = (f"{indentation(line)}ServerName default.invalid",)
        elif name == "serveralias" and len(kept) < len(words) - 1:
            written = f"{indentation(line)}{words[0]} {' '.join(kept)}"
            changes[number] = (written,) if kept else ()
    return line_edit(view, site.file, changes) if changes else None
