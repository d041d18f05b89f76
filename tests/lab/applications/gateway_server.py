"""A program behind uwsgi_pass or fastcgi_pass: as little of either protocol as one request needs.

    python gateway_server.py uwsgi 9999 [--upgrade]

It answers 400, as an application does that is asked for what it does not have. With --upgrade it
takes a WebSocket's connection over, as `uwsgi.websocket_handshake()` does. As "php" it speaks
FastCGI as PHP-FPM does that does not find the script (sapi/fpm/fpm/fpm_main.c), and as "php-files"
it finds those that are there. "mqtt" is a
broker's port of TCP, and "proxy" a listener that wants a PROXY header. Asked in HTTP, all of them
close the connection, as the real ones do.
"""

import argparse
import asyncio
import re
from pathlib import Path

from websockets.utils import accept_key


def uwsgi_variables(data: bytes) -> dict[str, str]:
    """uwsgi's request: four bytes, then names and values, each behind its length
    (https://uwsgi-docs.readthedocs.io/en/latest/Protocol.html)."""
    found, rest = [], data[4:]
    while len(rest) > 1:
        length = int.from_bytes(rest[:2], "little")
        found.append(rest[2 : 2 + length].decode("latin-1"))
        rest = rest[2 + length :]
    return dict(zip(found[::2], found[1::2], strict=False))


def switching(key: str) -> bytes:
    head = "Upgrade: websocket\r\nConnection: Upgrade\r\n"
    return f"{head}Sec-WebSocket-Accept: {accept_key(key)}\r\n\r\n".encode()


def record(kind: int, content: bytes) -> bytes:
    """FastCGI 1.0 section 3.3."""
    return bytes((1, kind, 0, 1)) + len(content).to_bytes(2, "big") + b"\0\0" + content


def ends_request(data: bytes) -> bool:
    """Whether it ends with the empty FCGI_STDIN that ends a request (FastCGI 1.0 section 3.3)."""
    return data[-8:-6] == bytes((1, 5)) and data[-4:-2] == bytes(2)


async def pongs(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers each masked ping with its own content (RFC 6455 section 5.5)."""
    while head := await reader.read(6):
        content = await reader.readexactly(head[1] & 0x7F)
        plain = bytes(byte ^ head[2 + index % 4] for index, byte in enumerate(content))
        writer.write(bytes((0x8A if head[0] == 0x89 else 0x88, len(plain))) + plain)


def greeting(protocol: str, data: bytes) -> bytes | None:
    """The answer to FCGI_GET_VALUES (FastCGI 1.0 section 4.1) or to uwsgi's ping (modifier 100),
    b"" for HTTP, None for a request."""
    if data[:4] in (b"GET ", b"HEAD"):
        return b""
    if protocol == "mqtt":
        return bytes((0x20, 2, 0, 0)) if data[:1] == b"\x10" else b""
    if protocol == "proxy":
        answered = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
        return answered if data.startswith(b"PROXY TCP") else b""
    if protocol == "uwsgi":
        return bytes((100, 0, 0, 1)) if data[:1] == b"d" and len(data) == 4 else None
    return bytes((1, 10, 0, 0, 0, 0, 0, 0)) if data[:2] == bytes((1, 9)) else None


async def uwsgi(
    data: bytes, takes_over: bool, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    key = uwsgi_variables(data).get("HTTP_SEC_WEBSOCKET_KEY", "")
    if takes_over and key:
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\n" + switching(key))
        await pongs(reader, writer)
        return
    body = "Bad Request\n"
    writer.write(f"HTTP/1.1 400 Bad Request\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())


def fastcgi() -> bytes:
    head = "Status: 400 Bad Request\r\nContent-Type: text/plain\r\n\r\n"
    return record(6, f"{head}Bad Request\n".encode()) + record(6, b"") + record(3, bytes(8))


def php() -> bytes:
    head = "Status: 404 Not Found\r\nContent-type: text/html; charset=UTF-8\r\n\r\n"
    said = record(7, b"Primary script unknown")
    return (
        said + record(6, f"{head}File not found.\n".encode()) + record(6, b"") + record(3, bytes(8))
    )


def php_files(data: bytes) -> bytes:
    """The answer for the script that is named; its path is shorter than 128 bytes."""
    name = b"SCRIPT_FILENAME"
    at = data.find(name)
    path = data[at + len(name) :][: data[at - 1]].decode() if at > 0 else ""
    if not Path(re.sub("^proxy:fcgi://[^/]*", "", path)).is_file():
        return php()
    page = b"Content-type: text/html\r\n\r\n<!doctype html><title>Shop</title><p>It works.</p>\n"
    return record(6, page) + record(6, b"") + record(3, bytes(8))


def fast_answer(protocol: str, data: bytes) -> bytes:
    if protocol == "php-files":
        return php_files(data)
    return php() if protocol == "php" else fastcgi()


async def main(options: argparse.Namespace) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        data = await reader.read(65536)
        greeted = greeting(options.protocol, data)
        if greeted is not None:
            writer.write(greeted)
        elif options.protocol == "php-hangs":
            await asyncio.Event().wait()
        elif options.protocol == "uwsgi":
            await uwsgi(data, options.upgrade, reader, writer)
        else:
            # What is not read when it closes resets the connection, before its answer is read.
            while not ends_request(data) and (more := await reader.read(65536)):
                data += more
            writer.write(fast_answer(options.protocol, data))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", options.port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument(
        "protocol", choices=("uwsgi", "fastcgi", "php", "php-files", "php-hangs", "mqtt", "proxy")
    )
    parser.add_argument("port", type=int)
    parser.add_argument("--upgrade", action="store_true")
    asyncio.run(main(parser.parse_args()))
