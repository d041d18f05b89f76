"""The application behind nginx: pages by hand, WebSockets by the websockets library.

    python application.py --port 3000 --mode echo

Like that library it refuses a WebSocket over HTTP/1.0; ordinary pages it serves over both.
"""

import argparse
import asyncio
import contextlib
import os
import re
import ssl
import sys

from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

MODES = (
    "echo",
    "unauthorized",  # 401 for a handshake without credentials
    "forbidden",  # 403 likewise
    "own-origin",  # 403 for an Origin of another host than the Host header's
    "own-port",  # 403 for an Origin of another port than X-Forwarded-Port's, which is 80 without it
    "bad-accept",  # 101 with a wrong Sec-WebSocket-Accept
    "old-101",  # 101 in HTTP/1.0
    "breaks",  # 101, and closes with 1011, as an application that raised
    "drops",  # 101, and closes without a close frame
    "subprotocol",  # only with Sec-WebSocket-Protocol: chat
    "no-websocket",  # 404 for every handshake
    "page",  # 200 and a page for every handshake, like a single-page application
    "redirect",  # 302 for every handshake
    "error",  # 500 for everything
    "hang",  # never an answer
    "close",  # closes without an answer
    "thinks",  # a page after four seconds
    "thinks-a-moment",  # a page after 0.4 seconds
    "slow-report",  # /report after three seconds, other pages at once
    "redirect-to-https",  # to https:// unless X-Forwarded-Proto says https
    "redirect-to-443",  # the same, and to the usual port
    "forces-https",  # to https:// always, as a program with an https port of its own
    "wordpress",  # the same, and says so as WordPress does
    "ignores-the-scheme",  # the root to http://…/login, whatever X-Forwarded-Proto says
    "http-in-redirect",  # /manage to the page behind it, at http, whatever it is told
    "scheme-in-redirect",  # /manage to the page behind it, at the scheme of X-Forwarded-Proto
    "no-challenge",  # 404 for everything well-known
    "not-implemented",  # 501 for every handshake, as websocket-sharp without a service there
    "canonical",  # to the site's own https URL unless the Host header is the site's
    "own-address",  # the same, and unless X-Forwarded-Proto says https
    "own-host",  # 404 unless the Host header is app.internal
    "site-host",  # 400 unless the Host header is the site's, as Django answers it
    "site-host-or-nothing",  # closes without an answer likewise, as an inner nginx with 444
    "one-page",  # the same page everywhere, with a script at /assets/app.js
    "own-login",  # 401 for a user of HTTP's basic authentication, and a page without one
    "form",  # a page with a form
    "form-at-scheme",  # a page with a form to the scheme of X-Forwarded-Proto, and the Host
    "refresh-at-scheme",  # a page that names its next address so
    "absolute-links",  # a page that names its files at https:// and the Host header
    "plain-links",  # the same at http://
    "relative-links",  # the same page everywhere, with a script at static/app.js below it
    "own-links",  # a page that links to its login at https:// and the Host header
    "strict-paths",  # 404 for //… and for /base…, and the page everywhere else
    "large-head",  # 9 kB of cookies with every page
    "lenient",  # a WebSocket over HTTP/1.0 is fine
)
PAGE = b"<!doctype html><title>Shop</title><p>It works.</p>\n"


def answer(status: str, body: bytes = PAGE, *headers: str) -> bytes:
    head = [f"HTTP/1.1 {status}", "Content-Type: text/html", f"Content-Length: {len(body)}"]
    head += ["Connection: close", *headers, "", ""]
    return "\r\n".join(head).encode() + body


