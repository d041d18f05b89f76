"""An application that answers as a framework does in a thread about nginx in front of it.

    python -m tests.lab.applications.framework_server code-server 3001

`php` speaks FastCGI, as PHP-FPM does. All others speak HTTP/1, pages and a WebSocket at /ws.
"""

import asyncio
import json
import math
import socket
import struct
from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

from websockets.utils import accept_key

from tests.lab.applications.serving import run

PAGE = (
    "<!doctype html><title>Shop</title><p>It works: this is the shop's page, with some text.</p>\n"
)
Answer = tuple[str, str, tuple[str, ...]]
TEXT, JSON, SCRIPT = (
    f"Content-Type: {kind}" for kind in ("text/plain", "application/json", "text/javascript")
)
SOCKET: Answer = ("101 Switching Protocols", "", ())
REFUSED: Answer = ("403 Forbidden", "Forbidden\n", (TEXT,))


def with_script(text: str) -> str:
    return f"<!doctype html><title>Shop</title><script>{text}</script><div id=app></div>\n"


def host_of(origin: str) -> str:
    return origin.partition("://")[2]


def answer(mode: str, path: str, fields: Mapping[str, str]) -> Answer:
    host, origin = fields.get("host", ""), fields.get("origin", "")
    forwarded, scheme = (
        fields.get("x-forwarded-host", host),
        fields.get("x-forwarded-proto", "http"),
    )
    page: Answer = ("200 OK", PAGE, ())
    url = urlsplit(path)
    if fields.get("upgrade", "").lower() == "websocket":
        return upgrade(mode, url.path, parse_qs(url.query), host_of(origin), forwarded)
    match mode:
        case "cors":
            return "200 OK", json.dumps({"ok": True}), (JSON, "Access-Control-Allow-Origin: *")
        case "cors-asked" if origin:
            return (
                "200 OK",
                json.dumps({"ok": True}),
                (JSON, f"Access-Control-Allow-Origin: {origin}"),
            )
        case "cors-listed" if origin and origin != "https://app.example.net":
            return "403 Forbidden", "Invalid CORS request", (TEXT,)
        case "adds-a-slash" if url.path == "/api/items":
            location = f"Location: {scheme}://{host}/api/items/"
            return "307 Temporary Redirect", "", (location,)
        case "adds-a-slash" if url.path == "/api/items/":
            return "200 OK", json.dumps([{"id": 1}]), (JSON,)
        case "webdav" if destination := fields.get("destination"):
            if destination.startswith("http://"):
                return "201 Created", "", ()
            return "502 Bad Gateway", "Source and destination must have the same scheme.\n", (TEXT,)
        case "nextjs" if url.path == "/" and forwarded != "shop.example.com":
            return "307 Temporary Redirect", "", (f"Location: {scheme}://{forwarded}/login",)
        case "spring" if url.path == "/":
            return "302 Found", "", (f"Location: {scheme}://{host}/login",)
        case "spring-http" if url.path == "/" and scheme == "http":
            return "302 Found", "", (f"Location: http://{host}/login",)
        case "wordpress" if scheme != "https":
            return "301 Moved Permanently", "", (f"Location: https://{host}{path}",)
        case "fastapi-slash" if url.path.endswith("/"):
            return "307 Temporary Redirect", "", (f"Location: {scheme}://{host}{path[:-1]}",)
        case "www" if not host.startswith("www."):
            return "301 Moved Permanently", "", (f"Location: https://www.{host}{path}",)
        case "nuxt":
            return "200 OK", with_script('new WebSocket("wss://localhost:24678/_nuxt/","hmr")'), ()
        case "reverb":
            script = 'new WebSocket("wss://shop.example.com:8080/app/key?protocol=7")'
            return "200 OK", with_script(script), ()
        case "workerman":
            script = (
                "var scheme = location.protocol === 'https:' ? 'wss://' : 'ws://';"
                "new WebSocket(scheme + location.hostname + ':8080/');"
            )
            return "200 OK", with_script(script), ()
        case "bad-gzip" | "big-script" if url.path == "/app.js":
            coding = ("Content-Encoding: gzip",) if mode == "bad-gzip" else ()
            return "200 OK", "console.log(1);\n" * (1 if coding else 200_000), (SCRIPT, *coding)
        case "bad-gzip" | "big-script":
            return "200 OK", PAGE + '<script src="/app.js"></script>\n', ()
        case "links" if url.path == "/app.js":
            return "200 OK", "console.log(1);\n", (SCRIPT,)
        case "links":
            return "200 OK", PAGE + f'<script src="{scheme}://{host}/app.js"></script>\n', ()
        case "printer":
            return "200 OK", with_script('new WebSocket("wss://localhost:8181/")'), ()
        case "built-for-localhost":
            return "200 OK", with_script('fetch("http://localhost:3000/api/items")'), ()
        case _:
            return page


