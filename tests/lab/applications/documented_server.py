"""A known application as its own source answers who has not logged in, one of eight.

    python -m tests.lab.applications.documented_server code-server 3000

code-server checks the Origin of every WebSocket, then asks for a login, at any path
(src/node/routes/vscode.ts). Cockpit opens it, says that there is no session, and closes it
(src/ws/cockpithandlers.c). Open WebUI's Socket.IO takes a WebSocket and no polling
(backend/open_webui/socket/main.py). JupyterHub sends to its login. Portainer and Proxmox VE answer
401, with Upgrade and without. Paperless-ngx answers 403, and a request without Upgrade goes to
its login. ComfyUI refuses with 403 where the Host is the loopback and the Origin is another
(server.py).
"""

import asyncio
import base64
import contextlib
import hashlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass

#: How a path begins to which a page sends.
SENDS = ("/login", "/hub", "/accounts", "./")
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
REASONS = {200: "OK", 302: "Found", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden",
           404: "Not Found"}  # fmt: skip
OPEN = b'0{"sid":"lv_VI97HAXpY6yYWAAAB","upgrades":[],"pingTimeout":20000,"pingInterval":25000}'
NO_SESSION = b'\n{"command":"init","problem":"no-session"}'


@dataclass(frozen=True, slots=True)
class Known:
    """What it answers at its pages: a text, or the path to which it sends. `socket` is the
    beginning of the paths of its WebSockets, `upgraded` and `plain` the status there with and
    without Upgrade (101: it opens). It says `first` then, and closes it if it `closes`."""

    pages: Mapping[str, str]
    socket: str
    upgraded: int
    plain: int
    text: str = ""
    first: bytes = b""
    closes: bool = False
    own_origin: str = ""
    field: str = ""


def titled(title: str, head: str = "", body: str = "") -> str:
    return (
        f"<!doctype html><html><head><title>{title}</title>{head}</head><body>{body}</body></html>"
    )


KNOWN = {
    "code-server": Known(
        {"/": "./login", "/login": titled(
            "code-server login", '<meta id="coder-options" data-settings="{}" />')},
        "/", 401, 302, own_origin="always",
    ),
    "cockpit": Known(
        {"/": titled("Loading...", '<script src="cockpit/static/login.js"></script>')},
        "/cockpit/socket", 101, 400, first=NO_SESSION, closes=True, own_origin="always",
    ),
    # As it comes: it compares the Origin with the scheme that it speaks itself, and wants one.
    "cockpit-unset": Known(
        {"/": titled("Loading...", '<script src="cockpit/static/login.js"></script>')},
        "/cockpit/socket", 101, 400, first=NO_SESSION, closes=True, own_origin="scheme",
    ),
    "open-webui": Known(
        {"/": titled("Open WebUI", '<script src="/static/loader.js" defer></script>')},
        "/ws/socket.io/", 101, 400, '"Invalid transport"', OPEN,
    ),
    "jupyterhub": Known(
        {"/": "/hub/", "/hub/": "/hub/login?next=%2Fhub%2F", "/hub/login": titled("JupyterHub")},
        "/user/", 302, 302, field="X-JupyterHub-Version: 5.2.1\r\n",
    ),
    "portainer": Known(
        {"/": titled("Portainer")}, "/api/websocket/", 401, 401,
        '{"message":"A valid authorization token is missing","details":"Unauthorized"}',
    ),
    "proxmox-ve": Known(
        {"/": titled("pve - Proxmox Virtual Environment")}, "/api2/json/nodes/", 401, 401,
    ),
    "paperless-ngx": Known(
        {"/": "/accounts/login/?next=/", "/accounts/login/": titled("Paperless-ngx sign in")},
        "/ws/status/", 403, 302,
    ),
    "comfyui": Known(
        {"/": titled("ComfyUI")}, "/ws", 101, 400,
        'No WebSocket UPGRADE hdr: None\n Can "Upgrade" only to "WebSocket".',
        own_origin="loopback",
    ),
}  # fmt: skip


class Server:
    def __init__(self, known: Known) -> None:
        self.known = known

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while await self.answer(reader, writer):
                await writer.drain()
        with contextlib.suppress(OSError):
            writer.close()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        fields = {n.lower(): v.strip() for n, _, v in (x.partition(":") for x in lines)}
        await reader.readexactly(int(fields.get("content-length") or 0))
        method, target, version = first.split(" ")
        path = target.partition("?")[0]
        wants = "upgrade" in fields.get("connection", "").lower() and "upgrade" in fields
        foreign = self.is_foreign(fields)
        # The laboratory's own visitor opens /ws.
        if wants and not foreign and (path == "/ws" or self.opens(path)):
            await self.open(fields.get("sec-websocket-key", ""), reader, writer)
            return False
        status, text = (403, "") if foreign else self.response(path, wants)
        location = f"Location: {text}\r\n" if status == 302 else ""
        text = "" if location else text
        kind = "javascript" if path.endswith(".js") else "html"
        writer.write(
            f"HTTP/1.1 {status} {REASONS[status]}\r\nContent-Type: text/{kind}; charset=utf-8\r\n"
            f"{location}{self.known.field}Content-Length: {len(text.encode())}\r\n\r\n".encode()
            + (b"" if method == "HEAD" else text.encode())
        )
        return version == "HTTP/1.1" and fields.get("connection", "").lower() != "close"

    def is_foreign(self, fields: Mapping[str, str]) -> bool:
        """Whether it refuses the request, because its Origin is not its Host."""
        if self.known.own_origin == "scheme" and "upgrade" in fields:
            return fields.get("origin", "").lower() != f"http://{fields.get('host', '').lower()}"
        origin = fields.get("origin", "").partition("://")[2]
        host = fields.get("x-forwarded-host") or fields.get("host", "")
        if not origin or not self.known.own_origin or origin.lower() == host.lower():
            return False
        is_loopback = host.partition(":")[0] in {"127.0.0.1", "localhost"}
        if self.known.own_origin == "always":
            return "upgrade" in fields
        return is_loopback

    def opens(self, path: str) -> bool:
        return self.known.upgraded == 101 and path.startswith(self.known.socket)

    def response(self, path: str, wants: bool) -> tuple[int, str]:
        known = self.known
        if path.startswith(known.socket) and (wants or path not in known.pages):
            status = known.upgraded if wants else known.plain
            pages = (page for page in known.pages.values() if page.startswith(SENDS))
            return status, next(pages, "/") if status == 302 else known.text
        page = "// its script" if path.endswith(".js") else known.pages.get(path)
        if page is None:
            return 404, "Not found"
        return (302, page) if page.startswith(SENDS) else (200, page)

    async def open(
        self, key: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        accept = base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()
        writer.write(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode()
        )
        if first := self.known.first:
            writer.write(bytes((0x81, len(first))) + first)
        if self.known.closes:
            writer.write(b"\x88\x0c\x03\xe9no-session")
        await writer.drain()
        while frame := await reader.read(4096):
            if frame[0] == 0x89:  # a ping: its payload comes back
                mask, payload = frame[2:6], frame[6:]
                data = bytes(b ^ mask[i % 4] for i, b in enumerate(payload))
                writer.write(bytes((0x8A, len(data))) + data)
            elif frame[0] == 0x88:
                writer.write(b"" if self.known.closes else b"\x88\x00")
                await writer.drain()
                return
            await writer.drain()


async def main(name: str, port: int) -> None:
    server = await asyncio.start_server(Server(KNOWN[name]).serve, "127.0.0.1", port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
