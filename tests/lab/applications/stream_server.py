"""A program with an event stream at /events that is silent between its comments.

    python -m tests.lab.applications.stream_server 15 3001

The mode is the number of seconds between two comments.
"""

import asyncio

from tests.lab.applications.serving import run

PAGE = "<!doctype html><title>Events</title><p>The events of this day come to this page.</p>"
HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n"
    b"Connection: close\r\n\r\ndata: hello\n\n"
)


async def serve(mode: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    if head.split(b" ")[1] == b"/events":
        writer.write(HEAD)
        while not writer.is_closing():
            await writer.drain()
            await asyncio.sleep(int(mode))
            writer.write(b": ping\n\n")
        return
    fields = f"Content-Type: text/html\r\nContent-Length: {len(PAGE)}\r\nConnection: close"
    writer.write(f"HTTP/1.1 200 OK\r\n{fields}\r\n\r\n{PAGE}".encode())
    await writer.drain()


if __name__ == "__main__":
    run(serve)
