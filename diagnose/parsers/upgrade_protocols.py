"""Protocols other than WebSocket to which clients change over, by the path at which they ask. No
I/O.

A request for one is harmless by itself: without the first message of the protocol the application
ends the connection.
"""

import re

from diagnose.model.frozen import frozen


@frozen
class UpgradeProtocol:
    """A protocol, and the request that asks for it. `fields` are what the request needs besides."""

    name: str
    path: str
    method: str
    fields: tuple[str, ...] = ()


#: Tailscale: hscontrol/noise.go of Headscale, derp/derphttp/derphttp_client.go.
PROTOCOLS = (
    UpgradeProtocol(
        "tailscale-control-protocol", "/ts2021", "POST", ("X-Tailscale-Handshake: AAE=",)
    ),
    UpgradeProtocol("DERP", "/derp", "GET"),
)
_WORDS = re.compile(r"(?i)\b(?:tail|head)scale|ts2021")


def protocol_at(path: str) -> UpgradeProtocol | None:
    """Return the protocol for which clients ask at a path."""
    return next((protocol for protocol in PROTOCOLS if protocol.path == path), None)


def protocol_meant(text: str) -> UpgradeProtocol | None:
    """Return the protocol of the program of which a message speaks."""
    return PROTOCOLS[0] if _WORDS.search(text[:4000]) else None
