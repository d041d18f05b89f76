"""A device on the way that reacts to a name: it resets TLS for it and answers http in its place.

    python name_filter.py NAME SERVER [--tls 8443] [--http 8080 --answer FILE] [--passes-tls-1-3]

What is redirected to its ports goes on to ports 443 and 80 of SERVER, unless it is for NAME. FILE
holds the answer as it is sent, with {path} for the path that was asked for.
"""

import argparse
import asyncio
import contextlib
import socket
import struct
from pathlib import Path

#: The extension supported_versions with TLS 1.3 first, as clients send it (RFC 8446 section 4.2.1).
OFFERS_TLS_1_3 = b"\x00\x2b"


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    with contextlib.suppress(OSError):
        writer.write_eof()


class Filter:
    def __init__(self, options: argparse.Namespace) -> None:
        self.name = options.name.encode()
        self.server = options.server
        self.answer = Path(options.answer).read_bytes() if options.answer else b""
        self.passes_tls_1_3 = options.passes_tls_1_3

    async def serve_tls(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readexactly(5)  # a TLS record's header
        hello = head + await reader.readexactly(int.from_bytes(head[3:]))
        if self.name in hello and not (self.passes_tls_1_3 and OFFERS_TLS_1_3 in hello):
            connection = writer.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
        else:
            await self.pass_on(443, hello, reader, writer)

    async def serve_http(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        if b"Host: " + self.name in request and self.answer:
            path = request.split(b" ")[1]
            writer.write(self.answer.replace(b"{path}", path))
        else:
            await self.pass_on(80, request, reader, writer)

    async def pass_on(
        self, port: int, data: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        their_reader, their_writer = await asyncio.open_connection(self.server, port)
        their_writer.write(data)
        await asyncio.gather(copy(reader, their_writer), copy(their_reader, writer))
        their_writer.close()


async def main(options: argparse.Namespace) -> None:
    box = Filter(options)
    servers = []
    for port, serve in ((options.tls, box.serve_tls), (options.http, box.serve_http)):

        async def connected(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter, serve: object = serve
        ) -> None:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await serve(reader, writer)  # type: ignore[operator]
            writer.close()

        if port:
            servers.append(await asyncio.start_server(connected, "0.0.0.0", port))
    await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    parser.add_argument("server")
    parser.add_argument("--tls", type=int)
    parser.add_argument("--http", type=int)
    parser.add_argument("--answer")
    parser.add_argument("--passes-tls-1-3", action="store_true")
    asyncio.run(main(parser.parse_args()))
