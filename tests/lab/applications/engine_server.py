"""The workers of a Socket.IO service, as far as a client's first two requests go (Engine.IO
protocol): a session is opened by polling, and its WebSocket is taken only by the worker, each on
a port of its own, that knows it."""

import asyncio
import json
import secrets
from contextlib import AsyncExitStack
from functools import partial
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from .options import PAGE, answer, options

GIVEN = options()


async def echo(socket: ServerConnection) -> None:
    async for message in socket:
        await socket.send(message)


def first(known: set[str], socket: ServerConnection, request: Request) -> Response | None:
    asked = urlsplit(request.path)
    query = {name: values[0] for name, values in parse_qs(asked.query).items()}
    if not asked.path.startswith("/socket.io"):
        return answer(socket, HTTPStatus.OK, PAGE, "text/html")
    if "sid" in query and query["sid"] not in known:
        said = {"code": 1, "message": "Session ID unknown"}
        return answer(socket, HTTPStatus.BAD_REQUEST, json.dumps(said), "application/json")
    if query.get("transport") == "websocket":
        return None
    known.add(sid := secrets.token_urlsafe(15))
    opened = {"sid": sid, "upgrades": ["websocket"], "pingInterval": 25000, "pingTimeout": 20000}
    return answer(socket, HTTPStatus.OK, f"0{json.dumps(opened)}", "text/plain")


async def main() -> None:
    async with AsyncExitStack() as stack:
        for port in reversed(range(GIVEN.port, GIVEN.port + GIVEN.workers)):
            worker = serve(echo, "127.0.0.1", port, process_request=partial(first, set()))
            await stack.enter_async_context(worker)
        await asyncio.Event().wait()


asyncio.run(main())
