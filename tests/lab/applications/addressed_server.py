"""A program that writes its own address into its pages and redirects, or has its own sessions.

    python -m tests.lab.applications.addressed_server links 3001
    python -m tests.lab.applications.addressed_server links=https://shop.example.com 3001

What a mode writes stands at its branch. The text behind "=" is the address, or the folder, in the
program's own settings.
"""

import asyncio
import secrets
from collections.abc import Mapping

from tests.lab.applications.serving import run

Answer = tuple[str, str, tuple[str, ...]]
HTML = ("Content-Type: text/html; charset=utf-8",)
TEXT = "It works: this is the page of the program, with some text on it."
FORM = '<form method="post" action="login"><input name="user"><input type="password"></form>'
NOT_FOUND: Answer = ("404 Not Found", "Not found", HTML)
#: The sessions of this process.
SESSIONS: set[str] = set()


def page(head: str, body: str = f"<p>{TEXT}</p>", title: str = "Desk") -> Answer:
    text = f"<!doctype html><html><head><title>{title}</title>{head}</head><body>{body}</body>"
    return "200 OK", f"{text}</html>", HTML


def redirect(location: str, *more: str) -> Answer:
    return "302 Found", "", (f"Location: {location}", *more)


def told(fields: Mapping[str, str]) -> str:
    """The address that a proxy tells, as a framework that trusts it puts it together."""
    host = fields.get("x-forwarded-host", fields.get("host", ""))
    port = fields.get("x-forwarded-port", "")
    if port not in {"", "80", "443"}:
        host = f"{host.partition(':')[0]}:{port}"
    return (
        f"{fields.get('x-forwarded-proto', 'http')}://{host}{fields.get('x-forwarded-prefix', '')}"
    )


def files(folder: str) -> str:
    return (
        f'<link rel="stylesheet" href="{folder}dist/app.css">'
        f'<script src="{folder}dist/app.js"></script>'
    )


def new_session(path: str = "/") -> str:
    name = secrets.token_hex(16)
    SESSIONS.add(name)
    return f"Set-Cookie: JSESSIONID={name}; Path={path}; HttpOnly"


def session_of(fields: Mapping[str, str]) -> bool:
    cookies = fields.get("cookie", "").split("; ")
    return any(cookie.partition("=")[2] in SESSIONS for cookie in cookies)


def answer(mode: str, own: str, method: str, path: str, fields: Mapping[str, str]) -> Answer:
    if path in {"/dist/app.js", "/public/build/app.js"}:
        return "200 OK", "1;\n", ("Content-Type: text/javascript",)
    if path == "/dist/app.css":
        return "200 OK", "p { color: #222 }\n", ("Content-Type: text/css",)
    if path.endswith((".js", ".css")):
        return NOT_FOUND
    match mode:
        case "links":  # its own address, else the Host header and http; no field is believed
            return page(files(f"{own or 'http://' + fields.get('host', '')}/"))
        case "links-trusting":
            return page(files(f"{told(fields)}/"))
        case "list":  # data, and its own address if it has one; no page
            scheme = fields.get("x-forwarded-proto", "http")
            url = own or f"{scheme}://{fields.get('host', '')}"
            data = f'{{"count": 300, "next": "{url}/api/books?page=2", "previous": null}}'
            return "200 OK", data, ("Content-Type: application/json",)
        case "anchor":  # a link of the page alone
            return page("", f'<p>{TEXT}</p><a href="{told(fields)}/books">Books</a>')
        case "base-href" if path == "/":
            return redirect(f"{told(fields)}/login")
        case "base-href":
            return page(f'<base href="{told(fields)}/">{files("")}', FORM)
        case "grafana" if path == "/":
            return redirect(f"{own}/login")
        case "grafana" if path != "/login":
            return NOT_FOUND
        case "grafana":
            script = '<script src="public/build/app.js"></script>'
            why = "<p>If you're seeing this Grafana has failed to load its application files</p>"
            return page(f'<base href="{own}/" />{script}', why, "Grafana")
        case "session" if method == "POST":
            return redirect(f"{told(fields)}{own}/", new_session(f"{own}/"))
        case "session" if own and path == f"{own}/" and not session_of(fields):
            return redirect(f"{told(fields)}{own}/login")
        case "session" if not session_of(fields):
            return "200 OK", page("", f"<p>{TEXT}</p>{FORM}")[1], (*HTML, new_session(f"{own}/"))
        case _:
            return page("")


async def http(mode: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    line, *lines = head.rstrip().split("\r\n")
    pairs = (text.partition(":") for text in lines)
    fields = {name.lower(): value.strip() for name, _, value in pairs}
    await reader.readexactly(int(fields.get("content-length") or 0))
    kind, _, own = mode.partition("=")
    method, url, _ = line.split(" ", 2)
    status, body, more = answer(kind, own, method, url.partition("?")[0], fields)
    more = (*more, f"Content-Length: {len(body.encode())}", "Connection: close")
    writer.write("\r\n".join((f"HTTP/1.1 {status}", *more, "", body)).encode())
    await writer.drain()


if __name__ == "__main__":
    run(http)
