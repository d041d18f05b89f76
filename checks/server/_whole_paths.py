"""The edit by which Apache, Caddy or HAProxy passes a path on to the application whole."""

import re

from checks.server import ServerView, line_edit, line_text, manual_fix, reload_steps
from checks.server._apache_whole_rules import whole_path_rule
from checks.server._caddy_edits import block_edit, rewrite_edit
from checks.server._haproxy import unchanged_path
from checks.server._pattern_ends import whole_match_edit
from diagnose.model import Applicability, Edit, Fix
from diagnose.model.web_servers import SiteRoute


def whole_path_fix(view: ServerView, route: SiteRoute, path: str) -> Fix:
    """Return the edit by which a route passes the path on as visitors ask for it, to be reviewed;
    else the words for a person."""
    edit = (
        whole_match_edit(view, route)
        or _proxy_pass_edit(view, route)
        or whole_path_rule(view, route)
        or _handle_path_edit(view, route)
        or unchanged_path(view, route, path)
        or rewrite_edit(view, route.file, route.line)
    )
    if edit is None:
        return manual_fix(view, "whole-path")
    # Other paths below this one may rely on the change.
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)


def _proxy_pass_edit(view: ServerView, route: SiteRoute) -> Edit | None:
    """Return the edit that gives Apache's ProxyPass the same path on both sides."""
    line = line_text(view, route.file, route.line)
    if view.server.product != "apache" or not re.match(r"(?i)\s*ProxyPass\s", line):
        return None
    whole = f"{route.scheme}://{route.authority}{route.path}"
    if line.count(route.target) != 1 or not route.host:
        return None
    return line_edit(view, route.file, {route.line: (line.replace(route.target, whole),)})


def _handle_path_edit(view: ServerView, route: SiteRoute) -> Edit | None:
    """Return the edit that writes Caddy's `handle` for the one `handle_path` of this path."""
    return block_edit(view, "handle_path", rf"{re.escape(route.path)}\*?", "handle")
