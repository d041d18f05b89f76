"""An application of which some requests take long.

    python late_server.py 3009 /api/export 6

The path answers after so many seconds, to GET and POST; all others answer at once. With "crash" in
the place of the seconds the connection is closed.
"""

import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAGE = b"<!doctype html><title>Shop</title><p>It works.</p>\n"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        is_meant = self.path.partition("?")[0] == sys.argv[2]
        if is_meant and sys.argv[3] == "crash":
            self.close_connection = True
            return
        if is_meant:
            time.sleep(float(sys.argv[3]))
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)

    do_POST = do_GET

    def log_message(self, *_: object) -> None: ...


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
