"""An application that has some paths and answers 404 to all others.

    python paths_server.py 3001 /users /assets/app.js /:/assets/app.js /old:301:/login

"PATH" is a page, or a script if it ends with ".js", with a text behind ":"; "PATH:SCRIPT" a page
that loads a script, and "PATH:301:URL" a redirect; "PATH:405:" answers with that status, and
"PATH:json" is data. "*" is one page for all other paths. A POST is accepted where GET answers, and
at "PATH:405:". "@NAME" is the only name in the Host field that it knows, with a port or without:
for others it answers 404, with the words "!WORDS". With the word "//" a path with two slashes is
another one, as it is for most programs: this server's own class makes one of them.
"""

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAGE = "<!doctype html><title>Shop</title><p>It works.</p>\n"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    paths: dict[str, list[str]] = {}  # noqa: RUF012

    name = missing = ""
    counts_slashes = False

    def do_GET(self) -> None:
        path = self.requestline.split(" ")[1] if self.counts_slashes else self.path
        words = self.paths.get(path.partition("?")[0], self.paths.get("*"))
        if self.name and self.headers.get("Host", "").partition(":")[0] != self.name:
            words = None
        if words is None:
            self.answer(404, "text/plain", self.missing or f"Cannot GET {self.path}\n")
        elif words == ["json"]:
            self.answer(200, "application/json", "[]")
        elif self.path.endswith(".js") and path.partition("?")[0] in self.paths:
            self.answer(200, "text/javascript", ":".join(words) or "1;\n")
        elif len(words) > 1:
            self.answer(int(words[0]), "text/html", "", words[1])
        elif words:
            self.answer(200, "text/html", f'{PAGE}<script src="{words[0]}"></script>\n')
        else:
            self.answer(200, "text/html", PAGE)

    do_HEAD = do_GET

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        is_there = self.path.partition("?")[0] in self.paths
        self.answer(200 if is_there else 404, "application/json", "{}")

    def answer(self, status: int, kind: str, text: str, location: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text)))
        if location:
            self.send_header("Location", location)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None: ...


if __name__ == "__main__":
    words = sys.argv[2:]
    Handler.counts_slashes = "//" in words
    words = [word for word in words if word != "//"]
    Handler.name = "".join(word[1:] for word in words if word.startswith("@"))
    Handler.missing = "".join(word[1:] for word in words if word.startswith("!"))
    Handler.paths = {word.split(":")[0]: word.split(":")[1:] for word in words if word[0] in "/*"}
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
