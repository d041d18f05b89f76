"""The words by which Apache, Caddy or HAProxy speaks HTTP/2 without TLS to an application, with the
edit after which it speaks HTTP/1.1. The edit by which Apache speaks TLS to one of its machine."""

import re
from collections.abc import Iterator

from checks.server import ServerView, indentation, line_edit, line_text, place_text
from checks.server._visitor_fields import caddy_lines
from diagnose.model import Edit
from diagnose.model.frozen import frozen
from diagnose.model.web_servers import SiteRoute, WebSite
from diagnose.parsers.web_sites import is_within

_HAPROXY = re.compile(r"(?<!\s)\s+proto\s+h2(?=\s|$)")
_FOR_WEBSOCKETS = re.compile(r"(?<!\s)\s+ws\s+\w")
_VERSIONS = re.compile(r"\s*versions\s+(?:h2c\s*2?|2\s*h2c)\s*")
#: Maximum number of lines of Caddy's block that are read.
_MAX_LINES = 200


@frozen
class SpokenProtocol:
    """The words of HTTP/2 alone, where they stand, and the edit that takes them away; `is_kept` if
    it leaves them to pages."""

    words: str
    place: str
    edit: Edit | None = None
    is_kept: bool = False


def spoken_http2(
    view: ServerView, route: SiteRoute, websocket: bool = False
) -> SpokenProtocol | None:
    """Return the words by which a route speaks HTTP/2 without TLS; None if it does not. Where a
    `websocket` alone fails, HAProxy speaks HTTP/1.1 for those alone ("ws h1", since 2.5)."""
    text, place = line_text(view, route.file, route.line), place_text(route.file, route.line)
    if view.server.product == "haproxy":
        if not _HAPROXY.search(text) or _FOR_WEBSOCKETS.search(text):
            return None
        is_kept = websocket and _knows_ws(view.server.version)
        new = _HAPROXY.sub(" proto h2 ws h1" if is_kept else "", text)
        return SpokenProtocol(
            "proto h2", place, line_edit(view, route.file, {route.line: (new,)}), is_kept
        )
    if view.server.product not in {"apache", "caddy"}:
        return None
    origin = f"h2c://{route.authority}"
    if re.search(rf"(?<![\w.-]){re.escape(origin)}(?!\d)", text):
        changes = _rewritten(view, route, origin, f"http://{route.authority}")
        return SpokenProtocol(origin, place, line_edit(view, route.file, changes))
    for number, line in _block_lines(view, route):
        if _VERSIONS.fullmatch(line):
            edit = line_edit(view, route.file, {number: ()})
            return SpokenProtocol(" ".join(line.split()), place_text(route.file, number), edit)
    return None


def _knows_ws(version: str) -> bool:
    """Return whether a version of HAProxy knows the word "ws" of a server (since 2.5)."""
    numbers = [int(part) for part in version.split(".")[:2] if part.isascii() and part.isdigit()]
    return tuple(numbers) >= (2, 5)


def _block_lines(view: ServerView, route: SiteRoute) -> Iterator[tuple[int, str]]:
    """Yield the lines of the block of Caddy's `reverse_proxy`, those of `transport` too."""
    if view.server.product != "caddy" or not any(caddy_lines(view, route)):
        return
    depth = 1
    for number in range(route.line + 1, route.line + _MAX_LINES):
        text = line_text(view, route.file, number)
        words = text.split()
        depth += (words[-1:] == ["{"]) - (words == ["}"])
        if depth < 1:
            return
        yield number, text


def _rewritten(
    view: ServerView, route: SiteRoute, origin: str, new: str
) -> dict[int, tuple[str, ...]]:
    """Return the lines of a route's site with another origin: of Apache also those of
    ProxyPassReverse."""
    site = _site(view, route) if view.server.product == "apache" else None
    numbers = range(site.line + 1, site.end) if site else (route.line,)
    pattern = re.compile(rf"(?<![\w.-]){re.escape(origin)}(?!\d)")
    changes: dict[int, tuple[str, ...]] = {}
    for number in numbers:
        text = line_text(view, route.file, number)
        if pattern.search(text) and not text.lstrip().startswith("#"):
            changes[number] = (pattern.sub(lambda _: new, text),)
    return changes


def _site(view: ServerView, route: SiteRoute) -> WebSite | None:
    return next((site for site in view.answering_sites if is_within(site, route)), None)


#: What Apache verifies unless a line says otherwise (mod_ssl, "SSLProxyCheckPeerName").
_UNVERIFIED = (
    "SSLProxyEngine on", "SSLProxyVerify none", "SSLProxyCheckPeerName off",
    "SSLProxyCheckPeerCN off", "SSLProxyCheckPeerExpire off",
)  # fmt: skip


def apache_tls_edit(view: ServerView, route: SiteRoute) -> Edit | None:
    """Return the edit by which Apache speaks TLS to an application of this machine, without a
    verification; None if the virtual host speaks TLS to another one, which would lose it."""
    site, modules = _site(view, route), view.config.modules if view.config else ()
    if site is None or "ssl" not in modules or route.socket or route.members:
        return None
    numbers = range(site.line + 1, site.end)
    own = [line_text(view, site.file, number) for number in numbers]
    is_set = any(line.lower().lstrip().startswith("sslproxy") for line in own)
    if is_set or any(other.scheme in {"https", "wss"} for other in site.routes):
        return None
    authority = route.authority
    changes = _rewritten(view, route, f"http://{authority}", f"https://{authority}")
    changes |= _rewritten(view, route, f"ws://{authority}", f"wss://{authority}")
    text = line_text(view, site.file, route.line)
    first = next((line for line in own if line.strip() and not line.strip().startswith("#")), text)
    head = line_text(view, site.file, site.line)
    if route.line not in changes or not head.lstrip().lower().startswith("<virtualhost"):
        return None
    added = tuple(f"{indentation(first)}{line}" for line in _UNVERIFIED)
    return line_edit(view, site.file, {**changes, site.line: (head, *added)})
