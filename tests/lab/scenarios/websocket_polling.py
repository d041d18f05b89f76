"""A Socket.IO server that refuses its clients' first request, which is an ordinary GET."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

POLL = f"https://{site.NAME}/socket.io/?EIO=3&transport=polling&t=LjLkAox"
MESSAGE = (f"GET {POLL} 400 (Bad Request)",)
WS_LOCATION = "  location /ws {"
APPLICATION = "the application has to be mended"

#: Socket.IO 1 (lib/index.js, `checkRequest`): the Origin, or else the Referer, has to be of the
#: address in its settings; without both it is "*". Engine.IO answers 400 then.
_SERVER = """
import asyncio, sys
from urllib.parse import urlsplit
from websockets.asyncio.server import serve
def asked(connection, request):
    if not request.path.startswith("/socket.io/"):
        return connection.respond(404 if "Upgrade" in request.headers else 200, "<p>It works.\\n")
    sent = request.headers.get("Origin") or request.headers.get("Referer") or "*"
    if sys.argv[1] not in {"*", urlsplit(sent).hostname}:
        return connection.respond(400, '{"code":null}')
    return None if "Upgrade" in request.headers else connection.respond(200, "96:0{}")
async def main():
    async def stay(connection):
        await connection.wait_closed()
    async with serve(stay, "127.0.0.1", 3000, process_request=asked):
        await asyncio.get_running_loop().create_future()
asyncio.run(main())
"""


def serve(lab: Lab, host: str) -> None:
    lab.server.write("/srv/forum.py", _SERVER)
    lab.application_service.argv = lab.server.python("/srv/forum.py", host)
    lab.application_service.restart()
    text = site.configuration()
    location = text[text.index(WS_LOCATION) : text.index("}\n}", text.index(WS_LOCATION)) + 2]
    added = location + location.replace("/ws", "/socket.io/")
    lab.server.write(site.CONF, text.replace(location, added))
    lab.restart_nginx()


@scenario(
    outside="websocket.not-upgraded", server="websocket.origin-refused", args=MESSAGE,
    manual=APPLICATION,
)  # fmt: skip
def socketio_refuses_the_origin_of_its_polls(lab: Lab) -> None:
    """Issue 5580 of NodeBB: its own address in config.json is http://localhost:4567."""
    serve(lab, "localhost")


@healthy(args=MESSAGE)
def socketio_accepts_its_polls(lab: Lab) -> None:
    serve(lab, "*")


_CALL = 'io.connect("https://" + document.domain + ":" + location.port)'
_PAGE = (
    "<!doctype html><title>Chat</title><p>It works: this is the page of the chat.</p>"
    '<script src="/js/socket.io.min.js"></script>'
    f"<script>var socket = {_CALL};</script>"
)


def _page_of_a_chat(lab: Lab, uri: str) -> None:
    """The page has Socket.IO's client from a folder of its own, and names no path."""
    serve(lab, "*")
    lab.server.write("/srv/chat/index.html", _PAGE)
    lab.server.write("/srv/chat/js/socket.io.min.js", "function io() {}\n")
    files = "".join(
        f"  location {path} {{\n    root /srv/chat;\n  }}\n" for path in ("= /", "/js/")
    )
    index = "  location = /index.html {\n    root /srv/chat;\n  }\n"
    text = lab.server.read(site.CONF).replace(WS_LOCATION, files + index + WS_LOCATION, 1)
    place = "  location /socket.io/ {\n    proxy_pass http://127.0.0.1:3000"
    lab.server.write(site.CONF, text.replace(f"{place};", f"{place}{uri};"))
    lab.restart_nginx()


@scenario(
    outside=None, server="websocket.path-stripped", args=("--timeout", "40"),
    manual="the application has no /ws, by which the laboratory tells a healthy site",
)  # fmt: skip
def page_calls_socketio_and_the_slash_is_lost(lab: Lab) -> None:
    """The page opens and its chat does not, after issue 166 of Flask-SocketIO: `proxy_pass
    …/socket.io` behind `location /socket.io/`."""
    _page_of_a_chat(lab, "/socket.io")


@healthy()
def page_calls_socketio_and_the_slash_stays(lab: Lab) -> None:
    _page_of_a_chat(lab, "/socket.io/")


#: A program for handshakes alone (ws, the library in Rust): it ends the connection of others.
_PUSH = """
import asyncio
from websockets.asyncio.server import serve
def asked(connection, request):
    if "Upgrade" not in request.headers:
        connection.transport.abort()
        return connection.respond(400, "")
async def main():
    async def stay(connection):
        await connection.wait_closed()
    async with serve(stay, "127.0.0.1", 3012, process_request=asked):
        await asyncio.get_running_loop().create_future()
asyncio.run(main())
"""
_CLOSED = (
    "upstream prematurely closed connection while reading response header from upstream, client:"
    f' 192.0.2.7, server: {site.NAME}, request: "GET /hub/push?token=a HTTP/1.1"'
)
_UPGRADE = (
    "    proxy_http_version 1.1;\n    proxy_set_header Upgrade $http_upgrade;\n"
    "    proxy_set_header Connection $connection_upgrade;\n"
)


def _push(lab: Lab, lines: str) -> None:
    lab.server.write("/srv/push.py", _PUSH)
    lab.spawn(lab.server, lab.server.python("/srv/push.py"), 3012)
    location = f"  location /hub/push {{\n    proxy_pass http://127.0.0.1:3012;\n{lines}  }}\n"
    lab.change(WS_LOCATION, f"{location}{WS_LOCATION}")


@scenario(
    outside="http.server-error", server="websocket.upgrade-headers-missing", args=(_CLOSED,),
    manual="from outside, a plain request is closed after the edit as well",
)  # fmt: skip
def program_for_handshakes_alone_gets_a_plain_request(lab: Lab) -> None:
    """Issue 463 of linuxserver/reverse-proxy-confs: Vaultwarden's /notifications/hub."""
    _push(lab, "")


@healthy(target=f"wss://{site.NAME}/hub/push")
def program_for_handshakes_alone_gets_them(lab: Lab) -> None:
    _push(lab, _UPGRADE)
