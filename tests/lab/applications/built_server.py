"""A program whose front end is built: it serves what the build left in its folder, with a policy.

    cd /srv/front && python -m tests.lab.applications.built_server 3001

Strapi's admin panel is one (issue 15118 of strapi/strapi): the address of the program stands in the
files of the build.
"""

import asyncio
from pathlib import Path

from tests.lab.applications.serving import run

PAGE = (
    '<!doctype html><html lang=en><head><title>Panel</title><script defer src="/main.js"></script>'
    "</head><body><div id=app></div><noscript>This panel needs JavaScript.</noscript></body></html>"
)
POLICY = "Content-Security-Policy: connect-src 'self' https:; default-src 'self'"


def answer(path: str) -> tuple[str, str, str]:
    if path == "/main.js":
        return "200 OK", Path("build/main.js").read_text("utf-8"), "text/javascript"
    if path == "/":
        return "200 OK", PAGE, "text/html; charset=utf-8"
    if path == "/panel/init":
        return "200 OK", '{"data":{"hasAdmin":true}}', "application/json"
    return "404 Not Found", '{"data":null}', "application/json"


async def serve(mode: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    del mode
    while True:
        head = await reader.readuntil(b"\r\n\r\n")
        method, target, _ = head.decode("latin-1").split("\r\n")[0].split(" ")
        status, body, kind = answer(target.partition("?")[0])
        data = body.encode()
        lines = (f"HTTP/1.1 {status}", f"Content-Type: {kind}", POLICY,
                 f"Content-Length: {len(data)}", "", "")  # fmt: skip
        writer.write("\r\n".join(lines).encode() + (b"" if method == "HEAD" else data))
        await writer.drain()


if __name__ == "__main__":
    run(serve)
