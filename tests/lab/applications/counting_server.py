"""An application that allows a number of requests to each visitor, as express-rate-limit does.

    python counting_server.py peer 3001 [--limit 5]

It counts by the address of the connection ("peer"), as Express without `trust proxy`; by the last
address of X-Forwarded-For ("visitor"), as with `trust proxy` 1; or all together ("all").
"""

import argparse
import asyncio
import contextlib
from collections import Counter

PAGE = "<!doctype html><title>Shop</title><p>It works.</p>\n"
REFUSAL = "Too many requests, please try again later.\n"
VISITS: Counter[str] = Counter()


async def serve(
    options: argparse.Namespace, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    pairs = [line.partition(":") for line in head.rstrip().split("\r\n")[1:]]
    fields = {name.lower(): value.strip() for name, _, value in pairs}
    peer = str(writer.get_extra_info("peername")[0])
    told = fields.get("x-forwarded-for", peer).rpartition(",")[2].strip()
    who = {"peer": peer, "visitor": told, "all": ""}[options.mode]
    VISITS[who] += 1
    left = options.limit - VISITS[who]
    status, body = ("200 OK", PAGE) if left >= 0 else ("429 Too Many Requests", REFUSAL)
    counted = [f"RateLimit-Limit: {options.limit}", f"RateLimit-Remaining: {max(left, 0)}"]
    answer = (
        f"HTTP/1.1 {status}", "X-Powered-By: Express", "Content-Type: text/html", *counted,
        f"Content-Length: {len(body)}", "Connection: close", "", body,
    )  # fmt: skip
    writer.write("\r\n".join(answer).encode())


async def main(options: argparse.Namespace) -> None:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, ValueError, asyncio.IncompleteReadError):
            await serve(options, reader, writer)
        with contextlib.suppress(OSError):
            writer.close()
            await writer.wait_closed()

    server = await asyncio.start_server(connected, "127.0.0.1", options.port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("mode", choices=("peer", "visitor", "all"))
    parser.add_argument("port", type=int)
    parser.add_argument("--limit", type=int, default=5)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(parser.parse_args()))
