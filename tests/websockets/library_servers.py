"""The same doings at the same paths, each by the means of its library.

Paths: /stay, /silent (takes no message), /greets, /closes/CODE (after it opened, at once),
/late/CODE (after a moment, when the library has answered a ping), /raises, /aborts (the
connection ends without a close frame), /refuses/STATUS, /origin (403, and words about it).
"""

import asyncio
import http
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import uvicorn
from aiohttp import WSCloseCode, web
from tornado import httpserver, netutil
from tornado import web as tornado_web
from tornado import websocket as tornado_websocket
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

#: Seconds: longer than a pong takes on loopback.
MOMENT = 0.1

ORIGIN = "Origin not allowed\n"

Serving = Callable[[], AbstractAsyncContextManager[int]]


class Broken(Exception):
    """What an application raises."""


def doing(path: str) -> tuple[str, int]:
    _, what, *rest = path.partition("?")[0].split("/")
    return what, int(rest[0]) if rest else 0


@asynccontextmanager
async def websockets_server() -> Any:
    async def handle(socket: ServerConnection) -> None:
        what, code = doing(socket.request.path if socket.request else "")
        if what == "greets":
            await socket.send("hello")
        if what == "late":
            await asyncio.sleep(MOMENT)
        if what in {"closes", "late"}:
            await socket.close(code, "")
        if what == "raises":
            raise Broken
        if what == "aborts":
            socket.transport.abort()
        await socket.wait_closed()

    def answer(socket: ServerConnection, request: Request) -> Response | None:
        what, code = doing(request.path)
        if what == "refuses":
            return socket.respond(http.HTTPStatus(code), "no\n")
        if what == "origin":
            return socket.respond(http.HTTPStatus.FORBIDDEN, ORIGIN)
        return None

    async with serve(handle, "127.0.0.1", 0, process_request=answer) as server:
        yield next(iter(server.sockets)).getsockname()[1]


@asynccontextmanager
async def aiohttp_server() -> Any:
    async def handle(request: web.Request) -> web.StreamResponse:
        what, code = doing(request.path)
        if what == "refuses":
            return web.Response(status=code, text="no\n")
        if what == "origin":
            return web.Response(status=403, text=ORIGIN)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if what == "greets":
            await socket.send_str("hello")
        if what == "late":
            waiting = asyncio.ensure_future(socket.receive())
            await asyncio.sleep(MOMENT)
            waiting.cancel()
        if what in {"closes", "late"}:
            await socket.close(code=WSCloseCode(code) if code < 3000 else code)
        elif what == "raises":
            raise Broken
        elif what == "aborts":
            assert request.transport is not None
            request.transport.abort()
        elif what == "silent":
            await asyncio.sleep(30)
        else:
            async for _ in socket:
                pass
        return socket

    application = web.Application()
    application.router.add_get("/{tail:.*}", handle)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


class _Tornado(tornado_websocket.WebSocketHandler):
    def check_origin(self, origin: str) -> bool:
        return True

    def prepare(self) -> None:
        what, code = doing(self.request.path)
        if what in {"refuses", "origin"}:
            self.set_status(code or 403)
            self.finish(ORIGIN if what == "origin" else "no\n")

    async def open(self, *args: str, **kwargs: str) -> None:
        what, code = doing(self.request.path)
        if what == "greets":
            await self.write_message("hello")
        if what == "late":
            await asyncio.sleep(MOMENT)
        if what in {"closes", "late"}:
            self.close(code)
        if what == "raises":
            raise Broken
        if what == "aborts":
            self.ws_connection.stream.close()  # type: ignore[union-attr]

    def on_message(self, message: str | bytes) -> None:
        pass

    def log_exception(self, *args: Any) -> None:
        pass


@asynccontextmanager
async def tornado_server() -> Any:
    application = tornado_web.Application([("/.*", _Tornado)], log_function=lambda handler: None)
    server = httpserver.HTTPServer(application)
    sockets = netutil.bind_sockets(0, "127.0.0.1")
    server.add_sockets(sockets)
    try:
        yield sockets[0].getsockname()[1]
    finally:
        server.stop()
        await server.close_all_connections()


Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


async def _asgi(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    if scope["type"] != "websocket":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"page"})
        return
    what, code = doing(scope["path"])
    await receive()
    if what in {"refuses", "origin"}:
        body = ORIGIN.encode() if what == "origin" else b"no\n"
        start = {"type": "websocket.http.response.start", "status": code or 403, "headers": []}
        await send(start)
        await send({"type": "websocket.http.response.body", "body": body})
        return
    if what == "unaccepted":
        await send({"type": "websocket.close", "code": 1000})
        return
    await send({"type": "websocket.accept"})
    if what == "greets":
        await send({"type": "websocket.send", "text": "hello"})
    if what == "late":
        await asyncio.sleep(MOMENT)
    if what in {"closes", "late"}:
        await send({"type": "websocket.close", "code": code})
        return
    if what == "raises":
        raise Broken
    while (await receive())["type"] != "websocket.disconnect":
        pass


def uvicorn_server(protocol: Any) -> Serving:
    @asynccontextmanager
    async def serving() -> Any:
        config = uvicorn.Config(
            _asgi,
            host="127.0.0.1",
            port=0,
            ws=protocol,
            lifespan="off",
            log_config=None,
            timeout_graceful_shutdown=1,
        )
        server = uvicorn.Server(config)
        config.load()
        server.lifespan = config.lifespan_class(config)
        await server.startup()
        try:
            yield server.servers[0].sockets[0].getsockname()[1]
        finally:
            server.force_exit = True
            await server.shutdown()

    return serving
