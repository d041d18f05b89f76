"""Who may ask: pages in a browser may not use an exporter that only this machine can reach.

A page can send requests to loopback, and after DNS rebinding read the answers: it would see the
inside of the network. So on loopback the Host field must be an address, localhost, or a name that
the administrator gave.
"""

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from diagnose.exporter.probers import split_host_port
from diagnose.exporter.settings import Settings
from diagnose.parsers.hostnames import is_address

#: Headers of every answer: nothing in a browser may load, frame or sniff it.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def is_allowed_host(host_field: str, settings: Settings) -> bool:
    if not settings.is_loopback_only:
        return True
    split = split_host_port(host_field)
    host = (split[0] if split else host_field).strip("[]").lower()
    return is_address(host) or host == "localhost" or host in settings.host_names


def guard(settings: Settings) -> Middleware:
    """Return a middleware that refuses foreign pages and adds the headers."""

    @web.middleware
    async def check_request(request: web.Request, handler: Handler) -> web.StreamResponse:
        fields = request.headers
        is_foreign = fields.get("Sec-Fetch-Site") == "cross-site"
        if is_foreign or not is_allowed_host(fields.get("Host", ""), settings):
            response: web.StreamResponse = web.Response(
                status=403, text="This Host is not allowed (--web.external-url).\n"
            )
        else:
            response = await handler(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    return check_request
