"""An application that answers as in a question that people asked about nginx in front of it.

    python asked_server.py nextcloud 3001
    python asked_server.py php-denied 3001
    python asked_server.py full-queue /run/php.sock

The modes of PHP speak FastCGI; `full-queue` accepts no connection and its queue is full. All others
speak HTTP/1.1. What an application writes into its log goes to standard error.
"""

import argparse
import os
import socket
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PAGE = (
    "<!doctype html><title>Shop</title><p>It works: this is the shop's page, with some text.</p>\n"
)
ORIGIN = "https://app.example.net"
TRACE = """\
Traceback (most recent call last):
  File "/srv/shop/views.py", line 12, in index
    rows = Item.objects.all()
django.db.utils.OperationalError: could not connect to server: Connection refused
"""
UNTRUSTED = "<title>Nextcloud</title><h2>Access through untrusted domain</h2>"
TOMCAT = (
    "<title>HTTP Status 400 – Bad Request</title><p>Invalid character found in the request target "
    "[/search?q={ ]. The valid characters are defined in RFC 7230 and RFC 3986</p>"
)
DRUPAL = "The provided host name is not valid for this server."
ALLOWED = (f"Access-Control-Allow-Origin: {ORIGIN}", "Access-Control-Allow-Methods: GET, POST")
Answer = tuple[int, str, tuple[str, ...]]
#: Answers that do not depend on the request.
FIXED: dict[str, Answer] = {
    "inner-path": (200, PAGE, ("Set-Cookie: JSESSIONID=7A3C; Path=/health; HttpOnly",)),
    "not-secure": (200, PAGE, ("Set-Cookie: sid=7A3C; Path=/; SameSite=None",)),
    "secure": (200, PAGE, ("Set-Cookie: sid=7A3C; Path=/; SameSite=None; Secure",)),
    "frames": (200, PAGE, ("X-Frame-Options: DENY",)),
    "wildcard": (
        200, "{}", ("Access-Control-Allow-Origin: *", "Access-Control-Allow-Credentials: true"),
    ),
    "trace": (500, "<title>Server Error (500)</title><h1>Server Error (500)</h1>", ()),
    "no-module": (500, "Internal Server Error", ()),
    "tomcat": (400, TOMCAT, ()),
    "proxy-address": (403, "Your IP address 127.0.0.1 is not allowed to use this.", ()),
    "for-localhost": (200, PAGE, ("Set-Cookie: sid=7A3C; Path=/; Domain=localhost",)),
    "removes-inside": (
        200, PAGE, ("Set-Cookie: sid=; Max-Age=0; Domain=192.168.1.10; Path=/; HttpOnly",),
    ),
    "removes-elsewhere": (
        200, PAGE, ("Set-Cookie: sid=; Max-Age=0; Domain=old.example.net; Path=/",),
    ),
    "not-ready": (503, "Kibana server is not ready yet", ()),
}  # fmt: skip
WRITTEN = {
    "gives-up": "[2026-11-26 10:00:00 +0000] [7] [CRITICAL] WORKER TIMEOUT (pid:12)\n",
    "trace": TRACE,
    "no-module": "--- no python application found, check your startup logs for errors ---\n",
}
NOT_WRITABLE = (
    'PHP message: PHP Fatal error:  Uncaught UnexpectedValueException: The stream or file "/srv/php'
    '/storage/logs/laravel.log" could not be opened in append mode: Permission denied'
)
DENIED = (
    "Access to the script '/srv/php/index.html' has been denied (see security.limit_extensions)"
)
#: What PHP-FPM writes, and what it answers.
PHP = {
    "php-denied": (DENIED, "Status: 403 Forbidden", "Access denied.\n"),
    "php-blind": ("", "Status: 404 Not Found", "No input file specified.\n"),
    "php-fails": (NOT_WRITABLE, "Status: 500 Internal Server Error", ""),
}


def answer(mode: str, method: str, path: str, host: str) -> Answer:
    if mode in FIXED:
        return FIXED[mode]
    match mode:
        case "no-options":
            return (405, "", ("Allow: GET, POST",)) if method == "OPTIONS" else (200, "{}", ())
        case "login" if path == "/login":
            return 302, "", ("Location: /", "Set-Cookie: sid=7A3C; Path=/; HttpOnly; Secure")
        case "login":
            return 302, "", ("Location: /login",)
        case "slash" if not path.endswith("/"):
            return 301, "", (f"Location: {path}/",)
        case "slash":
            return (204 if method == "OPTIONS" else 200), "", ALLOWED
        case "data":
            return (200, '[{"id": 1}]', ()) if path.startswith("/users") else (404, "{}", ())
        case "nextcloud" if host != "localhost":
            return 400, UNTRUSTED, ()
        case "drupal" if host != "localhost":
            return 400, DRUPAL, ()
    return 200, PAGE, ()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    mode = ""

    def log_message(self, *_: object) -> None:
        """No access log: only errors are written."""

    def respond(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path, host = self.path.partition("?")[0], self.headers.get("Host", "")
        status, body, fields = answer(self.mode, self.command, path, host)
        sys.stderr.write(WRITTEN.get(self.mode, ""))
        sys.stderr.flush()
        if self.mode == "gives-up":
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        if self.mode == "session" and self.command == "POST" and "Cookie" not in self.headers:
            status, body = 403, "<title>Error</title>invalid csrf token"
        if self.mode == "session" and self.headers.get("X-Forwarded-Proto") == "https":
            fields = ("Set-Cookie: connect.sid=s%3A7A3C; Path=/; HttpOnly; Secure",)
        self.send_response(status)
        kind = "application/json" if body[:1] in {"{", "["} else "text/html; charset=utf-8"
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body.encode())))
        for name, _, value in (field.partition(": ") for field in fields):
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body.encode())

    do_GET = do_HEAD = do_POST = do_OPTIONS = respond


def record(kind: int, content: bytes) -> bytes:
    """FastCGI 1.0 section 3.3."""
    return bytes((1, kind, 0, 1)) + len(content).to_bytes(2, "big") + b"\0\0" + content


def serve_php(mode: str, port: int) -> None:
    words, status, body = PHP[mode]
    head = f"{status}\r\nContent-type: text/html; charset=UTF-8\r\n\r\n{body}"
    with socket.create_server(("127.0.0.1", port)) as server:
        while True:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                errors = record(7, words.encode()) + record(7, b"") if words else b""
                output = record(6, head.encode()) + record(6, b"") + record(3, bytes(8))
                connection.sendall(errors + output)


def fill_queue(path: str) -> None:
    """Listen, accept nothing, and fill the queue: the next one gets EAGAIN (unix(7))."""
    os.umask(0)
    server = socket.socket(socket.AF_UNIX)
    server.bind(f"{path}.new")
    server.listen(0)
    waiting = []
    while True:
        client = socket.socket(socket.AF_UNIX)
        client.setblocking(False)
        try:
            client.connect(f"{path}.new")
        except BlockingIOError:
            break
        waiting.append(client)
    Path(f"{path}.new").rename(path)
    while True:
        time.sleep(60)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("mode")
    parser.add_argument("place", help="a port of 127.0.0.1, or the path of a socket")
    options = parser.parse_args()
    if options.mode == "full-queue":
        fill_queue(options.place)
    elif options.mode in PHP:
        serve_php(options.mode, int(options.place))
    else:
        Handler.mode = options.mode
        ThreadingHTTPServer(("127.0.0.1", int(options.place)), Handler).serve_forever()
