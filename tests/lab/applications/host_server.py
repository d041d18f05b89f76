"""An application that names its style sheet at the host that it is told, by hand.

python host_server.py 3001
"""

import http.server
import sys


class Application(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        if self.path.endswith(".css"):
            return self._answer("text/css", "body {}")
        scheme, host = self.headers.get("X-Forwarded-Proto", "http"), self.headers.get("Host", "")
        link = f'<link rel="stylesheet" href="{scheme}://{host}/css/style.css">'
        return self._answer("text/html", f"<!doctype html><title>Shop</title>{link}<h1>Shop</h1>")

    def _answer(self, kind: str, text: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())


if __name__ == "__main__":
    address = ("127.0.0.1", int(sys.argv[1]))
    http.server.ThreadingHTTPServer(address, Application).serve_forever()
