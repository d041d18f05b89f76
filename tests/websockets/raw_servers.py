"""Answers that no library gives, byte by byte."""

import asyncio
import re
import socket
import struct
import zlib
from collections.abc import Awaitable, Callable

from websockets.frames import Close, Frame, Opcode
from websockets.utils import accept_key

Peer = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Act = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def frame(opcode: Opcode, data: bytes = b"") -> bytes:
    return Frame(opcode, data).serialize(mask=False)


def close(code: int, reason: str = "") -> bytes:
    return frame(Opcode.CLOSE, Close(code, reason).serialize())


def sends(data: bytes, then_waits: bool = False) -> Act:
    async def act(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        while then_waits and await reader.read(4096):
            pass

    return act


async def waits(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Takes everything and never says a word."""
    while await reader.read(4096):
        pass


async def resets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


async def until_a_ping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Ends without a word at a client's ping, and takes its good-bye."""
    await reader.read(2)


async def until_spoken_to(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers nothing, be it a ping, until the client has sent a text."""
    while head := await reader.read(2):
        if head[0] & 0x0F == Opcode.TEXT:
            writer.write(frame(Opcode.TEXT, b"welcome"))


async def pongs_twice(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A pong nobody asked for is allowed (RFC 6455 section 5.5.3)."""
    writer.write(frame(Opcode.PONG, b"") + frame(Opcode.TEXT, b"hello"))
    await waits(reader, writer)


async def floods(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    for _ in range(64):
        writer.write(frame(Opcode.BINARY, bytes(16384)))
        await writer.drain()
    await waits(reader, writer)


def switching(key: str, accept: str | None = None, fields: str = "") -> bytes:
    lines = (
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {accept or accept_key(key)}",
    )
    return ("\r\n".join(lines) + f"\r\n{fields}\r\n").encode()


def answering(act: Act, accept: str | None = None, fields: str = "") -> Act:
    """A server that shakes hands and then does this."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        key = re.search(rb"(?i)sec-websocket-key: *(\S+)", request)
        if key is None:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            return
        writer.write(switching(key[1].decode(), accept, fields))
        await act(reader, writer)

    return serve


def instead(head: str, body: str = "", fields: str = "") -> Act:
    """A server that answers every request like this."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        lines = f"{head}\r\n{fields}Content-Length: {len(body)}\r\n\r\n{body}"
        writer.write(lines.encode())

    return serve


def unless(field: str, refusal: Act, otherwise: Act) -> Act:
    """A server that refuses requests with this header field."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        again = asyncio.StreamReader()
        again.feed_data(request)
        again.feed_eof()
        chosen = refusal if field.encode().lower() in request.lower() else otherwise
        await chosen(again, writer)

    return serve


async def says_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")


def first(act: Act, times: int, then: Act) -> Act:
    """Does one thing the first times, then another."""
    count = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        count += 1
        await (act if count <= times else then)(reader, writer)

    return serve


# Frames and extensions, right and wrong

DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate"


def compressed(text: bytes) -> bytes:
    """A text message as permessage-deflate sends it (RFC 7692 section 7.2.1)."""
    deflate = zlib.compressobj(wbits=-15)
    data = (deflate.compress(text) + deflate.flush(zlib.Z_SYNC_FLUSH))[:-4]
    return bytes([0xC1, len(data)]) + data


def sending(data: bytes, *fields: str) -> Act:
    """A server that opens a WebSocket, sends these bytes, and waits."""
    return answering(sends(data, True), fields="".join(f"{line}\r\n" for line in fields))


WRONG_COMPRESSION = {
    "compressed": sending(compressed(b"hello")),
    "compressed-garbage": sending(b"\xc1\x05" + b"\xff" * 5, DEFLATE),
}
VIOLATIONS = {
    "text-not-utf8": sending(b"\x81\x02\xff\xfe"),
    "text-cut-in-a-character": sending(b"\x81\x01\xc3"),
    "ping-in-fragments": sending(b"\x09\x00"),
    "length-in-too-many-bytes": sending(b"\x81\x7e\x00\x02hi"),
    "negative-length": sending(b"\x82\x7f\xff" + bytes(7)),
    "text-within-a-message": sending(b"\x01\x01a\x81\x01b"),
    "close-frame-1006": sending(frame(Opcode.CLOSE, b"\x03\xee")),
    "close-frame-1015": sending(frame(Opcode.CLOSE, b"\x03\xf7")),
    "php-warning": sending(b"\r\nWarning: Undefined variable in index.php\r\n"),
    "page": sending(b"<html>"),
}
RIGHT_FRAMES = {
    "character-in-two-frames": sending(b"\x01\x01\xc3\x80\x01\xa9"),
    "compressed-as-agreed": sending(compressed(b"hello"), DEFLATE),
    "compression-without-takeover": sending(
        compressed(b"hello"),
        f"{DEFLATE}; server_no_context_takeover; client_no_context_takeover",
    ),
    "compression-in-a-small-window": sending(b"", f"{DEFLATE}; server_max_window_bits=12"),
}
WRONG_EXTENSIONS = {
    "compression-twice": sending(b"", DEFLATE, DEFLATE),
    "compression-parameter": sending(b"", f"{DEFLATE}; foo=1"),
    "old-safari-extension": sending(b"", "Sec-WebSocket-Extensions: x-webkit-deflate-frame"),
    "empty-extensions": sending(b"", "Sec-WebSocket-Extensions: "),
}
