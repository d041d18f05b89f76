"""Addresses of http: and https: that are those of WebSockets. No I/O."""

import re
from itertools import islice

from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.urls import polled_socketio_path
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
#: A request of Socket.IO over HTTP, whatever its method is. A session may be masked.
_POLLED = lazy_pattern(
    r"(/[\w~%./-]{1,100}\?[\w~%.*=&;+-]{0,200}\btransport=polling\b[\w~%.*=&;+-]{0,200})"
)
#: Maximum number of such requests of a message that are read.
_MAX_POLLED = 50


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


def polled_path_in(text: str) -> str:
    """Return the path of the WebSocket of the Socket.IO server whose requests over HTTP a message
    names; "" if it names none, or those of several."""
    requests = islice(_POLLED.finditer(text), _MAX_POLLED)
    paths = {path for match in requests if (path := polled_socketio_path(match[1]))}
    return next(iter(paths)) if len(paths) == 1 else ""
