"""A site on loopback, with TLS and a WebSocket, whose answers a test changes."""

import asyncio
import base64
import hashlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import trustme

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


@dataclass
class ChangingSite:
    """Its `status` is that of pages, `upgrades` whether it opens WebSockets. `paths` and `heads`
    are those of the requests so far."""

    authority: trustme.CA
    context: ssl.SSLContext
    status: str = "200 OK"
    location: str = ""
    upgrades: bool = True
    port: int = 0
    paths: list[str] = field(default_factory=list)
    heads: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}/"

    def renew(self) -> None:
        """Show another certificate from now on."""
        self.authority.issue_cert("127.0.0.1").configure_cert(self.context)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                self.heads.append(head)
                self.paths.append(head.split()[1].decode())
                await self._answer_one(head, reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            writer.close()

    async def _answer_one(
        self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        key = next(
            (line[19:].strip() for line in head.split(b"\r\n") if line[:18].lower() == _KEY), b""
        )
        if key and self.upgrades:
            accept = base64.b64encode(hashlib.sha1(key + _GUID).digest())
            writer.write(_SWITCHING + accept + b"\r\n\r\n")
            await reader.read()
            return
        location = f"Location: {self.location}\r\n" if self.location else ""
        writer.write(f"HTTP/1.1 {self.status}\r\n{location}Content-Length: 2\r\n\r\nok".encode())


_KEY = b"sec-websocket-key:"
_SWITCHING = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: "
)


@asynccontextmanager
async def changing_site() -> AsyncIterator[ChangingSite]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    site = ChangingSite(trustme.CA(), context)
    site.renew()
    server = await asyncio.start_server(site.answer, "127.0.0.1", 0, ssl=context)
    site.port = server.sockets[0].getsockname()[1]
    async with server:
        yield site
