"""One request for a page, and what is recorded of it."""

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import replace

from diagnose.model import Target
from diagnose.model.clock import Clock
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, RequestPurpose
from diagnose.model.tls import Handshake
from diagnose.net import DEFAULT_TIMEOUT
from diagnose.net.http import HttpConnection, HttpResult, connection_for, get
from diagnose.net.tls import HTTP2
from diagnose.parsers.http import server_time as time_of
from diagnose.parsers.request_fields import RequestFields, is_own_origin
from diagnose.parsers.urls import Url, parse_url
from diagnose.probes import ProbeContext
from diagnose.probes.outside.http_connections import connect_tls, open_http

#: Seconds. A slow page is not a fault. The deadline of the run applies too; see `patience`.
PATIENCE = 10.0

_PREFLIGHT = "Access-Control-Request-Method"

_EMPTY_URL = Url("http", "", 0, "/")


def patience(ctx: ProbeContext) -> float:
    """Return a timeout in seconds that lets a failure appear before the run ends, if the run has
    the time that is given to every server (`DEFAULT_TIMEOUT`). With less, the run ends first: the
    page may only be slow. A longer run gives a page half of its time."""
    longest = max(PATIENCE, ctx.options.timeout / 2)
    return max(DEFAULT_TIMEOUT, min(longest, ctx.options.timeout - ctx.elapsed() - 1.0))


@frozen
class PageRequest:
    """A request for a URL at one address.

    `verified` tells whether a browser would accept the certificate there. `redirected_from` is the
    URL that led here, and `cookie` the cookies of that chain. `extra` are further fields.
    `own_method` is another method than GET for a request that is not the target's.
    """

    url: str
    address: str
    purpose: RequestPurpose
    verified: bool = True
    redirected_from: str | None = None
    cookie: str = ""
    extra: Mapping[str, str] | None = None
    own_method: str = ""

    def fields(
        self, target: Target, request: RequestFields, may_send_secrets: bool
    ) -> dict[str, str]:
        """Return the header fields besides a browser's usual ones."""
        fields = {"Cookie": self.cookie} if self.cookie else {}
        fields = request.fields(self.cookie) if may_send_secrets else fields
        fields = {**(self.extra or {}), **fields}
        method = self.method(target, request)
        # Browsers send an Origin with every POST (Fetch standard, "append a request Origin").
        origin = request.origin or (target.origin if method == "POST" else None)
        if origin and is_own_origin(target, self.url):
            fields["Origin"] = origin
        if method == "OPTIONS" and request.origin:
            # What makes it a CORS preflight (Fetch standard, "CORS-preflight request").
            fields.setdefault(_PREFLIGHT, "GET")
        return fields

    def method(self, target: Target, request: RequestFields) -> str:
        """Return the method: the user's only for the target itself, and not where it redirects."""
        is_target = self.purpose == "target" and self.redirected_from is None
        is_own = is_target and is_own_origin(target, self.url)
        return request.method if is_own else self.own_method or "GET"


async def request_page(
    ctx: ProbeContext, http_connection: HttpConnection, page: PageRequest
) -> Exchange:
    """Send a request and emit the exchange, and the server's clock."""
    exchange, _ = await fetch_page(ctx, http_connection, page)
    return exchange


async def request_anew(ctx: ProbeContext, page: PageRequest) -> Exchange | None:
    """Do the same on a new connection, which is closed; return None if none can be opened. The
    certificate was verified before."""
    url = parse_url(page.url)
    if url is None:
        return None
    http_connection, _ = await open_http(ctx, page.address, url, False, patience(ctx))
    if http_connection is None:
        return None
    exchange = await request_page(ctx, http_connection, page)
    http_connection.close()
    return exchange


