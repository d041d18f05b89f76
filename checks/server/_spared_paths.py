"""The edit by which Apache, Caddy or HAProxy changes the path of pages, and passes those of one
folder on whole: the pages need the change, and their files or WebSockets lie at the root."""

import re

from checks.server import ServerView, indentation, line_edit, line_text, reload_steps
from checks.server._backend_answers import route_to_application
from checks.server._caddy_edits import rewriting_line
from checks.server._haproxy import changing_line, replace
from checks.server._haproxy_conditions import except_for
from diagnose.model import Applicability, Edit, Fix
from diagnose.model.http import page_exchanges
from diagnose.model.other_requests import OtherRequest
from diagnose.model.web_servers import SiteRoute
from diagnose.parsers.web_sites import inner_path, is_within

#: The first folder of a path, or a path without one.
_HEAD = re.compile(r"(/[\w.~-]{1,60}/|/[\w.~-]{1,60}\Z)")
_NAME = "@not_at_root"
_PASS = re.compile(r"(?i)\s*ProxyPass\s")


def needs_change(view: ServerView, route: SiteRoute, path: str) -> bool:
    """Return whether a page that is answered well gets a changed path from the same route: the
    target's, which has another path, or the one that loads this file."""
    evidence = view.evidence
    own = evidence.target.path_without_query
    pages = page_exchanges(evidence)
    is_well = bool(pages) and all((page.status or 500) < 400 for page in pages)
    loading = (
        request.sender
        for request in evidence.of(OtherRequest)
        if request.is_of_page and request.path == path and not request.observations
    )
    others = ([own] if is_well and own != path else []) + [page for page in loading if page]
    return any(_is_changed(view, route, other) for other in others)


def _is_changed(view: ServerView, route: SiteRoute, path: str) -> bool:
    other = route_to_application(view, path)
    is_same = other is not None and (other.file, other.line) == (route.file, route.line)
    return other is not None and is_same and inner_path(other, path) != path


def spared_path_fix(view: ServerView, route: SiteRoute, path: str) -> Fix | None:
    """Return the edit that leaves the first folder of a path as it is, to be reviewed; None if the
    line that changes paths is written in another way."""
    head = _HEAD.match(path)
    if head is None:
        return None
    edit = {"apache": _apache_edit, "caddy": _caddy_edit, "haproxy": _haproxy_edit}.get(
        view.server.product, _no_edit
    )(view, route, head[1], path)
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW) if edit else None


def _no_edit(view: ServerView, route: SiteRoute, folder: str, path: str) -> Edit | None:
    return None


def _apache_edit(view: ServerView, route: SiteRoute, folder: str, path: str) -> Edit | None:
    """The first ProxyPass that fits takes a request (mod_proxy, "ProxyPass")."""
    line = line_text(view, route.file, route.line)
    if not _PASS.match(line) or not route.host or route.pattern:
        return None
    origin = f"{route.scheme}://{route.authority}"
    more = re.search(r"\s(upgrade=websocket)(?=\s|$)", line)
    rest = f" {more[1]}" if more else ""
    added = f"{indentation(line)}ProxyPass {folder} {origin}{folder}{rest}"
    return line_edit(view, route.file, {route.line: (added, line)})


def _caddy_edit(view: ServerView, route: SiteRoute, folder: str, path: str) -> Edit | None:
    site = next(
        (
            answering_site
            for answering_site in view.answering_sites
            if is_within(answering_site, route)
        ),
        None,
    )
    number = rewriting_line(view, site) if site else 0
    line = line_text(view, site.file, number) if site and number else ""
    words = line.split()
    target = words[2:] if words[1:2] == ["*"] else words[1:]
    if words[:1] != ["rewrite"] or len(target) != 1 or not target[0].startswith("/"):
        return None
    spared = f"{indentation(line)}{_NAME} not path {folder}{'*' if folder.endswith('/') else ''}"
    new = f"{indentation(line)}rewrite {_NAME} {target[0]}"
    return line_edit(view, site.file, {number: (spared, new)}) if site else None


def _haproxy_edit(view: ServerView, route: SiteRoute, folder: str, path: str) -> Edit | None:
    line = changing_line(view, route, path)
    beginning = "path_beg" if folder.endswith("/") else "path"
    text = except_for(line, f"{{ {beginning} {folder} }}") if line else ""
    return replace(view, line, text) if line and text else None
