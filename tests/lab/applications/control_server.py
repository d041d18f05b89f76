"""An application whose clients change over to a protocol of its own, as those of Tailscale at
Headscale: a POST to /ts2021 with `Upgrade: tailscale-control-protocol`.

    python control_server.py PORT

Without the field it answers 500 there, and 404 elsewhere, but for its first page.
"""

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PROTOCOL = "tailscale-control-protocol"
PAGE = b"<!doctype html><title>Control</title><h1>Control</h1><p>How to connect, with words.</p>\n"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.answer(*((200, PAGE) if self.path == "/" else (404, b"404 page not found")))

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        options = (self.headers.get("Connection") or "").lower()
        if self.path != "/ts2021":
            self.answer(404, b"404 page not found")
        elif "upgrade" in options and self.headers.get("Upgrade") == PROTOCOL:
            self.send_response_only(101)
            self.send_header("Upgrade", PROTOCOL)
            self.send_header("Connection", "upgrade")
            self.end_headers()
            self.close_connection = True
        else:
            self.answer(500, b"Internal error")

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/html" if status == 200 else "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
