"""A known application, as far as a visitor sees it who has not logged in.

    python known_server.py n8n 3000

What each answers is in its own source: n8n's /rest/push is behind its login, Mattermost's and Home
Assistant's WebSocket opens first and asks for a login then, Zigbee2MQTT answers its page or 404 to
a request without Upgrade, Grafana and Jellyfin answer 401.
"""

import asyncio
import base64
import contextlib
import hashlib
import sys
from dataclasses import dataclass

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
REASONS = {200: "OK", 201: "Created", 302: "Found", 400: "Bad Request", 401: "Unauthorized",
           404: "Not Found"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Known:
    """`socket` is the WebSocket's path, `plain` what it answers to a request without Upgrade, and
    with it too unless it `opens`."""

    page: str
    socket: str = ""
    plain: int = 404
    opens: bool = False
    text: str = '{"status":"error"}'


def titled(title: str, text: str = "") -> str:
    return f"<!doctype html><html><head><title>{title}</title></head><body>{text}</body></html>"


KNOWN = {
    "n8n": Known(titled("n8n.io - Workflow Automation"), "/rest/push", 401),
    "mattermost": Known(titled("Mattermost"), "/api/v4/websocket", 400, True),
    "zigbee2mqtt": Known(titled("Zigbee2MQTT"), "/api", 404, True),
    "home-assistant": Known(
        titled("Home Assistant", "<home-assistant></home-assistant>"),
        "/api/websocket", 400, True,
        'No WebSocket UPGRADE hdr: None\n Can "Upgrade" only to "WebSocket".',
    ),
    "grafana": Known(titled("Grafana"), "/api/live/ws", 401),
    "jellyfin": Known(titled("Jellyfin"), "/socket", 401),
    "nextcloud": Known(titled("Login – Nextcloud")),
    "gitea": Known(titled("Git", "<footer>Powered by Gitea</footer>")),
    "desk": Known(
        titled("Desk", "<script>new WebSocket(`wss://${location.host}/live`)</script>"),
        "/live", 401,
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
        # The laboratory's own visitor opens /ws.
        if wants and (path == "/ws" or (path == self.known.socket and self.known.opens)):
            await self.open(fields.get("sec-websocket-key", ""), reader, writer)
            return False
        status, text = self.response(method, path)
        writer.write(
            f"HTTP/1.1 {status} {REASONS[status]}\r\nContent-Type: text/html; charset=utf-8\r\n"
            f"Content-Length: {len(text.encode())}\r\n\r\n".encode()
            + (b"" if method == "HEAD" else text.encode())
        )
        return version == "HTTP/1.1" and fields.get("connection", "").lower() != "close"

    def response(self, method: str, path: str) -> tuple[int, str]:
        if path == self.known.socket:
            return self.known.plain, self.known.text
        if path == "/":
            return 200, self.known.page
        return (201, "") if method in {"PUT", "POST"} else (404, "Not found")

    async def open(
        self, key: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        accept = base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()
        writer.write(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode()
        )
        await writer.drain()
        while frame := await reader.read(4096):
            if frame[0] == 0x89:  # a ping: its payload comes back
                mask, payload = frame[2:6], frame[6:]
                data = bytes(b ^ mask[i % 4] for i, b in enumerate(payload))
                writer.write(bytes((0x8A, len(data))) + data)
                await writer.drain()
            elif frame[0] == 0x88:
                writer.write(b"\x88\x00")
                await writer.drain()
                return


async def main(name: str, port: int) -> None:
    server = await asyncio.start_server(Server(KNOWN[name]).serve, "127.0.0.1", port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
