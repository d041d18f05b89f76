"""Observation of a WebSocket's address without TLS."""

from typing import ClassVar

from diagnose.model import Observation
from diagnose.model.frozen import frozen
from diagnose.model.http import header
from diagnose.model.marks import Address, Headers, ReasonPhrase, Url, UrlPath
from diagnose.model.summary import Summary


@frozen(kw_only=True, eq=False)
class PlainHandshake(Observation):
    """A WebSocket's opening handshake at the ws:// address that somebody names, where the site
    itself has https. What follows an answer of 101 is not watched."""

    layer: ClassVar[str] = "websocket"

    url: Url
    path: UrlPath
    address: Address
    port: int
    status: int | None = None
    reason: ReasonPhrase = ""
    headers: Headers = ()

    @property
    def location(self) -> str:
        """The field Location, "" without one."""
        return header(self.headers, "Location") or ""

    def summary(self) -> Summary:
        return f"WebSocket {self.url}", f"{self.status} {self.reason}".rstrip()
