"""The edit that takes a prefix off the target of Apache's `ProxyPass` (mod_proxy)."""

import re

from checks.server import ServerView, line_edit, line_text
from diagnose.model import Edit
from diagnose.model.web_servers import SiteRoute

#: `ProxyPass /app/ http://HOST:PORT/app/ …`, and the same with ProxyPassReverse.
_LINE = re.compile(
    r"(?i)(?P<head>\s*ProxyPass(?:Reverse)?\s+)(?P<path>/\S{0,300})(?P<gap>\s+)"
    r"(?P<origin>[a-z]{2,5}://[^/\s\"]{1,260})(?P<target>/\S{0,300})(?P<rest>(?:\s.{0,300})?)"
)
#: Lines above and below a line among which its ProxyPassReverse stands.
_NEAR = 40


def apache_target_edit(view: ServerView, route: SiteRoute) -> Edit | None:
    """Return the edit after which the application gets paths without a route's own path: the target
    of its line ends with "/", as the path has to. None if the line is written in another way."""
    own = _LINE.fullmatch(line_text(view, route.file, route.line))
    if own is None or own["path"] != own["target"] or own["path"] != route.path:
        return None
    prefix = f"{own['path'].rstrip('/')}/"
    if prefix == "/" or "$" in own["target"]:
        return None
    changes: dict[int, tuple[str, ...]] = {}
    for number in range(max(1, route.line - _NEAR), route.line + _NEAR):
        match = _LINE.fullmatch(line_text(view, route.file, number))
        is_same = match and (match["path"], match["target"]) == (own["path"], own["target"])
        if match and is_same and match["origin"] == own["origin"]:
            text = f"{match['head']}{prefix}{match['gap']}{match['origin']}/{match['rest']}"
            changes[number] = (text,)
    return line_edit(view, route.file, changes)


#: A rule for all paths of a WebSocket, which the application gets whole.
_RULE = re.compile(
    r"(?P<head>\s*RewriteRule\s+)\^?(?:/\??)?\(?\.[*+]\)?\$?(?P<gap>\s+)"
    r"\"?(?P<origin>wss?://[^/\s\"$%]{1,200})/?(?:\$1|%\{REQUEST_URI\})\"?(?P<rest>\s.{0,100})?",
    re.IGNORECASE,
)


def apache_rule_edit(view: ServerView, route: SiteRoute, sibling: SiteRoute) -> Edit | None:
    """Return the edit after which a rule for the WebSockets of all paths is that of the beginning
    which a sibling takes off, and takes it off too. None if the rule is written in another way."""
    match = _RULE.fullmatch(line_text(view, route.file, route.line))
    inner = sibling.backend_path if sibling.backend_path.startswith("/") else "/"
    if match is None or not re.fullmatch(r"(?:/[\w-]{1,60}){1,5}/?", sibling.path):
        return None
    prefix, start = sibling.path.rstrip("/"), inner.rstrip("/")
    rule = f"^{prefix}/(.*){match['gap']}{match['origin']}{start}/$1{match['rest'] or ''}"
    return line_edit(view, route.file, {route.line: (f"{match['head']}{rule}",)})
