"""An application that refuses a page for one reason, in the words of the real one.

    python refusing_server.py vite 3001 [--certificate FILE --key FILE]

The answers are those of threads about Kestrel, Home Assistant, Keycloak, Envoy, Apache httpd, Vite,
Django, Grafana and Express, and of healthy applications that answer 4xx on purpose.
"""

import argparse
import asyncio
import contextlib
import ssl
from collections.abc import Mapping
from itertools import count

PAGE = "<!doctype html><title>Shop</title><p>It works.</p>\n"
OWN_NAMES = {"localhost", "127.0.0.1"}
SITE = "shop.example.com"
MODES = (
    "kestrel", "home-assistant", "keycloak", "envoy", "apache", "vite", "webpack", "rails",
    "django", "django-alone", "sub-path", "sub-path-redirects", "whole-site", "own-passwords",
    "forwarded-host",
    "api", "login", "no-bots", "lan-only", "one-in-two", "post-only", "parameters", "catch-all",
    "blocklist", "windows",
)  # fmt: skip
VISITS = count()

Answer = tuple[str, str, tuple[str, ...]]


def answer(status: str, body: str = PAGE, *headers: str) -> Answer:
    return status, body, headers


def misdirected() -> Answer:
    text = (
        "The client needs a new connection for this request as the requested host name does not "
        "match the Server Name Indication (SNI) in use for this connection."
    )
    title = "421 Misdirected Request"
    return answer(title, f"<html><head><title>{title}</title></head><body>{text}</body></html>\n")


def blocked(host: str) -> Answer:
    """Vite's words."""
    text = f'Blocked request. This host ("{host}") is not allowed.\nTo allow this host, add '
    return answer("403 Forbidden", f'{text}"{host}" to `server.allowedHosts` in vite.config.js.\n')


def blocked_by_rails(host: str) -> Answer:
    style = "<style>body { background-color: #FAFAFA; }</style>" * 20
    page = f"<!DOCTYPE html><html><head>{style}</head><body><h1>Blocked hosts: {host}</h1></body>"
    return answer("403 Forbidden", page)


def refusal(mode: str, version: str, path: str, fields: Mapping[str, str], sni: str) -> Answer:
    host = fields.get("host", "").partition(":")[0]
    address = fields.get("x-forwarded-for", "10.0.0.1")
    bare = path.partition("?")[0]
    match mode:
        case "kestrel" if "upgrade" in fields.get("connection", "").lower():
            return answer("400 Bad Request", "")
        case "home-assistant" if "x-forwarded-for" in fields:
            return answer("400 Bad Request", "400: Bad Request")
        case "keycloak" if fields.get("x-forwarded-proto") != "https":
            return answer("403 Forbidden", "<h2>HTTPS required</h2>\n")
        case "envoy" if version == "HTTP/1.0":
            return answer("426 Upgrade Required", "")
        case "apache" if sni != host:
            return misdirected()
        case "vite" if host not in OWN_NAMES:
            return blocked(host)
        case "webpack" if host not in OWN_NAMES:
            return answer("200 OK", "Invalid Host header")
        case "rails" if host not in OWN_NAMES:
            return blocked_by_rails(host)
        case "django-alone" if host != "www.shop.example.com":
            title = "Bad Request (400)"
            head = f'<!doctype html>\n<html lang="en">\n<head>\n  <title>{title}</title>\n</head>'
            text = f"{head}\n<body>\n  <h1>{title}</h1><p></p>\n</body>\n</html>\n"
            return answer("400 Bad Request", text)
        case "django" if host not in OWN_NAMES:
            return answer("400 Bad Request", "<h1>Bad Request (400)</h1>\n")
        case "sub-path" if not bare.startswith("/app/"):
            return answer("404 Not Found", "404 page not found\n")
        case "sub-path-redirects" if not bare.startswith("/app/"):
            return answer("301 Moved Permanently", "", f"Location: /app{path}")
        case "whole-site" if bare != "/":
            return answer("404 Not Found", f"<pre>Cannot GET {bare}</pre>\n")
        case "own-passwords" if "authorization" in fields:
            return answer("401 Unauthorized", '{"message":"Invalid username or password"}\n')
        case "forwarded-host" if fields.get("x-forwarded-host", SITE) != SITE:
            return answer("400 Bad Request", "Invalid forwarded host\n")
        case "api" if bare != "/":
            return answer("404 Not Found", '{"error":"not found"}\n')
        case "api":
            return answer("200 OK", '{"version":"1.2"}\n')
        case "windows":
            offers = "WWW-Authenticate: Negotiate", "WWW-Authenticate: NTLM"
            return answer("401 Unauthorized", "401 - Unauthorized: Access is denied.", *offers)
        case "login":
            challenge = 'WWW-Authenticate: Basic realm="shop"'
            return answer("401 Unauthorized", "", challenge)
        case "no-bots" if "Mozilla" not in fields.get("user-agent", ""):
            return answer("403 Forbidden", "No robots, please.\n")
        case "lan-only" if not address.startswith("10."):
            return answer("403 Forbidden", "Only from the office.\n")
        case "one-in-two" if next(VISITS) % 2 == 0:
            return answer("400 Bad Request", "Try again\n")
        case "post-only":
            return answer("405 Method Not Allowed", "", "Allow: POST")
        case "parameters" if "?" not in path:
            return answer("400 Bad Request", "Which shop?\n")
        case "catch-all" if bare.startswith("/app/"):
            return answer("404 Not Found", '{"error":"not found"}\n')
        case "blocklist":
            return answer("200 OK", "<h1>Blocked requests: 12. Blocked hosts: 3</h1>\n")
        case _:
            return answer("200 OK")


async def serve(
    mode: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sni: str
) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    line, *lines = head.rstrip().split("\r\n")
    _, path, version = line.split(" ", 2)
    pairs = [field.partition(":") for field in lines]
    fields = {name.lower(): value.strip() for name, _, value in pairs}
    status, body, headers = refusal(mode, version, path, fields, sni)
    length = f"Content-Length: {len(body.encode())}"
    kind = "application/json" if body.startswith("{") else "text/html"
    answered = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", length, "Connection: close"]
    writer.write("\r\n".join((*answered, *headers, "", body)).encode())


async def main(options: argparse.Namespace) -> None:
    names: dict[ssl.SSLObject, str] = {}

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sni = names.pop(writer.get_extra_info("ssl_object"), "")
        with contextlib.suppress(OSError, ValueError, asyncio.IncompleteReadError):
            await serve(options.mode, reader, writer, sni)
        with contextlib.suppress(OSError):
            writer.close()
            await writer.wait_closed()

    tls = None
    if options.certificate:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(options.certificate, options.key)
        tls.sni_callback = lambda connection, name, _: names.update({connection: name or ""})
    server = await asyncio.start_server(connected, "127.0.0.1", options.port, ssl=tls)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("mode", choices=MODES)
    parser.add_argument("port", type=int)
    parser.add_argument("--certificate", help="serve TLS")
    parser.add_argument("--key")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(parser.parse_args()))
