"""An application that guards its forms, its name or its paths as a framework does.

    python -m tests.lab.applications.guarded_server django 3001

Its words are those of the framework. GET is served; what a mode refuses stands at its branch.
"""

import asyncio
import gzip
import json
from collections.abc import Mapping
from urllib.parse import urlsplit

from tests.lab.applications.serving import run

Answer = tuple[str, str, tuple[str, ...]]
PAGE = "<!doctype html><title>Shop</title><p>It works: this is the shop's page, with a form.</p>\n"
HTML, TEXT, JSON = (
    "Content-Type: text/html",
    "Content-Type: text/plain",
    "Content-Type: application/json",
)
SERVED: Answer = ("200 OK", PAGE, (HTML,))
DJANGO = (
    "<!doctype html><title>403 Forbidden</title><h1>Forbidden <span>(403)</span></h1>"
    "<p>CSRF verification failed. Request aborted.</p>"
)
SWAGGER = (
    "<!DOCTYPE html><html><head><title>Shop - Swagger UI</title></head><body>"
    '<div id="swagger-ui"></div><script>const ui = SwaggerUIBundle({\n'
    '    url: \'/openapi.json\',\n"dom_id": "#swagger-ui",\n})</script></body></html>'
)
MARKS = {"rails": '<meta name="csrf-param" content="authenticity_token">\n'}
COOKIES = {"django": ("Set-Cookie: csrftoken=abc; Path=/; SameSite=Lax; Secure",)}
RAILS = "<!doctype html><title>The change you wanted was rejected (422)</title>"
NO_COOKIE = (
    "You are seeing this message because this site requires a CSRF cookie when submitting forms."
)


def own_origin(fields: Mapping[str, str], scheme_field: str = "x-forwarded-proto") -> str:
    """The origin that the application believes to have."""
    return f"{fields.get(scheme_field, 'http')}://{fields.get('host', '')}"


