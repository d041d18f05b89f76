"""A known application, as far as a visitor sees it who has not logged in.

    python -m tests.lab.applications.known_server n8n 3000

What each answers stands in `known_applications`.
"""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus

from websockets.frames import Opcode
from websockets.utils import apply_mask

from tests.lab.applications.known_applications import (
    APPLICATIONS,
    Answer,
    KnownApplication,
)
from tests.lab.applications.serving import run
from tests.websockets.raw_servers import close, frame, switching

PING, CLOSE = 0x80 | Opcode.PING, 0x80 | Opcode.CLOSE
SCRIPT = Answer(200, "// its script", "text/javascript; charset=utf-8")


async def serve(mode: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while await answer(APPLICATIONS[mode], reader, writer):
        await writer.drain()


async def answer(
    application: KnownApplication, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> bool:
    """Answer a request, and say whether there may be another on this connection."""
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    fields = {name.lower(): text.strip() for name, _, text in (x.partition(":") for x in lines)}
    await reader.readexactly(int(fields.get("content-length") or 0))
    method, target, version = first.split(" ")
    path = target.partition("?")[0]
    is_handshake = "upgrade" in fields.get("connection", "").lower() and "upgrade" in fields
    if is_foreign(application, fields):
        response = Answer(403)
    # The laboratory's own visitor opens /ws.
    elif is_handshake and (path == "/ws" or opens(application, path)):
        await talk(application, fields.get("sec-websocket-key", ""), reader, writer)
        return False
    else:
        response = response_to(application, method, path, is_handshake)
    is_redirect = response.status == HTTPStatus.FOUND
    location = f"Location: {response.text}\r\n" if is_redirect else ""
    body = b"" if is_redirect else response.text.encode()
    writer.write(
        f"HTTP/1.1 {response.status} {HTTPStatus(response.status).phrase}\r\n"
        f"Content-Type: {response.type}\r\n{location}{application.fields}"
        f"Content-Length: {len(body)}\r\n\r\n".encode()
        + (b"" if method == "HEAD" else body)
    )
    return version == "HTTP/1.1" and fields.get("connection", "").lower() != "close"


def is_socket(application: KnownApplication, path: str) -> bool:
    socket = application.socket
    return path.startswith(socket) if socket.endswith("/") else path == socket


def opens(application: KnownApplication, path: str) -> bool:
    return application.refused is None and is_socket(application, path)


def is_foreign(application: KnownApplication, fields: Mapping[str, str]) -> bool:
    """Return whether it refuses a request, because its Origin is not its Host."""
    if application.own_origin == "scheme" and "upgrade" in fields:
        return fields.get("origin", "").lower() != f"http://{fields.get('host', '').lower()}"
    origin = fields.get("origin", "").partition("://")[2]
    host = fields.get("x-forwarded-host") or fields.get("host", "")
    if not origin or origin.lower() == host.lower():
        return False
    if application.own_origin == "always":
        return "upgrade" in fields
    is_loopback = host.partition(":")[0] in {"127.0.0.1", "localhost"}
    return application.own_origin == "loopback" and is_loopback


def response_to(
    application: KnownApplication, method: str, path: str, is_handshake: bool
) -> Answer:
    if is_socket(application, path) and (is_handshake or path not in application.pages):
        refused = application.refused if is_handshake else None
        return refused or application.plain
    if path in application.pages:
        return application.pages[path]
    if path.endswith(".js"):
        return SCRIPT
    return Answer(201) if method in {"PUT", "POST"} else Answer(404, "Not found")


async def talk(
    application: KnownApplication,
    key: str,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> None:
    """Open a WebSocket, answer its pings, and close it after the client."""
    writer.write(switching(key))
    if application.greeting:
        writer.write(frame(Opcode.TEXT, application.greeting))
    if application.closes:
        writer.write(close(1001, "no-session"))
    await writer.drain()
    while data := await reader.read(4096):
        if data[0] == PING:
            writer.write(frame(Opcode.PONG, apply_mask(data[6:], data[2:6])))
        elif data[0] == CLOSE:
            writer.write(b"" if application.closes else frame(Opcode.CLOSE))
            await writer.drain()
            return
        await writer.drain()


if __name__ == "__main__":
    run(serve)
