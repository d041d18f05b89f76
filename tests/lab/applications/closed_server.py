"""PHP-FPM whose program answers 503 as long as a file is there, or a file has a line.

python -m tests.lab.applications.closed_server 127.0.0.1:9000 /srv/shop/var/.maintenance.flag
"""

import asyncio
import sys
from pathlib import Path

from tests.lab.applications.gateway_server import ends_request, record

PAGE = (
    "<!doctype html><title>Shop</title><p>Forty kinds of tea, and the pots that go with them.</p>\n"
)
CLOSED = "<!doctype html><title>503</title><h1>Service Temporarily Unavailable</h1>\n"


def answer(path: str, line: str) -> bytes:
    file = Path(path)
    is_closed = file.exists() and (not line or line in file.read_text())
    head = "Status: 503 Service Unavailable\r\n" if is_closed else ""
    page = CLOSED if is_closed else PAGE
    body = f"{head}Content-type: text/html; charset=UTF-8\r\n\r\n{page}"
    return record(6, body.encode()) + record(6, b"") + record(3, bytes(8))


async def main(place: str, path: str, line: str = "") -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        data = b""
        while not ends_request(data) and (more := await reader.read(65536)):
            data += more
        if data:
            writer.write(answer(path, line))
        writer.close()

    host, _, port = place.rpartition(":")
    async with await asyncio.start_server(serve, host, int(port)) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4]))
