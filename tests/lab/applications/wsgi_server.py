"""A page by WSGI, which knows no WebSockets (wsgiref: "Server: WSGIServer/… CPython/…")."""

from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.simple_server import make_server

Start = Callable[[str, list[tuple[str, str]]], Any]


def application(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
    if environ["PATH_INFO"] == "/":
        start("200 OK", [("Content-Type", "text/html")])
        return [b"<!doctype html><title>Shop</title><p>It works.</p>\n"]
    start("404 Not Found", [("Content-Type", "text/html")])
    return [b"<!doctype html><title>Not Found</title><h1>Not Found</h1>\n"]


make_server("127.0.0.1", 3000, application).serve_forever()
