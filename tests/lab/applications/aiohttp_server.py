"""aiohttp. A request without Upgrade: 400, and words about it."""

from aiohttp import WSMsgType, web

from .options import PAGE, is_foreign, options

GIVEN = options()


async def page(_: web.Request) -> web.Response:
    return web.Response(text=PAGE, content_type="text/html")


async def websocket(request: web.Request) -> web.StreamResponse:
    headers = request.headers
    if GIVEN.own_origin and is_foreign(headers.get("Origin"), headers.get("Host")):
        raise web.HTTPForbidden(text="cross-origin request\n")
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            await socket.send_str(message.data)
    return socket


application = web.Application()
application.add_routes([web.get("/", page), web.get(GIVEN.path, websocket)])
web.run_app(application, host="127.0.0.1", port=GIVEN.port, print=None)
