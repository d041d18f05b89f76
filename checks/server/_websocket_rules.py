"""The lines above a RewriteRule [P] to http:// that pass the WebSockets of its paths on: the same
rule to ws:// (mod_proxy_wstunnel), since a rule has no parameter `upgrade`."""

import re

from checks.server import ServerView, file_rows, indentation, line_edit
from diagnose.model import Edit
from diagnose.model.web_servers import SiteRoute

_WORD = r"(?:\"[^\"]{1,500}\"|[^\s\"]{1,500})"
_RULE = re.compile(rf"(?i)\s*RewriteRule\s+{_WORD}\s+\"?(?P<scheme>https?)://")
_CONDITION = re.compile(r"(?i)\s*RewriteCond\s")
#: Flags that count rules: a rule more would change what they mean.
_COUNTING = re.compile(r"(?i)\s*RewriteRule\s.*\[(?:.*,)?\s*(?:C|chain|S=\d+|skip=\d+)\s*[,\]]")
_UPGRADE = "RewriteCond %{HTTP:Upgrade} =websocket [NC]"
#: Most lines of a file, and characters of a line.
_MAX_LINES, _MAX_LINE = 5_000, 1_500


def websocket_rule_edit(view: ServerView, route: SiteRoute) -> Edit | None:
    """Return the edit that writes the rule for WebSockets before that of a route, with all of its
    conditions; None if it takes a person."""
    file = view.config.file(route.file) if view.config else None
    rows = file_rows(view, file)[:_MAX_LINES] if file else []
    if not 0 < route.line <= len(rows) or any(len(row) > _MAX_LINE for row in rows):
        return None
    rule = rows[route.line - 1]
    match = _RULE.match(rule)
    if match is None or any(map(_COUNTING.match, rows)):
        return None
    first = route.line
    while first > 1 and _CONDITION.match(rows[first - 2]):
        first -= 1
    scheme = {"http": "ws", "https": "wss"}[match["scheme"].lower()]
    of_websocket = f"{rule[: match.start('scheme')]}{scheme}{rule[match.end('scheme') :]}"
    added = (f"{indentation(rule)}{_UPGRADE}", *rows[first - 1 : route.line - 1], of_websocket)
    return line_edit(view, route.file, {first: (*added, rows[first - 1])})