def page(mode: str, path: str, headers: dict[str, str]) -> bytes:
    match mode:
        case "error":
            return answer("500 Internal Server Error", b"boom\n")
        case "own-login" if "authorization" in headers:
            return answer("401 Unauthorized", b'{"message":"Basic auth failed"}')
        case "redirect-to-https" if headers.get("x-forwarded-proto") != "https":
            return answer("301 Moved", b"", f"Location: https://{headers.get('host')}{path}")
        case "redirect-to-443" if headers.get("x-forwarded-proto") != "https":
            name = headers.get("host", "").partition(":")[0]
            return answer("301 Moved", b"", f"Location: https://{name}{path}")
        case "forces-https":
            return answer("301 Moved", b"", f"Location: https://{headers.get('host')}{path}")
        case "wordpress":
            location = f"Location: https://{headers.get('host')}{path}"
            return answer("301 Moved", b"", location, "X-Redirect-By: WordPress")
        case "ignores-the-scheme" if path == "/":
            return answer("307 Moved", b"", f"Location: http://{headers.get('host')}/login")
        case "http-in-redirect" if path == "/manage":
            return answer("302 Found", b"", f"Location: http://{headers.get('host')}/manage/1")
        case "scheme-in-redirect" if path == "/manage":
            scheme = headers.get("x-forwarded-proto", "http")
            return answer("302 Found", b"", f"Location: {scheme}://{headers.get('host')}/manage/1")
        case "no-challenge" if path.startswith("/.well-known/"):
            return answer("404 Not Found", b"Cannot GET\n")
        case "own-address" if headers.get("x-forwarded-proto") != "https":
            return answer("301 Moved", b"", f"Location: https://shop.example.com{path}")
        case "canonical" | "own-address" if headers.get("host") != "shop.example.com":
            return answer("302 Found", b"", f"Location: https://shop.example.com{path}")
        case "own-host" if headers.get("host") != "app.internal":
            return answer("404 Not Found", b"no such site\n")
        case "site-host" if headers.get("host") != "shop.example.com":
            return answer("400 Bad Request", b"Invalid HTTP_HOST header: you may need to add it\n")
        case "site-host-or-nothing" if headers.get("host") != "shop.example.com":
            return b""
        case "one-page" if not path.startswith("/assets/"):
            return answer(
                "200 OK", b'<!doctype html><div></div><script src="/assets/app.js"></script>'
            )
        case "form":
            form = b'<form method="post" action="/login"><input name="user"></form>'
            return answer("200 OK", PAGE + form)
        case "form-at-scheme" | "refresh-at-scheme":
            own = f"{headers.get('x-forwarded-proto', 'http')}://{headers.get('host')}"
            own_form = f'<form method=post action="{own}/login"><input name=user></form>'
            refresh = f'<meta http-equiv="refresh" content="0;url={own}/">'
            is_next = mode == "refresh-at-scheme" and not own.startswith("https:")
            added = own_form if mode == "form-at-scheme" else refresh if is_next else ""
            return answer("200 OK", PAGE + added.encode())
        case "absolute-links" if path == "/app.css":
            return answer("200 OK", b"p { color: #222 }\n").replace(b"text/html", b"text/css")
        case "plain-links" if path.endswith(".css"):
            return answer("200 OK", b"p{}").replace(b"text/html", b"text/css")
        case "absolute-links" | "plain-links":
            scheme = "https" if mode == "absolute-links" else "http"
            link = f'<link rel="stylesheet" href="{scheme}://{headers.get("host")}/app.css">'
            return answer("200 OK", PAGE + link.encode())
        case "relative-links" if path == "/static/app.js":
            return answer("200 OK", b"start();").replace(b"text/html", b"text/javascript")
        case "relative-links" if path.endswith("/"):
            return answer("200 OK", PAGE + b'<script src="static/app.js"></script>')
        case "relative-links":
            return answer("404 Not Found", b"no such file\n")
        case "strict-paths" if path.startswith("//") or re.match(r"/base[^/]", path):
            return answer("404 Not Found", f"Cannot GET {path}\n".encode())
        case "own-links":
            link = f'<a href="https://{headers.get("host")}/login">Log in</a>'
            return answer("200 OK", PAGE + link.encode())
        case "large-head":
            return answer("200 OK", PAGE, *(f"Set-Cookie: c{n}={'x' * 2980}" for n in range(3)))
        case _ if path == "/socket.io/socket.io.js":
            return answer("200 OK", b"io();").replace(b"text/html", b"text/javascript")
        case _:
            return answer("200 OK")


def own_authority(headers: dict[str, str]) -> str:
    """The host and port of an application that gets its port from the proxy alone."""
    host, port = headers.get("host", ""), headers.get("x-forwarded-port", "80")
    return host if port == "443" else f"{host}:{port}"


def refusal(mode: str, headers: dict[str, str], protocol: ServerProtocol) -> Response | None:
    origin = headers.get("origin", "").partition("://")[2]
    match mode:
        case "unauthorized" if "authorization" not in headers and "cookie" not in headers:
            return protocol.reject(401, "Who are you?\n")
        case "forbidden":
            return protocol.reject(403, "Not you.\n")
        case "own-origin" if origin and origin != headers.get("host"):
            return protocol.reject(403, "Origin not allowed\n")
        case "own-port" if origin and origin != own_authority(headers):
            return protocol.reject(403, "Origin not allowed\n")
        case "subprotocol" if "chat" not in headers.get("sec-websocket-protocol", ""):
            return protocol.reject(400, "Subprotocol chat, please\n")
        case "site-host" | "site-host-or-nothing" if headers.get("host") != "shop.example.com":
            return protocol.reject(400, "Invalid HTTP_HOST header\n")
        case "not-implemented":
            return protocol.reject(501, "")
        case "no-websocket":
            return protocol.reject(404, "Not Found\n")
        case _:
            return None


