"""An application whose page has status 200 and is no site, or whose WebSocket refuses subprotocols.

python outside_server.py database 3001
"""

import argparse
import base64
import hashlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HTML = ("Content-Type", "text/html; charset=UTF-8")
PHP = ("X-Powered-By", "PHP/8.2.7")
DATABASE = "Error establishing a database connection"
#: The page, and the fields beside its length.
PAGES: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "database": (
        f"<!DOCTYPE html><html><head><title>Database Error</title></head><body>"
        f'<div class="wp-die-message"><h1>{DATABASE}</h1></div></body></html>\n',
        (HTML,),
    ),
    "article": (
        f"<!doctype html><title>What to do: {DATABASE}</title><h1>When WordPress says so</h1>"
        f"<p>{DATABASE}</p>\n",
        (HTML,),
    ),
    "fatal": (
        "<!doctype html><title>Shop</title><br />\n<b>Fatal error</b>:  Uncaught Error: Call to "
        "undefined function get_header() in /srv/www/index.php:3\nStack trace:\n#0 {main}\n  thrown"
        " in <b>/srv/www/index.php</b> on line <b>3</b><br />\n",
        (HTML, PHP),
    ),
    "maintenance": (
        "<!DOCTYPE html><html><head><title>Maintenance</title></head><body><h1>Briefly unavailable "
        "for scheduled maintenance. Check back in a minute.</h1></body></html>\n",
        (HTML, PHP),
    ),
    "blank": ("", (HTML, PHP)),
    "part": ("<!doctype html><title>Shop</title>", (HTML, ("Content-Range", "bytes 0-34/900"))),
    "large-cookie": (
        "<!doctype html><title>Shop</title><p>It works.</p>\n",
        (HTML, ("Set-Cookie", f"session={'x' * 4300}; Path=/; Secure; HttpOnly")),
    ),
    "empty": ("", (HTML,)),
}
GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#: RFC 6455 section 5.5.1: close frames of graphql-ws (4406) and of subscriptions-transport-ws.
REASON = b"Subprotocol not acceptable"
CLOSES = {
    "graphql": bytes((0x88, 2 + len(REASON))) + (4406).to_bytes(2, "big") + REASON,
    "graphql-old": bytes((0x88, 2)) + (1002).to_bytes(2, "big"),
    "mqtt": bytes((0x88, 2)) + (1002).to_bytes(2, "big"),
}
WANTED = {"mqtt": "mqtt", "graphql": "graphql-transport-ws", "graphql-old": "graphql-ws"}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    mode = ""

    def log_message(self, *_: object) -> None:
        """No access log."""

    def do_GET(self) -> None:
        if self.mode in CLOSES and self.headers.get("Upgrade", "").lower() == "websocket":
            self.open_websocket()
            return
        body, fields = PAGES.get(self.mode, ("<!doctype html><title>Shop</title>Shop\n", (HTML,)))
        self.send_response(206 if self.mode == "part" else 200)
        for name, value in (*fields, ("Content-Length", str(len(body.encode())))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body.encode())

    def refuse(self) -> None:
        self.send_response(400)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def open_websocket(self) -> None:
        """Like the `ws` library: the first subprotocol is chosen, and judged afterwards."""
        if self.mode == "mqtt" and not self.headers.get("Sec-WebSocket-Protocol"):
            self.refuse()
            return
        offered = self.headers.get("Sec-WebSocket-Protocol", "").split(",")[0].strip()
        key = self.headers.get("Sec-WebSocket-Key", "")
        digest = base64.b64encode(hashlib.sha1(f"{key}{GUID}".encode()).digest()).decode()
        self.send_response(101)
        fields = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Accept": digest}
        fields |= {"Sec-WebSocket-Protocol": offered} if offered else {}
        for name, value in fields.items():
            self.send_header(name, value)
        self.end_headers()
        self.close_connection = True
        if offered != WANTED[self.mode]:
            self.wfile.write(CLOSES[self.mode])
            return
        while frame := self.rfile.read(2):
            mask = self.rfile.read(4)
            data = bytes(
                byte ^ mask[place % 4]
                for place, byte in enumerate(self.rfile.read(frame[1] & 0x7F))
            )
            opcode = frame[0] & 0x0F
            answer = {0x9: 0xA}.get(opcode, opcode)
            self.wfile.write(bytes((0x80 | answer, len(data))) + data)
            if opcode == 0x8:
                return


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("mode", choices=(*PAGES, *CLOSES))
    parser.add_argument("port", type=int)
    options = parser.parse_args()
    Handler.mode = options.mode
    ThreadingHTTPServer(("127.0.0.1", options.port), Handler).serve_forever()
