"""The keeper of a demonstration: a process that runs its servers and removes all of it at the end.

It is a program of its own and outlives the one that started it, for a moment: it ends when its
standard input does, so also after that program was killed. Then it stops the servers and removes
the folder. Arguments: the folder, the application's port, and the commands that start the servers,
as JSON. It prints "ready" when the application listens and every server has written its PID.
"""

import asyncio
import contextlib
import json
import shutil
import signal
import sys
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path

from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

#: Seconds for a server to start, and to stop.
_MAX_START_S, _MAX_STOP_S = 5.0, 3.0


async def main(folder: Path, port: int, commands: Sequence[Sequence[str]]) -> None:
    servers: list[asyncio.subprocess.Process] = []
    try:
        async with serve(_echo, "127.0.0.1", port, process_request=_answer_page):
            for command in commands:
                servers.append(await _start(command))
            await asyncio.wait_for(_until_started(folder, servers), _MAX_START_S)
            print("ready", flush=True)  # noqa: T201  (this is how it tells its parent)
            await _until_input_ends()
    finally:
        await asyncio.gather(*map(_stop, servers))
        shutil.rmtree(folder, ignore_errors=True)


async def _start(command: Sequence[str]) -> asyncio.subprocess.Process:
    null = asyncio.subprocess.DEVNULL
    return await asyncio.create_subprocess_exec(*command, stdin=null, stdout=null, stderr=null)


async def _until_started(folder: Path, servers: Sequence[asyncio.subprocess.Process]) -> None:
    """Wait until every server has written its PID. Raise OSError if one has ended."""
    while len(list(folder.glob("*/nginx.pid"))) < len(servers):  # noqa: ASYNC240  (a local folder)
        if any(server.returncode is not None for server in servers):
            raise OSError("a server has ended")
        await asyncio.sleep(0.02)


async def _until_input_ends() -> None:
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
    while await reader.read(4096):
        pass


async def _stop(server: asyncio.subprocess.Process) -> None:
    """Stop a server: quickly, or by force."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            server.send_signal(number)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(server.wait(), _MAX_STOP_S)
            return


async def _echo(connection: ServerConnection) -> None:
    async for message in connection:
        await connection.send(message)


def _answer_page(connection: ServerConnection, request: Request) -> Response | None:
    """Answer as many applications do: plain http is redirected to https, and without the upgrade
    the WebSocket is a page that does not exist."""
    headers = request.headers
    if headers.get("Upgrade", "").lower() == "websocket":
        return None
    if request.path.startswith("/ws"):
        return connection.respond(HTTPStatus.NOT_FOUND, "Not Found\n")
    if headers.get("X-Forwarded-Proto") == "https":
        return connection.respond(HTTPStatus.OK, "Shop\n")
    response = connection.respond(HTTPStatus.MOVED_PERMANENTLY, "")
    response.headers["Location"] = f"https://{headers.get('Host', '')}{request.path}"
    return response


if __name__ == "__main__":
    # Ctrl-C is for the program that is seen; the end of the input is for this one.
    for ignored in (signal.SIGINT, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), json.loads(sys.argv[3])))