def upgrade(mode: str, headers: dict[str, str], protocol: ServerProtocol) -> None:
    requests = [event for event in protocol.events_received() if isinstance(event, Request)]
    if not requests:
        return  # the protocol has its answer ready: 400, 426, 505
    response = refusal(mode, headers, protocol) or protocol.accept(requests[0])
    if mode == "bad-accept" and response.status_code == 101:
        del response.headers["Sec-WebSocket-Accept"]
        response.headers["Sec-WebSocket-Accept"] = "bm90IHRoZSByaWdodCBvbmUgYXQgYWw="
    protocol.send_response(response)
    if mode == "breaks" and response.status_code == 101:
        protocol.send_close(1011, "internal error")


def echo(protocol: ServerProtocol) -> None:
    for frame in protocol.events_received():
        match frame:
            case Frame(opcode=Opcode.TEXT):
                protocol.send_text(frame.data)
            case Frame(opcode=Opcode.BINARY):
                protocol.send_binary(frame.data)


async def websocket(
    mode: str, head: bytes, headers: dict[str, str],
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter,
) -> None:  # fmt: skip
    if mode == "lenient":
        head = head.replace(b" HTTP/1.0\r\n", b" HTTP/1.1\r\n", 1)
    protocol = ServerProtocol(subprotocols=[Subprotocol("chat")] if mode == "subprotocol" else None)
    protocol.receive_data(head)
    upgrade(mode, headers, protocol)
    while True:
        for data in protocol.data_to_send():
            if not data:
                return
            if mode == "old-101":
                data = data.replace(b"HTTP/1.1 101", b"HTTP/1.0 101", 1)
            writer.write(data)
        await writer.drain()
        if protocol.close_expected() or mode == "drops":
            return
        data = await reader.read(65536)
        protocol.receive_data(data) if data else protocol.receive_eof()
        echo(protocol)


def thinking(mode: str, path: str) -> float:
    """Seconds before a page is answered."""
    if mode == "slow-report" and path != "/report":
        return 0
    return {"thinks": 4, "thinks-a-moment": 0.4, "slow-report": 3}.get(mode, 0)


async def serve_one(
    options: argparse.Namespace, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    match options.mode:
        case "hang":
            await asyncio.Event().wait()
        case "close":
            await reader.read(65536)
            return
    head = await reader.readuntil(b"\r\n\r\n")
    line, *lines = head.decode("latin-1").rstrip().split("\r\n")
    _, path, _ = line.split(" ", 2)
    fields = [field.partition(":") for field in lines]
    headers = {name.lower(): value.strip() for name, _, value in fields}
    if path.partition("?")[0] != options.path or options.mode in ("page", "error"):
        await asyncio.sleep(thinking(options.mode, path))
        writer.write(page(options.mode, path, headers))
    elif options.mode == "redirect":
        writer.write(answer("302 Found", b"", "Location: /login"))
    else:
        status = options.without_upgrade
        if status and "upgrade" not in headers:
            writer.write(answer(status, b"Can upgrade only to WebSocket.\n"))
            return
        await websocket(options.mode, head, headers, reader, writer)


async def main(options: argparse.Namespace) -> None:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, ValueError, asyncio.IncompleteReadError):
            await serve_one(options, reader, writer)
        with contextlib.suppress(OSError):
            writer.close()
            await writer.wait_closed()

    tls = None
    if options.certificate:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(options.certificate, options.key)
    if options.unix:
        os.umask(0)
        server = await asyncio.start_unix_server(connected, options.unix, ssl=tls)
    else:
        server = await asyncio.start_server(connected, options.host, options.port, ssl=tls)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=3000)
    parser.add_argument("--unix", help="listen on this socket instead")
    parser.add_argument("--path", default="/ws")
    parser.add_argument("--mode", choices=MODES, default="echo")
    parser.add_argument("--without-upgrade", help='status for a plain GET there, "400 Bad Request"')
    parser.add_argument("--certificate", help="serve TLS")
    parser.add_argument("--key")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(parser.parse_args(sys.argv[1:])))
