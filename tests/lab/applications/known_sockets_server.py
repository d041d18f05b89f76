"""An application of which diagnose has a file, as far as its own source says what it answers to a
visitor who has not logged in.

    python known_sockets_server.py gotify 3000

gotify: auth/authentication.go answers 401 before it looks for an Upgrade. ntfy: server/errors.go
has its answer to a request without Upgrade. Chatwoot: Action Cable's connection/base.rb answers 404
then. MinIO: api/ws_handle.go lets a visitor without a login open ws/objectManager, and says after
gorilla's answer why it did not. ThingsBoard:
ThingsboardSecurityConfiguration.java lets everybody open /api/ws, Spring's AbstractHandshakeHandler
answers what is no upgrade. JumpServer: apps/notifications/ws.py closes before it accepts, which
Daphne makes a 403. Outline: server/services/websockets.ts closes the connection of another origin.
Odoo: addons/bus/websocket.py cannot bind the socket of a worker without gevent.
"""

import asyncio
import base64
import contextlib
import hashlib
import sys
from dataclasses import dataclass

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
REASONS = {200: "OK", 201: "Created", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden",
           404: "Not Found", 500: "Internal Server Error"}  # fmt: skip
JSON, HTML, TEXT = "application/json", "text/html; charset=utf-8", "text/plain; charset=utf-8"
#: A status, a type and a text.
Answer = tuple[int, str, str]


@dataclass(frozen=True, slots=True)
class Documented:
    """`plain` answers a request for the WebSocket's path that asks for no upgrade, `refused` a
    handshake; None: it opens. `fields` come with the page."""

    page: str
    socket: str
    plain: Answer
    refused: Answer | None = None
    fields: str = ""


def page(head: str, body: str = "") -> str:
    return f"<!doctype html><html><head>{head}</head><body>{body}</body></html>"


GOTIFY_LOGIN = (
    401, JSON,
    '{"error":"Unauthorized","errorCode":401,"errorDescription":"you need to provide a valid access'
    ' token or user credentials to access this api"}',
)  # fmt: skip
APPLICATIONS = {
    "gotify": Documented(
        page("<title>Gotify</title>", "<noscript>Gotify requires JavaScript.</noscript>"),
        "/stream",
        GOTIFY_LOGIN,
        GOTIFY_LOGIN,
    ),
    "ntfy": Documented(
        page('<title>ntfy web</title><meta property="og:title" content="ntfy web" />'),
        "/diagnose/ws",
        (
            400, JSON,
            '{"code":40016,"http":400,"error":"invalid request: client not using the websocket'
            ' protocol","link":"https://ntfy.sh/docs/subscribe/api/#websockets"}',
        ),
    ),
    "chatwoot": Documented(
        page("<title>Chatwoot</title><script>window.chatwootConfig = {\n hostURL: ''}</script>"),
        "/cable",
        (404, TEXT, "Page not found"),
    ),
    "minio": Documented(
        page('<meta content="MinIO Console" name="description"/><title>MinIO Console</title>'),
        "/ws/objectManager",
        (
            400, TEXT,
            'Bad Request\n{"code":500,"message":"websocket: the client is not using the websocket'
            " protocol: 'upgrade' token not found in 'Connection' header\"}",
        ),
    ),
    "thingsboard": Documented(
        page('<title>ThingsBoard</title><base href="/">', "<tb-root></tb-root>"),
        "/api/ws/plugins/telemetry",
        (400, TEXT, 'Can "Upgrade" only to "WebSocket".'),
    ),
    "jumpserver": Documented(
        page("<title>JumpServer</title>", "<form method=post></form>"),
        "/ws/notifications/site-msg/",
        (404, HTML, "<h1>Not Found</h1>"),
        (403, TEXT, ""),
        "Set-Cookie: jms_csrftoken=Qd8kz; Path=/; SameSite=Lax\r\n",
    ),
    "outline": Documented(
        page('<title>Outline</title><meta name="slack-app-id" content="" />'),
        "/realtime/",
        (400, JSON, '{"code":3,"message":"Bad request"}'),
    ),
    "moodle": Documented(
        page("<title>School</title>"),
        "/none",
        (404, HTML, "<h1>Not Found</h1>"),
        None,
        "Set-Cookie: MoodleSession=3kq; path=/; secure\r\n",
    ),
    "odoo": Documented(
        page('<title>Odoo</title><script id="web.layout.odooscript">var odoo = {}</script>'),
        "/websocket",
        (400, HTML, "<h1>Bad Request</h1><p>Empty or missing header(s): upgrade</p>"),
    ),
    # With workers: its port for pages, on which nothing can bind a WebSocket.
    "odoo-workers": Documented(
        page('<title>Odoo</title><script id="web.layout.odooscript">var odoo = {}</script>'),
        "/websocket",
        (400, HTML, "<h1>Bad Request</h1><p>Empty or missing header(s): upgrade</p>"),
        (500, HTML, "<h1>Internal Server Error</h1>"),
    ),
    # Odoo 15 has /longpolling in its place.
    "odoo-15": Documented(
        page('<title>Odoo</title><script id="web.layout.odooscript">var odoo = {}</script>'),
        "/websocket",
        (404, HTML, "<h1>Not Found</h1>"),
        (404, HTML, "<h1>Not Found</h1>"),
    ),
}  # fmt: skip


async def serve(
    application: Documented, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    with contextlib.suppress(OSError, asyncio.IncompleteReadError):
        while await answer(application, reader, writer):
            await writer.drain()
    with contextlib.suppress(OSError):
        writer.close()


async def answer(
    application: Documented, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> bool:
    """Answer a request, and say whether there may be another on this connection."""
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    fields = {name.lower(): text.strip() for name, _, text in (x.partition(":") for x in lines)}
    await reader.readexactly(int(fields.get("content-length") or 0))
    method, target, version = first.split(" ")
    path = target.partition("?")[0]
    is_handshake = "upgrade" in fields.get("connection", "").lower() and "upgrade" in fields
    is_socket = path == application.socket
    # The laboratory's own visitor opens /ws.
    if is_handshake and (path == "/ws" or (is_socket and application.refused is None)):
        await opened(fields.get("sec-websocket-key", ""), reader, writer)
        return False
    extra = ""
    if is_socket:
        status, kind, text = (is_handshake and application.refused) or application.plain
    elif path == "/":
        status, kind, text, extra = 200, HTML, application.page, application.fields
    else:
        status, kind, text = (201, TEXT, "") if method in {"PUT", "POST"} else (404, TEXT, "no")
    writer.write(
        f"HTTP/1.1 {status} {REASONS[status]}\r\nContent-Type: {kind}\r\n{extra}"
        f"Content-Length: {len(text.encode())}\r\n\r\n".encode()
        + (b"" if method == "HEAD" else text.encode())
    )
    return version == "HTTP/1.1" and fields.get("connection", "").lower() != "close"


async def opened(key: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    accept = base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()
    writer.write(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode()
    )
    await writer.drain()
    while frame := await reader.read(4096):
        if frame[0] == 0x89:  # a ping: its payload comes back
            mask, payload = frame[2:6], frame[6:]
            data = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
            writer.write(bytes((0x8A, len(data))) + data)
            await writer.drain()
        elif frame[0] == 0x88:
            writer.write(b"\x88\x00")
            await writer.drain()
            return


async def main(name: str, port: int) -> None:
    application = APPLICATIONS[name]
    server = await asyncio.start_server(
        lambda reader, writer: serve(application, reader, writer), "127.0.0.1", port
    )
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
