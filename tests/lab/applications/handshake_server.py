"""A server that takes each request with `Connection: upgrade` for the beginning of a handshake: it
ends the response of a large page before it is whole, as Invidious did
(https://github.com/iv-org/invidious/issues/604).

    python -m tests.lab.applications.handshake_server 3009
"""

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAGE = b"<!doctype html><title>Videos</title>" + b"<p>A long list of videos.</p>\n" * 40_000
#: What comes with an upgrade.
CUT = 300_000


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        upgrades = self.headers.get("Connection", "").lower() == "upgrade"
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE[:CUT] if upgrades else PAGE)
        self.close_connection = self.close_connection or upgrades

    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
