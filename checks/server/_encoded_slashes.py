"""The edit by which Apache takes paths with an encoded slash: `AllowEncodedSlashes NoDecode` in the
virtual host, which does not get it from the main server (core, "AllowEncodedSlashes")."""

import re

from checks.server import ServerView, indentation, line_edit, line_text
from checks.server._backend_answers import route_to_application
from diagnose.model import Edit
from diagnose.model.server_rules import AnsweringRule

_HOST = re.compile(r"(?i)\s{0,200}<VirtualHost\s")
_PASS = re.compile(r"(?i)\s{0,200}ProxyPass(?:Match)?\s")
_SETTING = re.compile(r"(?i)(\s{0,200}AllowEncodedSlashes\s+)\"?Off\"?\s*")
_LINE = "AllowEncodedSlashes NoDecode"


def encoded_slash_edit(view: ServerView, rule: AnsweringRule) -> Edit | None:
    """Return the edit, with `nocanon` on the line that passes the path on, if it is a ProxyPass;
    None if the lines are not such ones, or another way passes it on."""
    sites = view.answering_sites
    route = route_to_application(view, rule.path, rule.websocket)
    passing = line_text(view, route.file, route.line) if route else ""
    if len(sites) != 1 or route is None or not _PASS.match(passing):
        return None
    file, number = sites[0].file, sites[0].line
    head, own = line_text(view, file, number), line_text(view, rule.file, rule.line)
    changes: dict[int, tuple[str, ...]] = {}
    if match := _SETTING.fullmatch(own):
        file, changes = rule.file, {rule.line: (f"{match[1]}NoDecode",)}
    elif not rule.file and _HOST.match(head):
        below = indentation(line_text(view, file, number + 1)) or f"{indentation(head)}    "
        changes = {number: (head, f"{below}{_LINE}")}
    if "nocanon" not in passing.lower():
        if route.file != file:
            return None
        changes[route.line] = (f"{passing.rstrip()} nocanon",)
    return line_edit(view, file, changes) if changes else None
