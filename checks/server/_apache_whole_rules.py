"""The edit by which a rule of Apache that passes requests on keeps their path (mod_rewrite,
"RewriteRule"; mod_proxy, "ProxyPassMatch"): its target has no `$1`, and all paths get the same."""

import re

from checks.server import ServerView, line_edit, line_text
from diagnose.model import Edit
from diagnose.model.web_servers import SiteRoute

_RULE = re.compile(
    r"(?i)(\s*)(RewriteRule|ProxyPassMatch)(\s+)(\"[^\"]{1,300}\"|[^\s\"]{1,300})(\s+)(\"?)"
    r"((?:wss?|https?)://[\w.:\[\]-]{1,120})(/[^\s\"$%|]{0,200})?\6(\s.*)?"
)
#: `/(.*)`, `^/?(.*)$`, `^/chat/(.*)`, `^(/.*)`: what the group has of the path.
_PATTERN = re.compile(r"\^?(/\??)?((?:[\w-]{1,60}/){0,6})\((/?)\.[*+]\)\$?", re.ASCII)


def whole_path_rule(view: ServerView, route: SiteRoute) -> Edit | None:
    """Return the edit that gives the rule of a route the visitor's path; None if it has another
    line, or if a person has to read it."""
    match = _RULE.fullmatch(line_text(view, route.file, route.line))
    if view.server.product != "apache" or match is None or not route.host:
        return None
    is_rule = match[2].lower() == "rewriterule"
    path = _path_of(match[4].strip('"')) or ("%{REQUEST_URI}" if is_rule else "")
    if not path:
        return None
    indent, name, gap, pattern, space, quote, base, _, rest = match.groups()
    changed = f"{indent}{name}{gap}{pattern}{space}{quote}{base}{path}{quote}{rest or ''}"
    return line_edit(view, route.file, {route.line: (changed,)})


def _path_of(pattern: str) -> str:
    """Return the visitor's path as the target of such a pattern; "" if its group is not known to be
    the whole rest of the path. Without a slash before it, the group has it only outside of
    folders."""
    match = _PATTERN.fullmatch(pattern)
    if match is None or (not match[1] and not match[3]):
        return ""
    if match[2] and not pattern.startswith("^"):
        return ""
    if match[3]:
        return "$1" if not match[1] and not match[2] else ""
    return f"/{match[2]}$1"
