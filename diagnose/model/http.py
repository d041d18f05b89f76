"""What can be seen of HTTP requests and WebSocket handshakes."""

from dataclasses import dataclass
from typing import ClassVar

from diagnose.model import Observation

Headers = tuple[tuple[str, str], ...]


def header(headers: Headers, name: str) -> str | None:
    """The first value of a field, by its case-insensitive name (RFC 9110 section 5.1)."""
    return next((value for key, value in headers if key.lower() == name.lower()), None)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Exchange(Observation):
    """One HTTP request and its answer, on one address.

    `redirected_from` is the URL whose answer led here; `body` at most the first two
    kilobytes, as text. `purpose` is "target", "plain" (the target's name over http),
    "redirect" (a step further), "acme" (the HTTP-01 challenge path) or "plain-to-tls".
    """

    layer: ClassVar[str] = "http"

    url: str
    address: str
    port: int
    method: str = "GET"
    purpose: str = "target"
    status: int | None = None
    reason: str = ""
    version: str = ""
    headers: Headers = ()
    body: str = ""
    redirected_from: str | None = None
    verified: bool = True

    def header(self, name: str) -> str | None:
        return header(self.headers, name)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Upgrade(Observation):
    """One WebSocket opening handshake (RFC 6455 section 4) and what followed.

    `variant` is "normal", "no-origin" or "subprotocol"; `accepted` whether status,
    Upgrade, Connection and Sec-WebSocket-Accept were all right, `fault` which of them was not
    ("status", "upgrade", "connection", "accept", "subprotocol"). `ping_s` is the round trip of
    a ping frame, `close_code` the close code if the server closed at once. `through` is "front"
    (the site's own URL) or "application" (the server behind the proxy, tried directly).
    """

    layer: ClassVar[str] = "websocket"

    url: str
    path: str
    address: str
    port: int
    variant: str = "normal"
    through: str = "front"
    status: int | None = None
    reason: str = ""
    headers: Headers = ()
    body: str = ""
    accepted: bool = False
    fault: str = ""
    offered: tuple[str, ...] = ()
    subprotocol: str | None = None
    ping_s: float | None = None
    close_code: int | None = None

    def header(self, name: str) -> str | None:
        return header(self.headers, name)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Clock(Observation):
    """How far this machine's clock is ahead of another's, in seconds, by the Date field of an
    HTTP answer (RFC 9110 section 6.6.1); right to about a second and half the round trip."""

    layer: ClassVar[str] = "host"

    source: str
    ahead_s: float
