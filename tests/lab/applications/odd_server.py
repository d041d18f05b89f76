"""A WebSocket that opens and is odd afterwards, or minds the Origin as a framework does.

    python -m tests.lab.applications.odd_server --act php-warning

Pages are served at every other path. The acts of bytes are those of tests/websockets; `library`
is a real server of the websockets library, which compresses where it was agreed on.
"""

import argparse
import asyncio
import contextlib
from collections.abc import Callable
from http import HTTPStatus

from websockets.asyncio.server import ServerConnection, serve
from websockets.frames import Opcode
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from tests.websockets import raw_servers as raw

from .options import PAGE

TEXT = raw.frame(Opcode.TEXT, b"hello")


async def late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """An application that waits for its database for a moment, and fails."""
    await asyncio.sleep(0.6)
    writer.write(raw.close(1011, "database is not there"))


async def speaks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A ping of the server every second."""
    while not writer.is_closing():
        await asyncio.sleep(1.0)
        writer.write(raw.frame(Opcode.PING))
        await writer.drain()


async def good_bye(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(3.0)
    writer.write(raw.close(1001, "idle"))


ACTS: dict[str, raw.Act] = {
    **raw.VIOLATIONS,
    **raw.WRONG_COMPRESSION,
    **raw.WRONG_EXTENSIONS,
    "http": raw.answering(raw.sends(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")),
    "masked": raw.answering(raw.sends(b"\x81\x82abcdef", True)),
    "late": raw.answering(late),
    "greets-and-leaves": raw.answering(raw.sends(TEXT + raw.close(1000))),
    "pushes": raw.answering(raw.sends(TEXT * 20, True)),
    "speaks": raw.answering(speaks),
    "good-bye": raw.answering(good_bye),
    "deaf": raw.answering(raw.waits),
    "empty-subprotocol": raw.answering(raw.waits, fields="Sec-WebSocket-Protocol: \r\n"),
}


def is_cable_origin(origin: str, host: str, scheme: str) -> bool:
    """Action Cable's allow_same_origin_as_host: the whole origin, and never none."""
    return origin == f"{scheme}://{host}"


def is_spring_origin(origin: str, host: str, scheme: str) -> bool:
    """Spring's WebUtils.isSameOrigin: none is fine."""
    return not origin or origin == f"{scheme}://{host}"


def is_development_origin(origin: str, host: str, scheme: str) -> bool:
    """A list of allowed origins as it was during development."""
    return origin == "http://localhost:3000"


#: What each framework accepts, and how it refuses.
ORIGINS: dict[str, tuple[Callable[[str, str, str], bool], HTTPStatus, str]] = {
    "cable": (is_cable_origin, HTTPStatus.NOT_FOUND, "Page not found"),
    "spring": (is_spring_origin, HTTPStatus.FORBIDDEN, "Invalid CORS request"),
    "development": (is_development_origin, HTTPStatus.FORBIDDEN, "Forbidden"),
}


async def by_library(options: argparse.Namespace) -> None:
    """A real server: it greets, and knows the subprotocol chat."""

    async def greet(connection: ServerConnection) -> None:
        await connection.send("hello, " * 40)
        await connection.wait_closed()

    def look(connection: ServerConnection, request: Request) -> Response | None:
        if "Upgrade" not in request.headers:
            response = connection.respond(HTTPStatus.OK, PAGE)
            del response.headers["Content-Type"]  # an assignment adds a second one
            response.headers["Content-Type"] = "text/html"
            return response
        if options.origin:
            accepts, status, text = ORIGINS[options.origin]
            headers = request.headers
            scheme = headers.get("X-Forwarded-Proto", "http")
            if not accepts(headers.get("Origin", ""), headers["Host"], scheme):
                return connection.respond(status, text)
        return None

    server = await serve(
        greet, "127.0.0.1", options.port, process_request=look,
        subprotocols=[Subprotocol("chat")], select_subprotocol=chosen, ping_interval=None,
    )  # fmt: skip
    await server.serve_forever()


def chosen(_: ServerConnection, offered: object) -> Subprotocol | None:
    return Subprotocol("chat") if "chat" in (offered or ()) else None  # type: ignore[operator]


async def by_bytes(options: argparse.Namespace) -> None:
    act = ACTS[options.act]

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, EOFError, asyncio.IncompleteReadError):
            request = await reader.readuntil(b"\r\n\r\n")
            if b"upgrade: websocket" in request.lower():
                await act(replayed(request, reader), writer)
            else:
                body = PAGE.encode()
                head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(body)}"
                writer.write(f"{head}\r\nConnection: close\r\n\r\n".encode() + body)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", options.port)
    await server.serve_forever()


class replayed(asyncio.StreamReader):
    """A reader that gives a request once more, and then what follows it."""

    def __init__(self, request: bytes, reader: asyncio.StreamReader) -> None:
        super().__init__()
        self._request, self._reader = request, reader

    async def readuntil(self, separator: bytes = b"\n") -> bytes:  # type: ignore[override]
        return self._request

    async def read(self, n: int = -1) -> bytes:
        return await self._reader.read(n)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=3000)
    parser.add_argument("--act", choices=(*ACTS, "library"), default="library")
    parser.add_argument("--origin", choices=(*ORIGINS, ""), default="")
    given = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run((by_library if given.act == "library" else by_bytes)(given))
