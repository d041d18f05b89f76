"""A program that answers the first request of a connection and is silent to the second ("hangs"),
or answers all ("answers"), after issue 167 of nickel.rs.

    python -m tests.lab.applications.once_server hangs 3001
"""

from asyncio import IncompleteReadError, StreamReader, StreamWriter, sleep

from tests.lab.applications.serving import run

PAGE = b"<!doctype html><title>Shop</title><p>It works.</p>\n"


async def serve(mode: str, reader: StreamReader, writer: StreamWriter) -> None:
    count = 0
    while True:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except IncompleteReadError:
            return
        count += 1
        if count > 1 and mode == "hangs":
            await sleep(3600)
        is_last = b"\r\nconnection: close" in head.lower()
        fields = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n" % len(PAGE)
        fields += b"Connection: close\r\n" if is_last else b""
        writer.write(fields + b"\r\n" + PAGE)
        await writer.drain()
        if is_last:
            return


if __name__ == "__main__":
    run(serve)
