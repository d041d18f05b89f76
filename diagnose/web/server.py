"""The page, what it consists of, and the WebSocket that carries the screen.

Of textual-serve's server only the reading of the page's messages is left: its page asks another
host for a font, its folders can be listed, and it lets in everybody.
"""

import asyncio
import html
from collections.abc import Sequence
from pathlib import Path
from string import Template

import textual_serve.server
from aiohttp import web
from textual_serve.server import Server, to_int

from diagnose.i18n.web import translate
from diagnose.web.app import App
from diagnose.web.guard import POLICY, add_security_headers, guard

_PACKAGE_FOLDER = Path(__file__).parent
_TEXTUAL_FOLDER = Path(textual_serve.server.__file__).parent / "static"

#: What the page refers to, and its type. Nothing else is served.
FILES = {
    "page.css": (_PACKAGE_FOLDER / "page.css", "text/css"),
    "page.js": (_PACKAGE_FOLDER / "page.js", "text/javascript"),
    "xterm.css": (_TEXTUAL_FOLDER / "css" / "xterm.css", "text/css"),
    "textual.js": (_TEXTUAL_FOLDER / "js" / "textual.js", "text/javascript"),
    "mono.ttf": (_TEXTUAL_FOLDER / "fonts" / "RobotoMono-VariableFont_wght.ttf", "font/ttf"),
}

#: The page's words (diagnose.i18n.web).
_TEXT_KEYS = ("screen", "waiting", "ended", "again", "script")

#: The page's largest message, in bytes: what is pasted at one go.
_MAX_MESSAGE = 1 << 20


class ScreenServer(Server):
    """A screen for each page that is open."""

    def __init__(self, argv: Sequence[str], title: str, secret: str, lang: str) -> None:
        super().__init__(argv[0], title=title)
        self._argv, self._secret, self._lang = argv, secret, lang
        self._page = Template((_PACKAGE_FOLDER / "page.html").read_text("utf-8"))
        self._apps: set[App] = set()

    async def _make_app(self) -> web.Application:
        app = web.Application(middlewares=[guard(self._secret, self._lang)])
        # The guard has compared the secret.
        app.add_routes(
            [
                web.get("/{secret}/", self.handle_index),
                web.get("/{secret}/ws", self.handle_websocket, allow_head=False),
                web.get("/{secret}/{name}", self.handle_file),
            ]
        )
        app.on_response_prepare.append(add_security_headers)
        app.on_shutdown.append(self.on_shutdown)
        return app

    async def handle_index(self, request: web.Request) -> web.Response:
        texts = {name: translate(name, self._lang) for name in _TEXT_KEYS}
        # As the browser calls this machine: the port may be the other end of a tunnel.
        host = f"ws://{request.host}"
        page = self._page.substitute(
            {name: html.escape(text) for name, text in texts.items()},
            lang={"zh": "zh-Hans"}.get(self._lang, self._lang),
            title=html.escape(self.title),
            socket=html.escape(f"{host}/{self._secret}/ws"),
        )
        policy = {"Content-Security-Policy": POLICY.format(host=host)}
        return web.Response(text=page, content_type="text/html", headers=policy)

    async def handle_file(self, request: web.Request) -> web.StreamResponse:
        if request.match_info["name"] not in FILES:
            raise web.HTTPNotFound
        path, kind = FILES[request.match_info["name"]]
        return web.FileResponse(path, headers={"Content-Type": kind})

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """A process as long as the page is there."""
        socket = web.WebSocketResponse(heartbeat=15, timeout=2, max_msg_size=_MAX_MESSAGE)
        await socket.prepare(request)
        app = App(
            self._argv,
            write_bytes=socket.send_bytes,
            write_str=socket.send_str,
            close=socket.close,
            download_manager=self.download_manager,
        )
        self._apps.add(app)
        try:
            await app.start(_size(request, "width", 80), _size(request, "height", 24))
            await self._process_messages(socket, app)
        finally:
            await app.stop()
            self._apps.discard(app)
        return socket

    async def on_shutdown(self, app: web.Application) -> None:
        await asyncio.gather(*(screen_app.stop() for screen_app in self._apps))


def _size(request: web.Request, name: str, default: int) -> int:
    """Columns or rows, as the page says."""
    return max(1, min(to_int(request.query.get(name, ""), default), 1000))
