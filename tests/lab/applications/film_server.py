"""An application that sends a film as a whole, whatever part is asked for: by hand.

    python film_server.py 3001

/ is a page with the film, every other path is the film.
"""

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FILM = bytes(range(256)) * 2000
PAGE = (
    b"<!doctype html><title>Shop</title><p>How tea is made.</p><video src=/media/film.mp4></video>"
)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        kind, body = ("text/html", PAGE) if self.path == "/" else ("video/mp4", FILM)
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET

    def log_message(self, *_: object) -> None: ...


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
