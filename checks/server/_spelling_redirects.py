"""A redirect of one path to another one, as Apache, Caddy and HAProxy write it."""

import re

from checks.server import ServerView, reload_steps
from checks.server._scoped_fields import inserted_edit
from diagnose.model import Applicability, Fix

#: A path that needs no quotes, and has no sign with a meaning but the dot.
_PLAIN = re.compile(r"/[\w/.~-]{1,200}", re.ASCII)


def spelling_fix(view: ServerView, path: str, spelling: str) -> Fix | None:
    """Return the fix that redirects a path to its other spelling; None if a person writes it."""
    if not _PLAIN.fullmatch(path) or not _PLAIN.fullmatch(spelling):
        return None
    lines = _lines(view, path, spelling)
    edit = inserted_edit(view, lines) if lines else None
    if edit is None:
        return None
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)


def _lines(view: ServerView, path: str, spelling: str) -> list[str]:
    match view.server.product:
        case "caddy":
            return [f"redir {path} {spelling} 301"]
        case "haproxy":
            condition = f"{{ hdr(host) -i {view.evidence.target.host} }} {{ path {path} }}"
            return [f"http-request redirect code 301 location {spelling} if {condition}"]
        case "apache" if view.config and "rewrite" in view.config.modules:
            # ProxyPass comes before Redirect, and RewriteRule before both.
            pattern = path.replace(".", r"\.")
            return ["RewriteEngine On", f"RewriteRule ^{pattern}$ {spelling} [R=301,L]"]
    return []
