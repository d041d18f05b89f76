"""A redirect to https that heeds the field of a proxy in front: X-Forwarded-Proto."""

import re

from checks.server import ServerView, line_edit, line_text
from checks.server._haproxy import replace
from checks.server._haproxy_conditions import except_for
from diagnose.model import Edit
from diagnose.model.web_servers import SiteRedirect
from diagnose.parsers.haproxy.config import Line, split_words

_FIELD = re.compile(r"(?i)\s*RewriteCond\s+[\"']?%\{HTTP:")
_HTTPS = re.compile(
    r"(?i)(\s*)RewriteCond\s+[\"']?%\{HTTPS\}[\"']?\s+[\"']?(?:!=?on|off|=off)[\"']?\s*"
)


def heeding_edit(view: ServerView, redirect: SiteRedirect) -> Edit | None:
    """Return the edit by which the redirect is not for requests that came over https to a proxy in
    front; None if it takes a person."""
    if view.server.product == "haproxy":
        return haproxy_edit(view, redirect)
    return _apache_edit(view, redirect) if view.server.product == "apache" else None


def haproxy_edit(view: ServerView, redirect: SiteRedirect) -> Edit | None:
    """Return the same for a redirect of HAProxy; None for another server's."""
    if view.server.product != "haproxy":
        return None
    words = split_words(line_text(view, redirect.file, redirect.line))
    line = Line(words, redirect.file, redirect.line)
    text = except_for(line, "{ hdr(X-Forwarded-Proto) -i https }") if words else ""
    return replace(view, line, text) if text else None


def _apache_edit(view: ServerView, redirect: SiteRedirect) -> Edit | None:
    """Add a condition to a RewriteRule that has none but that on TLS."""
    rule = line_text(view, redirect.file, redirect.line)
    before = line_text(view, redirect.file, redirect.line - 1)
    above = line_text(view, redirect.file, redirect.line - 2)
    is_condition = before.strip().lower().startswith("rewritecond")
    is_known = not is_condition or (
        _HTTPS.fullmatch(before) and not above.strip().lower().startswith("rewritecond")
    )
    if not rule.strip().lower().startswith("rewriterule") or not is_known or _FIELD.match(before):
        return None
    margin = rule[: len(rule) - len(rule.lstrip())]
    condition = f"{margin}RewriteCond %{{HTTP:X-Forwarded-Proto}} !https"
    return line_edit(view, redirect.file, {redirect.line: (condition, rule)})
