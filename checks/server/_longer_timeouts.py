"""Edits by which Apache or Caddy wait longer for the answer of an application."""

import math
import re

from checks.server import ServerView, line_edit, line_text
from checks.server._haproxy import haproxy_view, longer_server_timeout
from checks.server._page_timeouts import PageTimeout
from diagnose.model import Edit
from diagnose.model.web_servers import WebSite


def longer_wait(view: ServerView, timeout: PageTimeout | None, needed: float) -> Edit | None:
    """Return the edit that lets the server wait twice as long as an answer takes (`needed`, in
    seconds), a minute at least. None if it takes a person."""
    haproxy, site = haproxy_view(view.evidence), next(iter(view.answering_sites), None)
    if haproxy is not None:
        backend = haproxy.proxies.backend
        return longer_server_timeout(view, backend, needed) if backend else None
    if site is None:
        return None
    return longer_timeout_edit(view, site, timeout, max(60, math.ceil(needed * 2)))


def longer_timeout_edit(
    view: ServerView, site: WebSite, timeout: PageTimeout | None, seconds: int
) -> Edit | None:
    """Return the edit that lets a site wait so many seconds: another number in the setting that
    ended the wait, or a ProxyTimeout of the site's own where that setting is for all sites, or is
    not known. None if it takes a person."""
    is_apache = view.server.product == "apache"
    is_global = is_apache and (timeout is None or (timeout.text[:7].lower() == "timeout"
                               and "=" not in timeout.text))  # fmt: skip
    if is_global and site.end and not _has_parameter(view, site):
        opening = line_text(view, site.file, site.line)
        indent = " " * (len(opening) - len(opening.lstrip()) + 4)
        added = f"{indent}ProxyTimeout {seconds}"
        return line_edit(view, site.file, {site.line: (opening, added)}) if opening else None
    if timeout is None or not timeout.file:
        return None
    line = line_text(view, timeout.file, timeout.line)
    value = timeout.text.replace("=", " ").split()[-1]
    unit = "" if is_apache else "s"
    new = timeout.text.removesuffix(value) + f"{seconds}{unit}"
    # Not the end of another word: "connectiontimeout=5 timeout=5".
    changed, count = re.subn(rf"(?<!\w){re.escape(timeout.text)}(?!\w)", lambda _: new, line)
    return line_edit(view, timeout.file, {timeout.line: (changed,)}) if count == 1 else None


def _has_parameter(view: ServerView, site: WebSite) -> bool:
    """Return whether a ProxyPass of a site has a `timeout=`, which counts before ProxyTimeout."""
    lines = (line_text(view, site.file, number) for number in range(site.line, site.end))
    return any("timeout=" in line.lower() for line in lines)
