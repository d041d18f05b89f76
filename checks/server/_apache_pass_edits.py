"""The edit by which a virtual host of Apache passes one more path on to an application: a line
above all others, since the first `ProxyPass` that matches counts (mod_proxy, "ProxyPass")."""

import re

from checks.server import ServerView, indentation, line_edit
from checks.server._apache_modules import lacks_tunnel, loading_steps
from checks.server._apache_sections import lines_for
from diagnose.model import Edit, Step
from diagnose.model.web_servers import SiteRoute, WebSite
from diagnose.parsers.web_sites import is_within, may_take

_PASS = re.compile(r"(?i)\s*ProxyPass(?:Match)?\s+[\"'/^]")
#: What may stand before ProxyPass and is not known. A rule that has no [P] may change the path.
_UNKNOWN = re.compile(
    r"(?i)\s*(?:RewriteRule\s(?!.*\[(?:.*,)?P[,\]])|(?:Include|IncludeOptional|Use)\s)"
)
_PATH = re.compile(r"/[\w./~-]{0,200}", re.ASCII)
_WEBSOCKET_SCHEMES = {"http": "ws", "https": "wss"}


def passed_path_steps(
    view: ServerView,
    other: SiteRoute,
    path: str,
    inner: str,
    websocket: bool = False,
    site: WebSite | None = None,
) -> tuple[Step, ...]:
    """Return the steps that pass a path on to the application of another route, which gets `inner`
    in its place, without those that load them; () if it takes a person. `site` is the one that
    gets the line, by default the one of the other route."""
    edit = _edit(view, other, path, inner, websocket, site)
    if edit is None or not (websocket and lacks_tunnel(view)):
        return (edit,) if edit else ()
    loading = loading_steps(view, ("proxy_wstunnel",))
    return (*loading, edit) if loading is not None else ()


def _edit(
    view: ServerView,
    other: SiteRoute,
    path: str,
    inner: str,
    websocket: bool,
    site: WebSite | None,
) -> Edit | None:
    own = (site for site in view.answering_sites if is_within(site, other))
    site = site or next(own, None)
    is_plain = _PATH.fullmatch(path) and _PATH.fullmatch(inner) and other.host and other.port
    if site is None or len(view.answering_sites) != 1 or not is_plain or other.socket:
        return None
    lines = [line for line in lines_for(view, site, path) if line.order == 0]
    passes = [line for line in lines if _PASS.match(line.text)]
    if not passes or _has_earlier(site, path, {line.number for line in passes}, websocket):
        return None
    if any(_UNKNOWN.match(line.text) for line in lines):
        return None
    scheme = _WEBSOCKET_SCHEMES.get(other.scheme, other.scheme) if websocket else other.scheme
    indent, url = indentation(passes[0].text), f"{scheme}://{other.authority}{inner}"
    added = [f"{indent}ProxyPass {path} {url}"]
    if scheme in _WEBSOCKET_SCHEMES:
        added.append(f"{indent}ProxyPassReverse {path} {url}")
    return line_edit(view, site.file, {passes[0].number: (*added, passes[0].text)})


def _has_earlier(site: WebSite, path: str, lines: set[int], websocket: bool) -> bool:
    """Return whether a route that is not in one of these lines may take the path: one of a
    <Location>, or a rule. One for WebSockets alone takes no page."""
    return any(
        may_take(route, path)
        for route in site.routes
        if route.line not in lines and (websocket or route.for_pages is not False)
    )
