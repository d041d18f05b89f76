"""Access control: the screen may run as root and change things, and every web page that the user
has open could send requests to this port.

- The URL contains a secret that is shown only in the user's terminal. It is in the path and not in
  a cookie, because the browser adds cookies by itself, for every port of the machine.
- The Host field must be a loopback name that DNS cannot redirect (DNS rebinding). Any port is
  accepted: it may be the user's end of a tunnel.
- The WebSocket must be opened by a page from this server (RFC 6455 section 10.2).
"""

import re
import secrets

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from diagnose.i18n.web import translate

_LOOPBACK = re.compile(r"(?:127\.0\.0\.1|localhost)(?::[0-9]{1,5})?")

#: What the page may load and do: only resources of this server, no inline scripts. xterm.js creates
#: style elements. The WebSocket is named explicitly, because some versions of Safari do not include
#: it in 'self'.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; "
    "img-src data:; connect-src {host}; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)

#: Headers of every response; the page has its own policy.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def refusal_reason(path: str, host: str, origin: str | None, secret: str) -> str | None:
    """Return why a request is refused, as a key of `diagnose.i18n.web`, or None. `origin` is None
    if the field is missing; every browser sends it before a WebSocket."""
    if not _LOOPBACK.fullmatch(host):
        return "not-loopback"
    first = path.removeprefix("/").partition("/")[0]
    if not secrets.compare_digest(first.encode("utf-8", "replace"), secret.encode()):
        return "no-secret"
    if origin != f"http://{host}" and (origin is not None or path.endswith("/ws")):
        return "foreign-page"
    return None


def guard(secret: str, lang: str) -> Middleware:
    """Return a middleware that checks every request first."""

    @web.middleware
    async def check_request(request: web.Request, handler: Handler) -> web.StreamResponse:
        fields = request.headers
        reason = refusal_reason(request.path, fields.get("Host", ""), fields.get("Origin"), secret)
        if reason is not None:
            raise web.HTTPForbidden(text=translate(reason, lang) + "\n")
        return await handler(request)

    return check_request


async def add_security_headers(_: web.Request, response: web.StreamResponse) -> None:
    """Add the headers to every response, including refusals."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
