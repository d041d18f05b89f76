"""The paths at which the libraries of WebSockets and interfaces ask a server. They are no page, and
no address of a single-page application. No I/O.

SockJS asks BASE/info first, then BASE/SERVER/SESSION/TRANSPORT (SockJS protocol, "Base URL");
Socket.IO /socket.io/ with EIO in its query (Engine.IO protocol); SignalR HUB/negotiate
(TransportProtocols.md); Action Cable /cable; Phoenix /socket/websocket and /live/websocket.
"""

import re

#: Each expression has the path below which the library asks all of its requests as its group.
_BASES = tuple(
    re.compile(expression, re.ASCII)
    for expression in (
        r"(/(?:[\w.~-]{1,60}/){0,6}(?:socket|engine)\.io)(?:/|$)",
        r"(/(?:[\w.~-]{1,60}/){0,6}[\w.~-]{1,60})/(?:\d{3}|\w{1,20})/\w{1,40}"
        r"/(?:websocket|xhr(?:_send|_streaming)?|eventsource)$",
        r"(/(?:[\w.~-]{1,60}/){0,6}[\w.~-]{1,60})/negotiate$",
        r"(/(?:[\w.~-]{1,60}/){0,6}(?:sockjs|sockjs-node|sock|socket|ws|websocket|stomp)"
        r"(?:/[\w.~-]{1,60}){0,2})/info$",
        r"(/(?:[\w.~-]{1,60}/){0,6}(?:cable|graphql|signalr|sockjs-node))(?:/|$)",
        r"(/(?:socket|live))/(?:websocket|longpoll)$",
    )
)


def library_base(path: str) -> str:
    """Return the path below which such a library asks, without a slash at its end; "" if the path
    (its query does not count) is none of theirs."""
    own = path[:400].partition("?")[0]
    return next((match[1] for base in _BASES if (match := base.match(own))), "")