def answer(mode: str, method: str, path: str, fields: Mapping[str, str]) -> Answer:
    origin, is_form = fields.get("origin", ""), method == "POST"
    own, where = own_origin(fields), urlsplit(path).path
    if mode.endswith("-page"):  # with what the framework writes into its pages
        mode = mode.removesuffix("-page")
        if not is_form:
            return "200 OK", PAGE + MARKS.get(mode, ""), (HTML, *COOKIES.get(mode, ()))
    match mode:
        case "django" if is_form and origin and origin != own:
            return "403 Forbidden", DJANGO, (HTML,)
        case "django-debug" if is_form and origin and origin != own:
            why = f"Origin checking failed - {origin} does not match any trusted origins."
            return "403 Forbidden", f"{DJANGO}<pre>{why}</pre>", (HTML,)
        case "django-blind" if is_form and origin and origin != f"http://{fields.get('host', '')}":
            return "403 Forbidden", DJANGO, (HTML,)
        case "django" | "django-debug" | "django-blind" if is_form:  # no token
            return "403 Forbidden", f"{DJANGO}<p>{NO_COOKIE}</p>", (HTML,)
        case "rails" if is_form:  # a foreign origin, or no token
            return "422 Unprocessable Content", RAILS, (HTML,)
        case "nextjs" if is_form and origin:
            forwarded = fields.get("x-forwarded-host", fields.get("host", ""))
            if origin.partition("://")[2] != forwarded:
                return "500 Internal Server Error", "Invalid Server Actions request.", (TEXT,)
            return SERVED
        case "grafana" if is_form and origin and origin.partition("://")[2] != fields.get("host"):
            return "403 Forbidden", "origin not allowed\n", (TEXT,)
        case "spring" if origin and origin != own:
            return "403 Forbidden", "Invalid CORS request", ()
        case "sveltekit" if is_form and origin != own:
            return "403 Forbidden", "Cross-site POST form submissions are forbidden", (TEXT,)
        case "laravel" if is_form:  # no token
            return "419 unknown status", "<title>Page Expired</title><p>419</p>", (HTML,)
        case "minio" if fields.get("host") != "shop.example.com":
            text = "<Error><Code>SignatureDoesNotMatch</Code></Error>"
            return "403 Forbidden", text, ("Content-Type: application/xml",)
        case "root-only" if where not in {"/", "/app.js"}:
            return (
                "404 Not Found",
                "<html><title>404: Not Found</title><body>404: Not Found</body></html>",
                (HTML,),
            )
        case "fastapi":  # of fastapi/openapi/docs.py, get_swagger_ui_html
            if where == "/docs":
                return "200 OK", SWAGGER, (HTML,)
            return (
                ("200 OK", '{"openapi":"3.1.0"}', (JSON,))
                if where == "/openapi.json"
                else ("404 Not Found", '{"detail":"Not Found"}', (JSON,))
            )
        case "springdoc":
            if where == "/docs":
                return "200 OK", SWAGGER, (HTML,)
            server = {"url": own, "description": "Generated server url"}
            text = json.dumps({"openapi": "3.0.1", "servers": [server], "paths": {}})
            return "200 OK", text, (JSON,)
        case "relative":
            if where == "/":
                return "200 OK", PAGE + '<script src="static/app.js"></script>\n', (HTML,)
            return (
                ("200 OK", "1;\n", ("Content-Type: text/javascript",))
                if where == "/static/app.js"
                else ("404 Not Found", "404: Not Found", (TEXT,))
            )
        case "absolute":
            if where == "/":
                return "200 OK", PAGE + '<script src="/static/app.js"></script>\n', (HTML,)
            return (
                ("200 OK", "1;\n", ("Content-Type: text/javascript",))
                if where == "/static/app.js"
                else ("404 Not Found", "404: Not Found", (TEXT,))
            )
        case "basic-twice" if (
            "authorization" in fields and fields["authorization"] != "Basic YXBwOmFwcA=="
        ):
            return (
                "401 Unauthorized",
                "Invalid username/password.",
                (JSON, 'WWW-Authenticate: Basic realm="api"'),
            )
        case "port" if where == "/":
            port = fields.get("x-forwarded-port", "443")
            more = "" if port == "443" else f":{port}"
            return "302 Found", "", (f"Location: https://shop.example.com{more}/login",)
        case "upgrade-closes" if (
            "upgrade" in fields.get("connection", "").lower() and "upgrade" not in fields
        ):
            return "", "", ()
        case "slow-form" if is_form:
            return "hang", "", ()
        case "tomcat" if "_" in fields.get("host", ""):
            return "400 Bad Request", "<title>HTTP Status 400 - Bad Request</title>", (HTML,)
        case "wants-prefix" if not where.startswith("/notes/"):
            return "404 Not Found", "Cannot GET /", (TEXT,)
        case "needs-login":
            return "401 Unauthorized", '{"error":"token required"}', (JSON,)
        case "inline":
            return "200 OK", f"{PAGE}<script>document.title = 'Open';</script>\n", (HTML,)
        case "list" if path not in {"/", "/list"}:
            return "404 Not Found", "404: Not Found", (TEXT,)
        case "to-login" if where != "/login":
            return "302 Found", "", ("Location: /login",)
        case "sveltekit-blind" if is_form and origin != "http://localhost:3001":
            return "403 Forbidden", "Cross-site POST form submissions are forbidden", (TEXT,)
        case "fails":
            return "500 Internal Server Error", "KeyError: 'DATABASE_URL'", (TEXT,)
        case "compressed" if "gzip" in fields.get("accept-encoding", ""):
            body = gzip.compress(PAGE.encode(), mtime=0).decode("latin-1")
            return "200 OK", body, (HTML, "Content-Encoding: gzip")
        case "api-errors" if where.startswith("/api/"):
            return "422 Unprocessable Content", '{"error":"name is required"}', (JSON,)
        case _:
            return SERVED


async def serve(mode: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    line, *lines = head.rstrip().split("\r\n")
    pairs = (text.partition(":") for text in lines)
    fields = {name.lower(): value.strip() for name, _, value in pairs}
    method, path, _ = line.split(" ", 2)
    status, body, more = answer(mode, method, path, fields)
    if status == "hang":
        await asyncio.sleep(600)
    if status:
        more = (*more, f"Content-Length: {len(body)}", "Connection: close")
        writer.write("\r\n".join((f"HTTP/1.1 {status}", *more, "", body)).encode("latin-1"))
        await writer.drain()


if __name__ == "__main__":
    run(serve)
