"""PHP-FPM whose script stops with a message in its error output, or only writes a notice there and
answers. The bytes are those of php-fpm 8.4 with `display_errors = Off`.

    python -m tests.lab.applications.stopped_server 127.0.0.1:9000 "Fatal error:  Uncaught …"
"""

import asyncio
import sys

from tests.lab.applications.gateway_server import ends_request, record

PAGE = "<!doctype html><title>Blog</title><p>It works, and has some words more.</p>\n"


def answer(words: str) -> bytes:
    is_fatal = words.startswith(("Fatal error", "Parse error"))
    head = "Status: 500 Internal Server Error\r\n" if is_fatal else ""
    body = f"{head}Content-type: text/html; charset=UTF-8\r\n\r\n{'' if is_fatal else PAGE}"
    told = record(7, f"PHP message: PHP {words}".encode())
    return told + record(6, body.encode()) + record(6, b"") + record(3, bytes(8))


async def main(place: str, words: str) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        data = b""
        while not ends_request(data) and (more := await reader.read(65536)):
            data += more
        if data:
            writer.write(answer(words))
        writer.close()

    host, _, port = place.rpartition(":")
    async with await asyncio.start_server(serve, host, int(port)) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:3]))
