"""The command line and the port that the stand-ins share: `python NAME_server.py MODE PORT`."""

import argparse
import asyncio
import contextlib
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable

#: Answers one connection, in the mode of the command line.
Serve = Callable[[str, StreamReader, StreamWriter], Awaitable[None]]


def run(serve: Serve) -> None:
    """Serve every connection to the port of 127.0.0.1, or of `--host`, until the process is ended.
    A client that leaves early, or speaks no HTTP, ends its own connection only."""
    parser = argparse.ArgumentParser()
    parser.add_argument("mode")
    parser.add_argument("port", type=int)
    parser.add_argument("--host", default="127.0.0.1")
    options = parser.parse_args()
    asyncio.run(_listen(serve, options.mode, options.port, options.host))


async def _listen(serve: Serve, mode: str, port: int, host: str) -> None:
    async def connected(reader: StreamReader, writer: StreamWriter) -> None:
        with contextlib.suppress(OSError, ValueError, asyncio.IncompleteReadError):
            await serve(mode, reader, writer)
        writer.close()

    async with await asyncio.start_server(connected, host, port) as server:
        await server.serve_forever()
