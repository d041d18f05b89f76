"""An application that runs as `nobody` and says in its own log why it refuses: whose name is not
allowed for its interface (/api), or that it may not write what a POST brings. Its arguments are the
port and its folder."""

import encodings.idna  # noqa: F401 - the name of a machine is made of it, as nobody
import http.server
import os
import sys
from pathlib import Path

PORT, FOLDER = int(sys.argv[1]), Path(sys.argv[2])
ALLOWED = os.environ.get("APP_ALLOWED_HOSTS", "localhost").split(",")
PAGE = b"<!doctype html><title>Shop</title><h1>Shop</h1><p>Forty kinds of tea, and the pots.</p>"
HINT = "Hint: Set the APP_ALLOWED_HOSTS environment variable to allow it."


class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, status: int, body: bytes = b"{}") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        host = self.headers["Host"].partition(":")[0]
        if self.path == "/api" and host not in ALLOWED:
            LOG.write(f"error: Host validation failed for: {host}. {HINT}\n")
            self.answer(400)
        else:
            self.answer(200, PAGE)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            (FOLDER / "media" / "photos").mkdir(exist_ok=True)
            self.answer(201)
        except OSError as error:
            LOG.write(f"ERROR {type(error).__name__}: {error}\n")
            self.answer(500)

    def log_message(self, *_: object) -> None:
        pass


with (FOLDER / "log" / "app.log").open("a", buffering=1) as LOG:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Handler)
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
    server.serve_forever()
