"""The path at which a framework opens its WebSocket, by the words of its log or of who names it.
No I/O.

They are the defaults of Action Cable (config.action_cable.mount_path), Phoenix (`socket "/live"`),
Streamlit (server/server_util.py), Home Assistant and Socket.IO: a message about one of them seldom
says the path.
"""

import re

_PATHS = (
    (r"Request origin not allowed: http|Failed to upgrade to WebSocket \(|action ?cable", "/cable"),
    (r"Phoenix\.Socket transport|(?<![a-z])live ?view(?![a-z])", "/live/websocket?vsn=2.0.0"),
    (r"(?<![a-z])streamlit(?![a-z])", "/_stcore/stream"),
    (r"Unable to connect to Home Assistant", "/api/websocket"),
    (
        r"(?<![a-z/])socket\.io(?![/a-z])|\bxhr p(?:oll|ost) error\b",
        "/socket.io/?EIO=4&transport=websocket",
    ),
)
_TABLE = tuple((re.compile(words, re.IGNORECASE), path) for words, path in _PATHS)


def socket_of_framework(text: str) -> str:
    """Return the path of the WebSocket of the framework that a message tells of; "" if it tells of
    none."""
    return next((path for words, path in _TABLE if words.search(text)), "")
