"""A program of a web framework that reads its own source, and answers as the framework does.

    cd /srv/shop && python -m tests.lab.applications.source_server flask 3001

Werkzeug takes the scheme from the server unless ProxyFix wraps the application
(werkzeug/middleware/proxy_fix.py), Express from the socket without "trust proxy" (lib/request.js),
Spring Boot without server.forward-headers-strategy, of which the last document of its YAML counts,
and Next.js writes "basePath" before the paths of its files.
"""

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path

from tests.lab.applications.serving import run

Answer = tuple[str, str, tuple[str, ...]]
HTML = "Content-Type: text/html; charset=utf-8"
SOURCES = {
    "flask": "app.py",
    "express": "app.js",
    "next": "next.config.js",
    "spring": "application.yml",
}
STARTED = {
    name: Path(file).read_text("utf-8") for name, file in SOURCES.items() if Path(file).exists()
}
TRUSTING = {
    "flask": r"(?m)^\s*app\.wsgi_app = ProxyFix\(app\.wsgi_app, x_proto=1",
    "express": r"(?m)^\s*app\.set\('trust proxy', 1\)",
    "spring": r"(?ms)^server:\n(?:  [^\n]*\n)*  forward-headers-strategy: (?:framework|native)$",
}


def answer(name: str, path: str, fields: Mapping[str, str]) -> Answer:
    source = STARTED[name]
    words = "<p>It works: this is the page of the shop, with words enough for a page.</p>"
    if name == "next":
        base = match[1] if (match := re.search(r"(?m)^\s*basePath: '([^']*)'", source)) else ""
        script = f"{base}/_next/static/chunks/main-1a2b.js"
        if path == script:
            return "200 OK", "self.__next = 1;", ("Content-Type: text/javascript",)
        if path.rstrip("/") in {"/shop", ""}:
            return "200 OK", f'<title>Shop</title><script src="{script}"></script>{words}', (HTML,)
        return "404 Not Found", "<h1>404</h1>This page could not be found.", (HTML,)
    is_told = re.search(TRUSTING[name], source) is not None
    scheme = fields.get("x-forwarded-proto", "http") if is_told else "http"
    # The page itself, where the scheme is right: a visitor looks for a page.
    if path == "/" and scheme != fields.get("x-forwarded-proto", "http"):
        return "302 Found", "", (f"Location: {scheme}://{fields.get('host', '')}/start",)
    return "200 OK", f"<title>Shop</title>{words}", (HTML,)


async def serve(mode: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        fields = {name.lower(): text.strip() for name, _, text in (x.partition(":") for x in lines)}
        await reader.readexactly(int(fields.get("content-length") or 0))
        method, target, _ = first.split(" ")
        status, body, more = answer(mode, target.partition("?")[0], fields)
        data = body.encode()
        head_lines = (f"HTTP/1.1 {status}", *more, f"Content-Length: {len(data)}", "", "")
        writer.write("\r\n".join(head_lines).encode() + (b"" if method == "HEAD" else data))
        await writer.drain()


if __name__ == "__main__":
    run(serve)
