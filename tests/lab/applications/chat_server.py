"""A WebSocket at one path, a page that names a path, and the answers of libraries at others.

    python -m tests.lab.applications.chat_server --path /live --page 'new WebSocket("/live")'

`--library sockjs` greets at the path above; `socket.io` answers as Engine.IO does to a version
(error 5) or a transport (error 0) that it does not know. With `--login` it answers all but its page
with that status to who has no cookie `session`: 401, or 200 with the page of a login. With
`--origin` it refuses a request from another origin with 400 and the words of `--refusal`, and one
without an origin too (socket.io 1, checkRequest). With `--own-origin` the WebSocket itself is
forbidden to an Origin that is not its Host. With `--chooses` it takes the first subprotocol that is
offered; without, none.
"""

import argparse
import asyncio
from collections.abc import Callable, Sequence
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from .options import answer, is_foreign

LOGIN = '<!doctype html><title>Login</title><form><input type="password" name="password"></form>\n'
PAGE = "<!doctype html><title>Chat</title><p>This is the chat of the shop, and its first page."


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=3000)
    parser.add_argument("--path", default="/live")
    parser.add_argument("--page", default="")
    parser.add_argument("--library", choices=("", "sockjs", "socket.io"), default="")
    parser.add_argument("--origin", default="")
    parser.add_argument("--own-origin", action="store_true")
    parser.add_argument("--chooses", action="store_true")
    parser.add_argument("--login", type=int, default=0)
    parser.add_argument("--refusal", default='{"code":null}')
    parser.add_argument("--transports", default="polling,websocket")
    given = parser.parse_args()

    def first(socket: ServerConnection, request: Request) -> Response | None:
        asked = urlsplit(request.path)
        query = {name: values[0] for name, values in parse_qs(asked.query).items()}
        is_handshake = "upgrade" in request.headers
        is_known = "session=" in request.headers.get("Cookie", "")
        if given.login and asked.path != "/" and not is_known:
            return answer(socket, HTTPStatus(given.login), LOGIN, "text/html")
        if given.library == "socket.io" and asked.path == given.path:
            if query.get("transport") not in given.transports.split(","):
                return error(socket, 0, "Transport unknown")
            origin = request.headers.get("Origin") or request.headers.get("Referer", "")
            if given.origin and not f"{origin}/".startswith(f"{given.origin}/"):
                return answer(socket, HTTPStatus.BAD_REQUEST, given.refusal, "application/json")
            if query.get("EIO") != "4":
                return error(socket, 5, "Unsupported protocol version")
        if given.library == "socket.io" and asked.path == "/socket.io/socket.io.js":
            return answer(socket, HTTPStatus.OK, "/* the client */", "text/javascript")
        if given.library == "sockjs" and f"{asked.path}/websocket" == given.path:
            return answer(socket, HTTPStatus.OK, "Welcome to SockJS!\n", "text/plain")
        if asked.path == given.path and is_handshake:
            fields = request.headers
            if given.own_origin and is_foreign(fields.get("Origin"), fields.get("Host")):
                return answer(socket, HTTPStatus.FORBIDDEN, "Forbidden\n", "text/plain")
            return None
        if asked.path == "/" and not is_handshake:
            # A page has one title.
            page = PAGE.replace("<title>Chat</title>", "") if "<title>" in given.page else PAGE
            return answer(socket, HTTPStatus.OK, f"{page}{given.page}\n", "text/html")
        return answer(socket, HTTPStatus.NOT_FOUND, "No such path\n", "text/plain")

    asyncio.run(run(first, given.port, given.chooses))


def error(socket: ServerConnection, code: int, message: str) -> Response:
    body = f'{{"code":{code},"message":"{message}"}}'
    return answer(socket, HTTPStatus.BAD_REQUEST, body, "application/json")


async def echo(socket: ServerConnection) -> None:
    async for message in socket:
        await socket.send(message)


Answer = Callable[[ServerConnection, Request], Response | None]


def choose(_: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    return offered[0] if offered else None


async def run(first: Answer, port: int, chooses: bool = False) -> None:
    chosen = choose if chooses else None
    async with serve(echo, "127.0.0.1", port, process_request=first, select_subprotocol=chosen):
        await asyncio.Event().wait()


if __name__ == "__main__":
    main()
