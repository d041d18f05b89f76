"""What a Socket.IO server says when it refuses a client. No I/O.

Engine.IO's errors (engine.io, lib/server.ts, `errorMessages`): JSON with a code, or the message
alone after an upgrade.
"""

import re
from typing import Literal

#: "version": the client's protocol (EIO in its address) is not the server's. "transport": the
#: request names a transport that the server does not offer, or its query was lost on the way.
EngineError = Literal["version", "transport"]

_MESSAGES: tuple[tuple[EngineError, str], ...] = (
    ("version", r"Unsupported protocol version"),
    ("transport", r"Transport unknown"),
)
_VERSION = re.compile(r"[?&]EIO=(\d)(?:&|$)")


def engine_error(text: str) -> EngineError | None:
    """Return the error that an answer names, None for any other answer."""
    beginning = text[:2048]
    return next((name for name, message in _MESSAGES if re.search(message, beginning)), None)


def requested_version(url: str) -> int | None:
    """Return the protocol's version in a client's address: 3 is Socket.IO 2, 4 is Socket.IO 3 and 4
    (Engine.IO protocol, "History")."""
    match = _VERSION.search(url)
    return int(match[1]) if match else None
