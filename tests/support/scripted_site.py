"""A web server on loopback that answers each path with the bytes it was given."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

#: A path whose connection stays open after the answer.
STALLED = "/stalled"


@dataclass
class Site:
    """The server, and the heads and bodies of the requests that came; `asked` is set by the first.
    The answer of a path that is not there is 404; an empty answer is never sent, and the connection
    stays open after that of STALLED."""

    port: int
    answers: Mapping[str, bytes]
    requests: list[bytes] = field(default_factory=list)
    asked: asyncio.Event = field(default_factory=asyncio.Event)


def answer(status: str = "200 OK", body: bytes = b"hello", *fields: str) -> bytes:
    """An HTTP/1.1 response with a length."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *fields, "Connection: close"]
    return "\r\n".join([*lines, "", ""]).encode() + body


@contextlib.asynccontextmanager
async def site(
    answers: Mapping[str, bytes], context: ssl.SSLContext | None = None
) -> AsyncIterator[Site]:
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with contextlib.suppress(OSError, EOFError, asyncio.CancelledError):
            await _answer(serving, reader, writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    serving = Site(server.sockets[0].getsockname()[1], answers)
    try:
        yield serving
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _answer(
    serving: Site, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        (
            int(line[15:])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length")
        ),
        0,
    )
    serving.requests.append(head + await reader.readexactly(length))
    serving.asked.set()
    path = head.split(b" ", 2)[1].decode()
    data = serving.answers.get(path, answer("404 Not Found", b"nothing here"))
    if not data:
        await reader.read()
    writer.write(data)
    await writer.drain()
    if path == STALLED:
        await reader.read()
