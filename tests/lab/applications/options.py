"""What all of them are told on their command lines, the page they serve, and an answer."""

import argparse
from http import HTTPStatus

from websockets.asyncio.server import ServerConnection
from websockets.http11 import Response

PAGE = "<!doctype html><title>Shop</title><p>It works.</p>\n"


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=3000)
    parser.add_argument("--path", default="/ws", help="where the WebSocket is")
    parser.add_argument("--own-origin", action="store_true", help="refuse another site's Origin")
    parser.add_argument("--workers", type=int, default=1, help="each on the next port")
    return parser.parse_args()


def is_foreign(origin: str | None, host: str | None) -> bool:
    """Whether an Origin is another site's, by the Host header, as frameworks judge it."""
    return bool(origin) and (origin or "").partition("://")[2] != host


def answer(socket: ServerConnection, status: HTTPStatus, body: str, kind: str) -> Response:
    """A response with this body and Content-Type."""
    response = socket.respond(status, body)
    del response.headers["Content-Type"]
    response.headers["Content-Type"] = kind
    return response
