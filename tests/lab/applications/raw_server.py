"""An application that sends bytes as they are written here, and closes.

    python raw_server.py cut --port 3001 [--certificate FILE --key FILE [--alpn h2,http/1.1]]

With a certificate it speaks TLS itself and ends it by close_notify. It answers every request in the
same way.
"""

import argparse
import asyncio
import base64
import contextlib
import gzip
import socket
import ssl
import struct

PAGE = b"<!doctype html><title>Shop</title><p>It works.</p>\n"
BIG = PAGE + b"<p>More of it.</p>\n" * 40_000
#: "hello" as brotli, in one block without compression (RFC 7932 section 9).
BROTLI = base64.b64decode("CwKAaGVsbG8D")
H2_SETTINGS = bytes(3) + b"\x04" + bytes(5)


def answer(*fields: str, body: bytes = PAGE, status: str = "200 OK", length: bool = True) -> bytes:
    head = [f"HTTP/1.1 {status}", "Content-Type: text/html", "Connection: close"]
    head += [f"Content-Length: {len(body)}"] if length else []
    return "\r\n".join([*head, *fields, "", ""]).encode("latin-1") + body


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


CHUNKED = "Transfer-Encoding: chunked"
LAST = b"0\r\n\r\n"
ANSWERS = {
    "page": answer(),
    "big": answer(body=BIG),
    "cut": answer(f"Content-Length: {len(BIG)}", body=BIG[:400_000], length=False),
    "cut-chunks": answer(CHUNKED, body=chunk(BIG[:90_000]), length=False),
    "reset": answer(f"Content-Length: {len(BIG)}", body=BIG[:200_000], length=False),
    "no-chunks": answer(CHUNKED, length=False),
    "characters": answer(f"Content-Length: {len(PAGE) + 12}", length=False),
    "coding-twice": answer(CHUNKED, CHUNKED, body=chunk(PAGE) + LAST, length=False),
    "both": answer(CHUNKED, body=chunk(PAGE) + LAST),
    "space": answer("X Frame Options: DENY"),
    "two-lengths": answer(f"Content-Length: {len(PAGE) + 20}"),
    "h2c": answer("Upgrade: h2,h2c"),
    "gzip-twice": answer("Content-Encoding: gzip", body=gzip.compress(gzip.compress(PAGE))),
    "gzip-in-name": answer("Content-Encoding: gzip"),
    "gzip": answer("Content-Encoding: gzip", body=gzip.compress(BIG)),
    "brotli": answer("Content-Encoding: br", body=BROTLI),
    "charset-as-coding": answer("Content-Encoding: UTF-8"),
    "trailers": answer(
        CHUNKED, "Trailer: X-Time", body=chunk(BIG) + b"0\r\nX-Time: 1\r\n\r\n", length=False
    ),
    "no-length": answer(length=False).replace(b"HTTP/1.1", b"HTTP/1.0"),
    "no-content": b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n",
    "not-modified": b"HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n",
    "head-only": answer("Allow: HEAD", status="405 Method Not Allowed", body=b""),
    "events": answer("X-Accel-Buffering: no", length=False).replace(
        b"text/html", b"text/event-stream"
    ).partition(b"<!doctype")[0] + b"data: hello\n\n",
    "sheet": answer(body=b"body { margin: 0 }\n").replace(b"Content-Type: text/html\r\n", b""),
    "endless": answer(CHUNKED, body=b"", length=False),
}  # fmt: skip


def reset(writer: asyncio.StreamWriter) -> None:
    """Close with a reset (socket(7), SO_LINGER of no seconds)."""
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def serve(mode: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    if (await reader.readexactly(4)) == b"PRI ":
        await reader.readuntil(b"SM\r\n\r\n")  # HTTP/2's preface (RFC 9113 section 3.4)
        if mode == "goes-away":
            # GOAWAY with PROTOCOL_ERROR, before any stream.
            writer.write(H2_SETTINGS + b"\0\0\x08\x07" + bytes(5) + bytes(7) + b"\x01")
            return
    else:
        await reader.readuntil(b"\r\n\r\n")
    writer.write(ANSWERS.get(mode, ANSWERS["page"]))
    await writer.drain()
    if mode == "reset":
        reset(writer)
    while mode == "endless":
        writer.write(chunk(BIG))
        await writer.drain()
    if mode == "events":
        await reader.read()


async def main(options: argparse.Namespace) -> None:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await serve(options.mode, reader, writer)
        with contextlib.suppress(OSError):
            writer.close()
            await writer.wait_closed()

    tls = None
    if options.certificate:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(options.certificate, options.key)
        tls.set_alpn_protocols(options.alpn.split(","))
    host = "0.0.0.0" if options.certificate else "127.0.0.1"
    server = await asyncio.start_server(connected, host, options.port, ssl=tls)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("mode", choices=[*ANSWERS, "goes-away"])
    parser.add_argument("--port", type=int, default=3001)
    parser.add_argument("--certificate")
    parser.add_argument("--key")
    parser.add_argument("--alpn", default="http/1.1")
    asyncio.run(main(parser.parse_args()))
