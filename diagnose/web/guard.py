"""Who is let in: the screen may run as root and change things, and every page of the web that
the person has open could ask this port.

- The address holds a secret that only the person at the terminal has seen. It is in the path and
  not in a cookie, which the browser would add by itself, and show to every port of the machine.
- The Host field names loopback, in words that no name server gives away (DNS rebinding). The port
  may be any: the person's end of a tunnel.
- What opens the WebSocket is a page that came from there (RFC 6455 section 10.2).
"""

import re
import secrets

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from diagnose.i18n.web import translate

_LOOPBACK = re.compile(r"(?:127\.0\.0\.1|localhost)(?::[0-9]{1,5})?")

#: What the page may load and do: nothing that is not from here, and no script that stands in it.
#: xterm.js makes style elements. The WebSocket is named in full, as 'self' does not mean it to
#: every Safari.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; "
    "img-src data:; connect-src {host}; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)

#: Of every answer, but for the page's own policy.
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
    """Why a request is not answered, as a key of `diagnose.i18n.web`, or None. `origin` is None
    where the field is missing, which no browser leaves out before a WebSocket."""
    if not _LOOPBACK.fullmatch(host):
        return "not-loopback"
    first = path.removeprefix("/").partition("/")[0]
    if not secrets.compare_digest(first.encode("utf-8", "replace"), secret.encode()):
        return "no-secret"
    if origin != f"http://{host}" and (origin is not None or path.endswith("/ws")):
        return "foreign-page"
    return None


def guard(secret: str, lang: str) -> Middleware:
    """What every request meets first."""

    @web.middleware
    async def check_request(request: web.Request, handler: Handler) -> web.StreamResponse:
        fields = request.headers
        reason = refusal_reason(request.path, fields.get("Host", ""), fields.get("Origin"), secret)
        if reason is not None:
            raise web.HTTPForbidden(text=translate(reason, lang) + "\n")
        return await handler(request)

    return check_request


async def add_security_headers(_: web.Request, response: web.StreamResponse) -> None:
    """What every answer says, the refusals too."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
