"""A program behind a web server, as far as a visit goes: pages over HTTP with a WebSocket that
echoes nothing, or FastCGI as PHP-FPM answers it.

    python stand_in.py puma http 127.0.0.1:3000
    python stand_in.py php-fpm8.2 php /run/php/php8.2-fpm.sock
"""

# ruff: noqa: ASYNC240 - it asks for one file at a time, on a disk in memory.

import asyncio
import base64
import contextlib
import hashlib
import os
import pwd
import re
import ssl
import sys
from pathlib import Path

PAGE = (
    b"<!doctype html><html><head><title>Shop</title></head><body><p>It works.</p></body></html>\n"
)
#: Where it has a WebSocket.
UPGRADED = re.compile(r"ws|socket|cable|streaming|live|/hub|/app/|^/(\?.*)?$")
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


async def http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, asyncio.IncompleteReadError):
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            first, *lines = head.decode("latin-1").split("\r\n")
            fields = {n.lower(): v.strip() for n, _, v in (x.partition(":") for x in lines)}
            await reader.readexactly(int(fields.get("content-length") or 0))
            asked = first.split(" ")[1]
            wants = "upgrade" in fields.get("connection", "").lower() and "upgrade" in fields
            if wants and UPGRADED.search(asked):
                key = fields.get("sec-websocket-key", "").encode()
                accept = base64.b64encode(hashlib.sha1(key + GUID).digest()).decode()
                writer.write(
                    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade"
                    f"\r\nSec-WebSocket-Accept: {accept}\r\n\r\n".encode()
                )
                await reader.read(4096)  # the client's close frame
                writer.write(b"\x88\x00")
                break
            body = b"" if first.startswith("HEAD ") else PAGE
            if "/auth" in asked:
                body = b""
            close = first.endswith("1.0") or fields.get("connection", "").lower() == "close"
            writer.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: "
                + str(len(body)).encode()
                + (b"\r\nConnection: close" if close else b"")
                + b"\r\n\r\n"
                + body
            )
            await writer.drain()
            if close:
                break
    with contextlib.suppress(OSError):
        writer.close()


def parameters(data: bytes) -> dict[str, str]:
    """FastCGI 1.0 section 3.4."""
    found, at = {}, 0

    def length() -> int:
        nonlocal at
        if data[at] < 128:
            at += 1
            return data[at - 1]
        at += 4
        return int.from_bytes(data[at - 4 : at]) & 0x7FFFFFFF

    while at < len(data):
        name, value = length(), length()
        found[data[at : at + name].decode()] = data[at + name : at + name + value].decode()
        at += name + value
    return found


def record(kind: int, content: bytes) -> bytes:
    return bytes((1, kind, 0, 1)) + len(content).to_bytes(2, "big") + b"\0\0" + content


async def php(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, asyncio.IncompleteReadError):
        given = b""
        while True:
            head = await reader.readexactly(8)
            content = await reader.readexactly(int.from_bytes(head[4:6]) + head[6])
            if head[1] == 4:
                given += content[: int.from_bytes(head[4:6])]
            if head[1] == 5 and not int.from_bytes(head[4:6]):
                break
        known = parameters(given)
        script = known.get("SCRIPT_FILENAME", "").removeprefix("proxy:fcgi://localhost")
        errors, answer = b"", b"Content-type: text/html; charset=UTF-8\r\n\r\n" + PAGE
        if not script:
            answer = b"Content-type: text/html; charset=UTF-8\r\n\r\n"  # an empty page
        elif not Path(script).is_file() or not os.access(script, os.R_OK):
            words = b"Primary script unknown"
            errors = record(7, words) + record(7, b"")
            answer = b"Status: 404 Not Found\r\nContent-type: text/html\r\n\r\nFile not found.\n"
        elif not script.endswith(".php"):
            answer = b"Status: 403 Forbidden\r\nContent-type: text/html\r\n\r\nAccess denied.\n"
        writer.write(errors + record(6, answer) + record(6, b"") + record(3, bytes(8)))
        await writer.drain()
    with contextlib.suppress(OSError):
        writer.close()


async def main(name: str, speaks: str, place: str) -> None:
    Path("/proc/self/comm").write_text(name)
    serve = php if speaks == "php" else http
    context = None
    if speaks == "https":
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain("/etc/ssl/lab/site.pem", "/etc/ssl/lab/site.key")
    if place.startswith("/"):
        Path(place).parent.mkdir(parents=True, exist_ok=True)
        server = await asyncio.start_unix_server(serve, f"{place}.new")
        Path(f"{place}.new").chmod(0o660)
        with contextlib.suppress(KeyError):
            os.chown(f"{place}.new", -1, pwd.getpwnam("www-data").pw_gid)
        Path(f"{place}.new").rename(place)
    else:
        address, _, port = place.rpartition(":")
        server = await asyncio.start_server(serve, address, int(port), ssl=context)
    if os.geteuid() == 0:
        with contextlib.suppress(KeyError):
            user = pwd.getpwnam("www-data")
            os.setgid(user.pw_gid)
            os.setuid(user.pw_uid)
    await server.serve_forever()


asyncio.run(main(*sys.argv[1:]))
