"""Tornado. A request without Upgrade: 400; it compares the Origin with the Host by itself: 403."""

import asyncio

from tornado import web, websocket

from .options import PAGE, options

GIVEN = options()


class Page(web.RequestHandler):
    def get(self) -> None:
        self.finish(PAGE)


class Echo(websocket.WebSocketHandler):
    def check_origin(self, origin: str) -> bool:
        return super().check_origin(origin) if GIVEN.own_origin else True

    def on_message(self, message: str | bytes) -> None:
        self.write_message(message)


async def main() -> None:
    web.Application([("/", Page), (GIVEN.path, Echo)]).listen(GIVEN.port, "127.0.0.1")
    await asyncio.Event().wait()


asyncio.run(main())
