"""Refuses what comes behind "Connection: close" on a connection, as llhttp does, and says itself
that the connection is kept, as a gateway does that repeats the fields of the server behind it."""

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAGE = b"<!doctype html><title>Shop</title><p>It works.</p>\n"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    is_ended = False

    def do_GET(self) -> None:
        if self.is_ended:
            self.wfile.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
            self.close_connection = True
            return
        self.is_ended = self.headers.get("Connection", "").lower() == "close"
        self.send_response(200)
        for name, value in (
            ("Content-Type", "text/html"),
            ("Content-Length", str(len(PAGE))),
            ("Connection", "keep-alive"),
            ("Keep-Alive", "timeout=72"),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.close_connection = False
        self.wfile.write(PAGE)

    def log_message(self, format: str, *args: object) -> None:
        pass


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
