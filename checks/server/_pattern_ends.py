"""A pattern of Apache's that ends before the path does: `$1` has the beginning of the path alone,
and what follows is lost (ProxyPassMatch, ProxyPass within LocationMatch, RewriteRule with [P])."""

import re

from checks.server import ServerView, line_edit, line_text
from diagnose.model import Edit
from diagnose.model.web_servers import SiteRoute

#: Lines between the start of a section and its ProxyPass.
_MAX_SECTION = 40
_MAX_PATTERN = 300


def whole_match_edit(view: ServerView, route: SiteRoute) -> Edit | None:
    """Return the edit by which the group of a pattern takes the rest of the path too; None if the
    route has no such pattern."""
    own = _pattern_of(view, route)
    pattern = own and widened_pattern(own.path, own.backend_path)
    if own is None or not pattern:
        return None
    # The pattern of a section stands in a line above.
    for number in range(route.line, max(0, route.line - _MAX_SECTION), -1):
        text = line_text(view, route.file, number)
        if text.count(own.path) == 1:
            return line_edit(view, route.file, {number: (text.replace(own.path, pattern),)})
    return None


def is_cut(view: ServerView, route: SiteRoute, path: str, inner: str) -> bool:
    """Return whether a route by a pattern passes on the path without its end."""
    own = _pattern_of(view, route)
    last = path.rstrip("/").rpartition("/")[2]
    is_lost = not inner.rstrip("/").endswith(f"/{last}")
    return own is not None and is_lost and bool(widened_pattern(own.path, own.backend_path))


def _pattern_of(view: ServerView, route: SiteRoute) -> SiteRoute | None:
    """Return a route of Apache's by a pattern as it is for all paths; None if it has none."""
    if view.server.product != "apache":
        return None
    routes = (each for site in view.answering_sites for each in site.routes if each.pattern)
    place = route.file, route.line
    return next((each for each in routes if (each.file, each.line) == place), None)


def widened_pattern(pattern: str, target: str) -> str:
    """Return a pattern whose last group takes the rest of the path; "" if the target does not end
    with that group, or the pattern with another thing than a slash."""
    number = re.search(r"\$([1-9])$", target)
    body = pattern.removesuffix("?").removesuffix("/") if pattern.endswith("/?") else pattern
    body = body.removesuffix("/")
    if number is None or len(pattern) > _MAX_PATTERN or not body.endswith(")"):
        return ""
    opened: list[tuple[int, int]] = []
    groups = 0
    # A class or an escaped character opens nothing.
    for match in re.finditer(r"\\.|\[\^?\]?[^\]]*\]|\(\?|[()]", body):
        if match[0] in {"(", "(?"}:
            groups += match[0] == "("
            opened.append((match.start(), groups if match[0] == "(" else 0))
        elif match[0] == ")":
            start, group = opened.pop() if opened else (0, 0)
            if match.end() == len(body) and group == int(number[1]) and not opened:
                return f"{body[:start]}((?:{body[start + 1 : -1]})(?:/.*)?)"
    return ""
