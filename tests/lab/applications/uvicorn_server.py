"""uvicorn with an ASGI application, as Starlette and FastAPI are. A request without Upgrade is
an ordinary one, for which there is no route: 404. A WebSocket without a route is closed before it
was accepted, which uvicorn tells the client with 403 (ASGI specification, "Close - send event").
"""

from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn

from .options import PAGE, is_foreign, options

GIVEN = options()
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


async def application(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    match scope["type"]:
        case "http":
            await page(scope["path"], send)
        case "websocket":
            await websocket(scope, receive, send)


async def page(path: str, send: Send) -> None:
    status, body = (200, PAGE) if path == "/" else (404, '{"detail":"Not Found"}')
    headers = [(b"content-type", b"text/html" if path == "/" else b"application/json")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body.encode()})


async def websocket(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    headers = {name.decode(): value.decode() for name, value in scope["headers"]}
    foreign = GIVEN.own_origin and is_foreign(headers.get("origin"), headers.get("host"))
    await receive()
    if scope["path"] != GIVEN.path or foreign:
        await send({"type": "websocket.close", "code": 1000})
        return
    await send({"type": "websocket.accept"})
    while (event := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": event.get("text") or ""})


uvicorn.run(
    application, host="127.0.0.1", port=GIVEN.port, ws="websockets-sansio",
    lifespan="off", log_level="warning",
)  # fmt: skip
