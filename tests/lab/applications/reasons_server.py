"""An application that refuses or fails for a reason, as real ones do, and writes it into its log.

python reasons_server.py database --port 3001
"""

import argparse
import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlencode

from websockets.utils import accept_key

PAGE = "<!doctype html><title>Shop</title><p>It works.</p>\n"
FORM = (
    "<!doctype html><title>Login</title><form method=post action=/login>"
    "<input type=hidden name=_csrf value=c1x2><input name=user></form><p>It works.</p>\n"
)
#: What each mode with a form writes about one that it refuses (Django; csrf of Node.js).
FORMS = {
    "form-origin": "Forbidden (Origin checking failed - {origin} does not match any trusted"
                   " origins.): {path}",
    "form-token": "Forbidden (CSRF token from POST incorrect.): {path}",
    "form-session": "ForbiddenError: invalid csrf token",
    "form-cookie": "ForbiddenError: invalid csrf token",
}  # fmt: skip
#: The status, the body and the line in the log of each mode for a page.
ANSWERS = {
    "database": (500, "<h1>Server Error (500)</h1>",
                 "django.db.utils.OperationalError: could not connect to server: refused"),
    "disk": (500, "Internal Server Error", "OSError: [Errno 28] No space left on device: '/srv/x'"),
    "frp": (404, "<p><em>Faithfully yours, frp.</em></p>", ""),
    "not-found": (404, "<h1>Not Found</h1>", "WARNING Not Found: /"),
    "members": (403, "<h1>Members only</h1>", "WARNING Forbidden: /"),
    # Koa's answer to what its program throws.
    "cookie": (500, "Internal Server Error",
               "Error: Cannot send secure cookie over unencrypted connection"),
    "default-page": (200, "<title>Apache2 Debian Default Page: It works</title>", ""),
}  # fmt: skip


class Handler(BaseHTTPRequestHandler):
    mode = ""
    server_version, sys_version = "reasons", ""

    def log_message(self, *_: object) -> None:
        pass

    def answer(self, status: int, body: str, line: str = "") -> None:
        if line:
            print(line, file=sys.stderr, flush=True)
        self.send_response(status)
        self.send_header("Content-Type", "text/html")
        if self.mode == "frame":
            self.send_header("Set-Cookie", "sid=s1; Path=/; HttpOnly; Secure; SameSite=Lax")
            allowed = "frame-ancestors 'self' https://portal.example.org"
            self.send_header("Content-Security-Policy", allowed)
        if self.mode == "angular":
            self.send_header("Set-Cookie", "XSRF-TOKEN=c1; Path=/; Secure; SameSite=Lax")
        if self.mode in FORMS and self.mode != "form-session":
            self.send_header("Set-Cookie", "sid=s1; Path=/; HttpOnly; Secure; SameSite=Lax")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def do_GET(self) -> None:
        if self.mode == "hang":
            time.sleep(600)
        elif self.headers.get("Upgrade") and self.mode.startswith("origin"):
            self.open_websocket()
        elif self.headers.get("Upgrade"):
            self.answer(404, '{"detail":"Not Found"}', "WARNING:  Unsupported upgrade request.")
        elif self.mode in FORMS:
            self.answer(200, FORM)
        elif self.mode == "frame" and self.path == "/api/me":
            is_known = "sid=" in self.headers.get("Cookie", "")
            self.answer(*((200, "{}") if is_known else (403, "{}")))
        elif self.mode in {"frame", "angular"}:
            self.answer(200, PAGE + "<script>document.title = 'Shop';</script>")
        elif self.mode == "login" and self.path == "/":
            back = f"{json.loads(Path('config.json').read_text())['url']}/callback"
            self.send_response(302)
            sent = urlencode({"client_id": "1", "redirect_uri": back})
            self.send_header("Location", f"https://shop.example.com/login?{sent}")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif self.mode in ANSWERS:
            self.answer(*ANSWERS[self.mode])
        elif self.is_refused():
            self.answer(400, "400: Bad Request")
        else:
            self.answer(200, PAGE)

    def open_websocket(self) -> None:
        """As Phoenix does, whose check_origin knows another host."""
        if self.mode == "origin" and self.headers.get("Origin"):
            line = "[error] Could not check origin for Phoenix.Socket transport."
            self.answer(403, "", line)
            return
        key = accept_key(self.headers.get("Sec-WebSocket-Key", ""))
        head = "Upgrade: websocket\r\nConnection: Upgrade\r\n"
        self.wfile.write(f"HTTP/1.1 101 Switching Protocols\r\n{head}".encode())
        self.wfile.write(f"Sec-WebSocket-Accept: {key}\r\n\r\n".encode())
        while self.connection.recv(4096):
            pass

    def is_refused(self) -> bool:
        host = self.headers.get("Host", "").partition(":")[0]
        return (self.mode == "no-proxy" and "X-Forwarded-For" in self.headers) or (
            self.mode == "own-name" and host != "app.internal"
        )

    def do_POST(self) -> None:
        if self.mode == "angular":
            is_sent = self.headers.get("X-XSRF-TOKEN") == "c1"
            self.answer(*((200, "{}") if is_sent else (403, "{}")))
            return
        if self.mode in FORMS:
            origin = self.headers.get("Origin", "")
            line = FORMS[self.mode].format(origin=origin, path=self.path)
            self.answer(403, "<h1>Forbidden (403)</h1>", line)
            return
        is_secure = self.headers.get("X-Forwarded-Proto") == "https"
        self.answer(*((200, PAGE) if is_secure else (403, "<h1>Forbidden (403)</h1>")))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("mode")
    parser.add_argument("--port", type=int, default=3001)
    options = parser.parse_args()
    Handler.mode = options.mode
    ThreadingHTTPServer(("127.0.0.1", options.port), Handler).serve_forever()