async def fetch_page(
    ctx: ProbeContext, http_connection: HttpConnection, page: PageRequest
) -> tuple[Exchange, HttpResult]:
    """Do the same, and return the exchange and what was read; its `text` is not masked.

    How the body of the target's own page was cut is said by `ResponseBody`: visitors get what came.
    """
    start_time, request = ctx.elapsed(), ctx.options.request
    may_send_secrets = may_authenticate(ctx, page)
    fields = page.fields(ctx.target, request, may_send_secrets)
    method = page.method(ctx.target, request)
    answer = await get(http_connection, page.url, patience(ctx), fields, method)
    if page.url.startswith("https:") and answer.failure and answer.failure.name == "HTTP2":
        answer = await _request_over_http2(ctx, page, fields, method) or answer
    answer = conceal_answer(answer, request)
    masked_fields = request.masked_fields() if may_send_secrets else []
    shown_names = dict.fromkeys(("Origin", _PREFLIGHT, *(page.extra or {})))
    shown_fields = [f"{name}: {fields[name]}" for name in shown_names if name in fields]
    exchange = Exchange(
        at=start_time,
        took=answer.took,
        equivalent=curl_command(
            page.url, page.address, page.verified, (*masked_fields, *shown_fields), method
        ),
        failure=None if page.purpose == "target" and answer.status else answer.failure,
        url=page.url,
        address=page.address,
        port=(parse_url(page.url) or _EMPTY_URL).port,
        method=method,
        purpose=page.purpose,
        status=answer.status,
        reason=answer.reason,
        version=answer.version,
        headers=answer.headers,
        body=answer.body,
        redirected_from=page.redirected_from,
        verified=page.verified,
        mentions=answer.mentions,
        extended_connect=answer.extended_connect,
        incomplete=answer.incomplete,
        header_faults=tuple(fault for fault, _ in answer.header_faults),
        faulty_fields=tuple(name for _, name in answer.header_faults),
    )
    ctx.emit(exchange)
    _emit_clock(ctx, exchange, answer)
    return exchange, answer


async def _request_over_http2(
    ctx: ProbeContext, page: PageRequest, fields: Mapping[str, str], method: str
) -> HttpResult | None:
    """Request over HTTP/2, from a server that uses HTTP/2 although it was not negotiated.

    Browsers offer HTTP/2, so they get a response. The certificate was verified before.
    """
    parsed_url = parse_url(page.url) or _EMPTY_URL
    tls_result, _ = await connect_tls(ctx, page.address, parsed_url, False, HTTP2)
    if tls_result is None or tls_result.stream is None:
        return None
    if tls_result.alpn != "h2":
        tls_result.stream.close()
        return None
    http_connection = connection_for(tls_result.stream, tls_result.alpn, patience(ctx))
    answer = await get(http_connection, page.url, patience(ctx), fields, method)
    http_connection.close()
    return answer


def may_authenticate(ctx: ProbeContext, page: PageRequest) -> bool:
    """Whether the user's added fields may be sent with this request.

    Only to the target's own origin, and over TLS only if the certificate was verified on this
    address.
    """
    if not ctx.options.request.has_secrets or not is_own_origin(ctx.target, page.url):
        return False
    handshakes = [
        handshake
        for handshake in ctx.observed(Handshake)
        if handshake.address == page.address and not handshake.failure
    ]
    return page.url.startswith("http:") or (
        page.verified and any(handshake.verify_code == 0 for handshake in handshakes)
    )


def conceal_answer(answer: HttpResult, request: RequestFields) -> HttpResult:
    """Return the response with the request's secrets masked."""
    if not request.has_secrets:
        return answer
    failure = answer.failure
    return replace(
        answer,
        reason=request.mask_secrets(answer.reason),
        headers=tuple((name, request.mask_secrets(value)) for name, value in answer.headers),
        body=request.mask_secrets(answer.body),
        mentions=tuple(map(request.mask_secrets, answer.mentions)),
        failure=failure and replace(failure, message=request.mask_secrets(failure.message)),
    )


def _emit_clock(ctx: ProbeContext, exchange: Exchange, answer: HttpResult) -> None:
    """Emit the server's clock, from the Date field.

    Date counts whole seconds, so it is half a second old on average. The response travelled for
    about half the time it took.
    """
    server_date = time_of(answer.headers)
    if server_date is None or any(
        clock.source == exchange.address for clock in ctx.observed(Clock)
    ):
        return
    ahead = answer.received - answer.took / 2 - server_date.timestamp() - 0.5
    ctx.emit(
        Clock(
            at=exchange.at,
            took=answer.took,
            equivalent=f"{exchange.equivalent} | grep -i ^date; date -u",
            source=exchange.address,
            ahead_s=round(ahead, 3),
        )
    )


#: What curl is told for each method. `-X HEAD` would wait for a body.
_CURL_METHODS = {
    "HEAD": ["-I"],
    "OPTIONS": ["-X", "OPTIONS"],
    "POST": ["-X", "POST", "-H", "Content-Length: 0"],
}


def curl_command(
    url: str,
    address: str,
    verified: bool = True,
    fields: Iterable[str] = (),
    method: str = "GET",
) -> str:
    """Return the equivalent curl command; `fields` are already masked for display."""
    parsed_url = parse_url(url)
    argv = ["curl", "-sSi"] if verified else ["curl", "-sSik"]
    argv += _CURL_METHODS.get(method, [])
    if parsed_url is not None and parsed_url.host != address:
        bracketed = f"[{address}]" if ":" in address else address
        argv += ["--resolve", f"{parsed_url.host}:{parsed_url.port}:{bracketed}"]
    for field in fields:
        argv += ["-H", field]
    return shlex.join([*argv, url])
