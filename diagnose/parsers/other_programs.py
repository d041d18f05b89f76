"""Whether a program of the server has a path that another program does not know. No I/O."""

from diagnose.model.backends import BackendVisit

#: Statuses of a program that knows nothing of a path. 400 and 426 may be about the handshake, 401
#: and 403 about a login.
UNKNOWN_PAGE = frozenset({404, 405, 410})
#: The status of nginx whose program refuses the connection (RFC 9110 section 15.6.3).
BAD_GATEWAY = 502
UNKNOWN_WEBSOCKET = frozenset({200, 404, 405, 410, 501})


def has_path(visit: BackendVisit) -> bool:
    """Return whether a program opened the WebSocket, or has something at the path."""
    return visit.accepted if visit.websocket else 200 <= (visit.status or 0) < 300


def is_of_many(path: str) -> bool:
    """Return whether many programs have such a path: one name alone, as /login, /users or /health.
    That another program of the server has it does not show that it was meant."""
    return "/" not in path.strip("/")
