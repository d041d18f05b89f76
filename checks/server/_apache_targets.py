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
