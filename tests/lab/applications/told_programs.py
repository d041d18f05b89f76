"""A program that reads what it is told about its place behind a proxy, and answers so.

    cd /srv/shop && python -m tests.lab.applications.told_programs fastapi 3001

FastAPI's page of its description asks for `root_path` and /openapi.json (fastapi/applications.py).
AdGuard Home answers DNS over HTTPS over http only with `allow_unencrypted_doh` (its
AdGuardHome.yaml), and is known by its process: its path is the word `mode`.
"""

import asyncio
import re
from pathlib import Path

from tests.lab.applications.serving import run

HTML, JSON = "Content-Type: text/html; charset=utf-8", "Content-Type: application/json"
ICON = "https://fastapi.tiangolo.com/img/favicon.png"
Answer = tuple[str, str, str]


def fastapi(path: str) -> Answer:
    source = Path("main.py").read_text("utf-8")
    match = re.search(r'root_path="([^"]*)"', source)
    root = match[1] if match else ""
    if path == "/docs":
        script = f"SwaggerUIBundle({{url: '{root}/openapi.json', dom_id: '#swagger-ui'}})"
        head = f'<title>FastAPI - Swagger UI</title><link rel="shortcut icon" href="{ICON}">'
        page = f'<html><head>{head}</head><body><div id="swagger-ui"></div>'
        return "200 OK", f"<!DOCTYPE html>{page}<script>{script}</script></body></html>", HTML
    if path == "/openapi.json":
        return "200 OK", '{"openapi":"3.1.0","info":{"title":"FastAPI"},"paths":{}}', JSON
    return "404 Not Found", '{"detail":"Not Found"}', JSON


def adguard(path: str) -> Answer:
    text = Path("AdGuardHome.yaml").read_text("utf-8")
    if path == "/dns-query":
        if "allow_unencrypted_doh: true" not in text:
            return "404 Not Found", "Not Found\n", "Content-Type: text/plain"
        return "200 OK", "answer", "Content-Type: application/dns-message"
    return "200 OK", "<title>Login</title><p>Sign in to the names of this house.</p>", HTML


async def serve(mode: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    answer = fastapi if mode == "fastapi" else adguard
    while True:
        head = await reader.readuntil(b"\r\n\r\n")
        method, target, _ = head.decode("latin-1").partition("\r\n")[0].split(" ")
        status, body, kind = answer(target.partition("?")[0])
        data = body.encode()
        lines = (f"HTTP/1.1 {status}", kind, f"Content-Length: {len(data)}", "", "")
        writer.write("\r\n".join(lines).encode() + (b"" if method == "HEAD" else data))
        await writer.drain()


if __name__ == "__main__":
    run(serve)
