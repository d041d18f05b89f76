"""The page, its files, and the WebSocket that connects the screen.

From textual-serve's server, only the parsing of the page's messages is used: its page loads a font
from another host, its folders can be listed, and it has no access control.
"""

import asyncio
import html
from collections.abc import Sequence
from pathlib import Path
from string import Template

import textual_serve.server
from aiohttp import web
from textual_serve.server import Server, to_int

from diagnose.i18n import LANGUAGES
from diagnose.i18n.web import translate
from diagnose.web.app import App
from diagnose.web.guard import POLICY, add_security_headers, guard

_PACKAGE_FOLDER = Path(__file__).parent
_TEXTUAL_FOLDER = Path(textual_serve.server.__file__).parent / "static"

#: The files that the page refers to, with their types. Nothing else is served.
FILES = {
    "page.css": (_PACKAGE_FOLDER / "page.css", "text/css"),
    "page.js": (_PACKAGE_FOLDER / "page.js", "text/javascript"),
    "xterm.css": (_TEXTUAL_FOLDER / "css" / "xterm.css", "text/css"),
    "textual.js": (_TEXTUAL_FOLDER / "js" / "textual.js", "text/javascript"),
    "mono.ttf": (_TEXTUAL_FOLDER / "fonts" / "RobotoMono-VariableFont_wght.ttf", "font/ttf"),
}

#: The page's texts (diagnose.i18n.web).
_TEXT_KEYS = ("screen", "waiting", "ended", "again", "script")

#: The largest message from the page in bytes, for example a pasted text.
_MAX_MESSAGE = 1 << 20


class ScreenServer(Server):
    """A server that starts a process with a screen for each open page."""

    def __init__(self, argv: Sequence[str], title: str, secret: str, lang: str) -> None:
        super().__init__(argv[0], title=title)
        self._argv, self._secret, self._lang = argv, secret, lang
        self._page = Template((_PACKAGE_FOLDER / "page.html").read_text("utf-8"))
        self._apps: set[App] = set()

    async def _make_app(self) -> web.Application:
        app = web.Application(middlewares=[guard(self._secret, self._lang)])
        # The guard has already compared the secret.
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
        # The host as the browser sees it: the port may be the other end of a tunnel.
        host = f"ws://{request.host}"
        page = self._page.substitute(
            {name: html.escape(text) for name, text in texts.items()},
            lang=LANGUAGES[self._lang].tag,
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
        """Run a process for as long as the page is open."""
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
    """Return the number of columns or rows that the page requests."""
    return max(1, min(to_int(request.query.get(name, ""), default), 1000))
