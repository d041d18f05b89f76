"""A redirect of Caddy to one of a site's own names, for all of them: that name is left out."""

import re

from checks.server import ServerView, indentation, line_edit, line_text
from diagnose.model import Edit
from diagnose.model.web_servers import SiteRedirect

_LINE = re.compile(
    r"\s*redir\s+https?://([\w.-]{1,253})(?:/?\{uri\})?(?:\s+(?:\d{3}|permanent|temporary))?\s*"
)
_MATCHER = "@other_names"


def other_names_edit(view: ServerView, redirect: SiteRedirect) -> Edit | None:
    """Return the edit by which the redirect is for the other names of the site alone; None if the
    site has one name, or the line is written in another way."""
    text = line_text(view, redirect.file, redirect.line)
    match = _LINE.fullmatch(text)
    names = {name for site in view.answering_sites for name in site.names}
    file = view.config.file(redirect.file) if view.config else None
    if match is None or file is None or view.server.product != "caddy" or _MATCHER in file.text:
        return None
    name = match[1].lower()
    if name not in names or len(names) < 2:
        return None
    matcher = f"{indentation(text)}{_MATCHER} not host {name}"
    written = re.sub(r"\bredir\s+", f"redir {_MATCHER} ", text, count=1)
    return line_edit(view, redirect.file, {redirect.line: (matcher, written)})