def upgrade(
    mode: str, path: str, query: Mapping[str, list[str]], origin: str, forwarded: str
) -> Answer:
    match mode:
        case "code-server" if origin and origin != forwarded:
            return REFUSED
        case "root-is-a-page" if path == "/":
            return "200 OK", PAGE, ()
        case "token" if query.get("token") != ["abc"]:
            return REFUSED
        case _:
            return SOCKET


def record(kind: int, content: bytes) -> bytes:
    """FastCGI 1.0 section 3.3."""
    return bytes((1, kind, 0, 1)) + len(content).to_bytes(2, "big") + b"\0\0" + content


def _names(request: bytes, script: str) -> bool:
    """Whether FastCGI's request is for a script by its own name, with nothing behind it."""
    asked = f"REQUEST_URI/{script}.php".encode()
    return asked in request and asked + b"/" not in request


#: A form for what visitors write, at an address that only the program knows.
FORM = "<form method=post action=/index/save><input name=text></form>"


async def php(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, mode: str) -> None:
    """Without SCRIPT_FILENAME PHP-FPM runs nothing, and answers 200. The program with a form
    refuses OPTIONS."""
    request = await reader.read(65536)
    body = PAGE if b"SCRIPT_FILENAME" in request else ""
    head = "Content-type: text/html; charset=UTF-8\r\n\r\n"
    if mode == "php-form":
        body, head = f"{body}{FORM}", f"X-Powered-By: PHP/8.2\r\n{head}"
        if b"OPTIONS" in request:
            body, head = "Method Not Allowed", f"Status: 405 Method Not Allowed\r\n{head}"
    if mode == "php-links":
        scheme = "https" if b"HTTPSon" in request else "http"
        body += f'<script src="{scheme}://shop.example.com/app.js"></script>\n'
    own_name = next((name for name in ("admin", "index") if _names(request, name)), "")
    if mode == "php-leads-on" and own_name:
        script = "/admin.php" if own_name == "admin" else ""
        head = f"Status: 302 Found\r\nLocation: {script}/index/login\r\n{head}"
    if mode == "php-large-head":
        head = f"X-Wf-1: {'a' * 9000}\r\n{head}"
    if mode == "php-forces-https":
        # Of two parameters with one name PHP takes the last.
        if not request[max(request.rfind(b"HTTPSo"), 0) :].startswith(b"HTTPSon"):
            head = f"Status: 302 Found\r\nLocation: https://shop.example.com/\r\n{head}"
    elif b"HTTPSoff" in request:
        head = f"Status: 302 Found\r\nLocation: http://shop.example.com/\r\n{head}"
    writer.write(record(6, (head + body).encode()) + record(6, b"") + record(3, bytes(8)))
    await writer.drain()


#: The types of other streams than those of events.
STREAMS = {
    "log": "text/plain",
    "tunnel": "application/octet-stream",
    "camera": "multipart/x-mixed-replace; boundary=frame",
}


async def events(writer: asyncio.StreamWriter, mode: str) -> None:
    """A small event now and then, four of a chat; a line of a log, or of a tunnel or a camera."""
    number = 4 if mode == "chat" else math.inf
    media_type = STREAMS.get(mode, "text/event-stream")
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\nConnection: close\r\n\r\n"
    writer.write(head.encode())
    while not writer.is_closing() and number > 0:
        writer.write(b"data: 1\n\n")
        await writer.drain()
        await asyncio.sleep(1)
        number -= 1


async def http(mode: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    first = await reader.read(1)
    if not first.isupper():  # another protocol than HTTP
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        return
    head = (first + await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    line, *lines = head.rstrip().split("\r\n")
    pairs = (text.partition(":") for text in lines)
    fields = {name.lower(): value.strip() for name, _, value in pairs}
    if mode in ("events", "chat", *STREAMS) and line.split(" ")[1] == "/events":
        await events(writer, mode)
        return
    status, body, more = answer(mode, line.split(" ")[1], fields)
    if status.startswith("101"):
        key = accept_key(fields.get("sec-websocket-key", ""))
        more = ("Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Accept: {key}")
    else:
        kind = (
            ()
            if any(text.startswith("Content-Type") for text in more)
            else ("Content-Type: text/html",)
        )
        more = (*kind, *more, f"Content-Length: {len(body)}", "Connection: close")
    writer.write("\r\n".join((f"HTTP/1.1 {status}", *more, "", body)).encode())
    await writer.drain()
    if status.startswith("101"):
        while await reader.read(4096):
            pass


async def serve(mode: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    if mode == "docker-proxy":  # nothing listens in the container
        linger = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    elif mode == "php" or mode.startswith("php-"):
        await php(reader, writer, mode)
    else:
        await http(mode, reader, writer)


if __name__ == "__main__":
    run(serve)
