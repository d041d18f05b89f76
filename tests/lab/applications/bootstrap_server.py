"""A single page that reads where to ask from a document of its own program, as Gravitee's portal.

    python -m tests.lab.applications.bootstrap_server told 3001

/portal/ui/bootstrap names the address by X-Forwarded-Proto and Host, and by "siteUrl" where the
links of the page lead. With `relative` it names no host.
"""

import asyncio
import json

from tests.lab.applications.serving import run

PAGE = (
    '<!doctype html><title>Portal</title><div id="app"></div>'
    '<script src="/portal/main.js"></script>\n'
)
SCRIPT = (
    "fetch('/portal/ui/bootstrap').then((answer)=>answer.json())"
    ".then((config)=>{link.href=config.siteUrl;return fetch(config.baseURL+'/items')});\n"
)


def answer(mode: str, path: str, fields: dict[str, str]) -> tuple[str, str, str]:
    if path == "/portal/":
        return "200 OK", "text/html", PAGE
    if path == "/portal/main.js":
        return "200 OK", "text/javascript", SCRIPT
    scheme = fields.get("x-forwarded-proto", "http")
    own = f"{scheme}://{fields.get('host', '')}"
    if path == "/portal/ui/bootstrap":
        base = "" if mode == "relative" else own
        told = {"baseURL": f"{base}/portal/api", "siteUrl": f"http://{fields.get('host', '')}/"}
        return "200 OK", "application/json", json.dumps(told)
    if path == "/portal/api/items":
        return "200 OK", "application/json", "[]"
    return "404 Not Found", "application/json", "{}"


async def serve(mode: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        request, *lines = head.rstrip().split("\r\n")
        method, target, _ = request.split(" ")
        pairs = (line.partition(":") for line in lines)
        fields = {name.lower(): value.strip() for name, _, value in pairs}
        status, kind, body = answer(mode, target.partition("?")[0], fields)
        data = body.encode()
        rows = (
            f"HTTP/1.1 {status}",
            f"Content-Type: {kind}",
            f"Content-Length: {len(data)}",
            "",
            "",
        )
        writer.write("\r\n".join(rows).encode() + (b"" if method == "HEAD" else data))
        await writer.drain()


if __name__ == "__main__":
    run(serve)
