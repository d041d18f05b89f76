"""An application that has its pages below the folder that X-Script-Name tells it, as Calibre-Web.

python told_folder_server.py 3001
"""

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        folder = self.headers.get("X-Script-Name", "").rstrip("/")
        is_own = self.path.startswith(f"{folder}/")
        text = f'<!doctype html><title>Books</title><a href="{folder}/">Books</a>\n'
        self.send_response(200 if is_own else 404)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
