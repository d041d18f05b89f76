"""Paths at which applications usually open their WebSockets. No I/O."""

#: Of libraries and of guides.
USUAL_PATHS = (
    "/ws",
    "/wss",
    "/websocket",
    "/websockets",
    "/socket",
    "/socket.io",
    "/cable",
    "/sockjs",
)


def is_usual_websocket(path: str) -> bool:
    """Return whether a path, without its query, is a usual one of a WebSocket."""
    return path.rstrip("/") in USUAL_PATHS
