"""Addresses of http: and https: that are those of WebSockets, and hosts in messages that stand for
the site beside them. No I/O."""

import re

from diagnose.parsers.hostnames import is_address
from diagnose.parsers.urls import is_internal_host, is_related_host, polled_socketio_path
from diagnose.parsers.usual_paths import is_usual_websocket

#: Paths at which libraries and programs have a WebSocket and nothing else: Action Cable, Phoenix
#: and its LiveView, SockJS, Streamlit, Jupyter, Grafana Live, Home Assistant, Engine.IO.
_OWN_PATHS = re.compile(
    r"(?:/[\w.~-]{1,60}){0,6}(?:"
    r"/cable|/(?:socket|live)/websocket|/\d{3}/\w{1,40}/websocket|/_stcore/stream"
    r"|/api/kernels/[\w-]{8,60}/channels|/terminals/websocket/\w{1,40}|/api/live/ws|/api/websocket"
    r")/?",
    re.ASCII,
)
#: What the query of Engine.IO has of one client: its session, and the mark against caches.
_OF_CLIENT = frozenset({"sid", "t", "b64"})
#: Names that guides and anonymised messages write for somebody's own (RFC 2606 section 3).
_PLACEHOLDER = re.compile(
    r"(?:[\w-]{1,40}\.){0,3}(?:example\.(?:com|net|org)"
    r"|(?:x{2,20}|abc|foo|bar|acme|domain|website|yyy|aaa)\.\w{2,6}"
    r"|(?:your|my|our|the)[-_]?(?:own[-_]?)?(?:domain|site|server|website|web|app|name|host|company)"
    r"(?:[-_]?name)?\.\w{2,6}|[\w-]{1,40}\.(?:example|invalid|test|local|lan|internal|tld))"
)


def websocket_path(path: str, is_reported: bool = False) -> str:
    """Return the path of the WebSocket at the address of this path, "" if it is none. Where a
    person tells of a WebSocket (`is_reported`), the usual paths of one count, too."""
    bare_path, _, query = path[:2000].partition("?")
    words = query.split("&")
    if "transport=websocket" in words:
        kept = [word for word in words if word.partition("=")[0] not in _OF_CLIENT]
        return f"{bare_path}?{'&'.join(kept)}"
    if _OWN_PATHS.fullmatch(bare_path):
        return path
    if not is_reported:
        return ""
    return polled_socketio_path(path) or (path if is_usual_websocket(bare_path) else "")


def stands_for(host: str, site: str) -> bool:
    """Return whether a host in a message about a site may be the site itself under another name: a
    placeholder, an address, a name inside, or another name of the domain."""
    if is_address(site) or is_address(host) or is_internal_host(host) or "." not in host:
        return True
    bare, bare_site = (name.removeprefix("www.") for name in (host, site))
    return is_related_host(bare, bare_site) or _PLACEHOLDER.fullmatch(host) is not None
