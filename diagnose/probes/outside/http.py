"""Probes for the site's responses, on each address, over TLS and on port 80, and its redirects.

They use the streams that the handshake and the connection to port 80 left open. If port 80
redirects, a path that does not exist is requested too, to see whether the redirect keeps it. If
the certificate is due for renewal, the path of ACME challenges is requested on one address.
"""

import secrets
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from diagnose.model.dns import is_guarded
from diagnose.model.http import Clock, Exchange, RequestPurpose
from diagnose.model.tcp import Connection
from diagnose.model.tls import Handshake
from diagnose.net.http import Http1Connection, HttpConnection, HttpResult, connection_for, get
from diagnose.net.tls import HTTP2
from diagnose.parsers.hostnames import covers, is_address
from diagnose.parsers.http import (
    MAX_REDIRECTS,
    Url,
    is_host,
    is_internal_host,
    normalize_url,
    parse_url,
    redirect_target,
)
from diagnose.parsers.http import server_time as time_of
from diagnose.parsers.request_fields import RequestFields, is_own_origin
from diagnose.probes import ProbeContext, probe
from diagnose.probes.outside.http_connections import connect_tls, find_address, open_http

#: Seconds. A slow page is not a fault. The deadline of the run applies too; see `patience`.
PATIENCE = 10.0

#: Maximum number of hosts in a chain of redirects.
MOST_HOSTS = 3

_MOST_COOKIES = 16


@probe(after=Handshake)
async def target(ctx: ProbeContext, handshake: Handshake) -> None:
    """Request the target itself, over TLS."""
    if handshake.variant not in {"normal", "again", "unverified"} or not _in_scope(ctx):
        return
    stream = ctx.take_stream(handshake)
    if stream is None:
        return
    url = f"https://{ctx.target.authority}{ctx.target.path}"
    http_connection = connection_for(stream, handshake.alpn, patience(ctx))
    await _visit(ctx, http_connection, url, handshake.address, "target", _verified(ctx, handshake))
    http_connection.close()


@probe(after=Connection)
async def plain(ctx: ProbeContext, connection: Connection) -> None:
    """Request the page over http: on port 80 for an https target, or as the target itself."""
    uses_tls = ctx.target.scheme in {"https", "wss"}
    if (
        connection.failure
        or connection.purpose != ("plain" if uses_tls else "target")
        or not _in_scope(ctx)
    ):
        return
    stream = ctx.take_stream(connection)
    if stream is None:
        return
    is_first = _is_first_open(ctx, connection)
    if uses_tls and is_first and any(map(_is_renewal_due, ctx.observed(Handshake))):
        ctx.start(_request_challenge(ctx, connection))
    http_connection = Http1Connection(stream, patience(ctx))
    url = _plain_url(ctx, connection, ctx.target.path)
    answer = await _visit(ctx, http_connection, url, connection.address, connection.purpose)
    if uses_tls and is_first and ctx.target.path == "/" and redirect_target(answer):
        await _request_unknown_path(ctx, connection, http_connection)
    http_connection.close()


def patience(ctx: ProbeContext) -> float:
    """Return a timeout in seconds that lets a failure appear before the run ends."""
    return max(1.0, min(PATIENCE, ctx.options.timeout - ctx.elapsed() - 1.0))


def _in_scope(ctx: ProbeContext) -> bool:
    return ctx.options.wants("http") or ctx.options.wants("websocket")


def _is_first_open(ctx: ProbeContext, connection: Connection) -> bool:
    """Whether this is the first open connection with its purpose."""
    return (
        next(
            candidate
            for candidate in ctx.observed(Connection)
            if candidate.purpose == connection.purpose and not candidate.failure
        )
        is connection
    )


def _verified(ctx: ProbeContext, handshake: Handshake) -> bool:
    """Whether a browser would accept this handshake's certificate.

    Without trusted roots this is unknown, and True is returned.
    """
    name_matches = not handshake.chain or covers(
        ctx.target.host, handshake.chain[0].dns_names, handshake.chain[0].addresses
    )
    return handshake.variant != "unverified" and name_matches and not handshake.verify_code


def _plain_url(ctx: ProbeContext, connection: Connection, path: str) -> str:
    return str(Url("http", ctx.target.host, connection.port, path))


@probe(after=Handshake)
async def challenge(ctx: ProbeContext, handshake: Handshake) -> None:
    """Test whether an authority's ACME challenge would succeed, if a certificate is due for
    renewal and port 80 is open.

    Other sites are not tested, because the request adds a line to the server's error log.
    """
    due = [candidate for candidate in ctx.observed(Handshake) if _is_renewal_due(candidate)]
    opened = [
        connection
        for connection in ctx.observed(Connection)
        if connection.purpose == "plain" and not connection.failure
    ]
    if due and due[0] is handshake and opened and _in_scope(ctx):
        await _request_challenge(ctx, opened[0])


def _is_renewal_due(handshake: Handshake) -> bool:
    return any(leaf.is_due(datetime.now(UTC)) for leaf in handshake.chain[:1])


async def _request_challenge(ctx: ProbeContext, connection: Connection) -> None:
    """Request a challenge that does not exist (RFC 8555 section 8.3): 404 is correct."""
    if is_address(ctx.target.host):
        return
    attempt = await ctx.net.connect(connection.address, connection.port)
    if attempt.stream is None:
        return
    http_connection = Http1Connection(attempt.stream, patience(ctx))
    path = f"/.well-known/acme-challenge/diagnose-{secrets.token_hex(6)}"
    await _request(
        ctx, http_connection, _plain_url(ctx, connection, path), connection.address, "acme"
    )
    http_connection.close()


async def _request_unknown_path(
    ctx: ProbeContext, connection: Connection, http_connection: Http1Connection
) -> None:
    """Request an unknown path on the same connection, if it is still open."""
    if not http_connection.reusable:
        http_connection.close()
        attempt = await ctx.net.connect(connection.address, connection.port)
        if attempt.stream is None:
            return
        http_connection = Http1Connection(attempt.stream, patience(ctx))
    path = f"/diagnose-{secrets.token_hex(6)}?q=1"
    await _request(
        ctx, http_connection, _plain_url(ctx, connection, path), connection.address, "path"
    )
    http_connection.close()


async def _visit(
    ctx: ProbeContext,
    http_connection: HttpConnection,
    url: str,
    address: str,
    purpose: RequestPurpose,
    verified: bool = True,
) -> Exchange:
    """Request a URL and follow its redirects.

    If several addresses redirect to the same URL, it is followed once.
    """
    exchange = await _request(ctx, http_connection, url, address, purpose, verified)
    same_redirect = [
        candidate
        for candidate in ctx.observed(Exchange)
        if candidate.purpose == purpose and redirect_target(candidate) == redirect_target(exchange)
    ]
    if same_redirect[0] is exchange:
        ctx.start(_follow_redirects(ctx, exchange))
    return exchange


async def _request(
    ctx: ProbeContext,
    http_connection: HttpConnection,
    url: str,
    address: str,
    purpose: RequestPurpose,
    verified: bool = True,
    redirected_from: str | None = None,
    cookie: str = "",
) -> Exchange:
    start_time, request = ctx.elapsed(), ctx.options.request
    may_send_secrets = may_authenticate(ctx, url, address, verified)
    fields = request.fields(cookie) if may_send_secrets else {"Cookie": cookie} if cookie else {}
    if request.origin and is_own_origin(ctx.target, url):
        fields["Origin"] = request.origin
    answer = await get(http_connection, url, patience(ctx), fields)
    if url.startswith("https:") and answer.failure and answer.failure.name == "HTTP2":
        answer = await _request_over_http2(ctx, url, address, fields) or answer
    answer = conceal_answer(answer, request)
    exchange = Exchange(
        at=start_time,
        took=answer.took,
        equivalent=curl_command(
            url, address, verified, request.masked_fields() if may_send_secrets else ()
        ),
        failure=answer.failure,
        url=url,
        address=address,
        port=(parse_url(url) or _EMPTY_URL).port,
        purpose=purpose,
        status=answer.status,
        reason=answer.reason,
        version=answer.version,
        headers=answer.headers,
        body=answer.body,
        redirected_from=redirected_from,
        verified=verified,
        mentions=answer.mentions,
        extended_connect=answer.extended_connect,
    )
    ctx.emit(exchange)
    _emit_clock(ctx, exchange, answer)
    return exchange


async def _request_over_http2(
    ctx: ProbeContext, url: str, address: str, fields: Mapping[str, str]
) -> HttpResult | None:
    """Request over HTTP/2, from a server that uses HTTP/2 although it was not negotiated.

    Browsers offer HTTP/2, so they get a response. The certificate was verified before.
    """
    parsed_url = parse_url(url) or _EMPTY_URL
    tls_result, _ = await connect_tls(ctx, address, parsed_url, False, HTTP2)
    if tls_result is None or tls_result.stream is None:
        return None
    if tls_result.alpn != "h2":
        tls_result.stream.close()
        return None
    http_connection = connection_for(tls_result.stream, tls_result.alpn, patience(ctx))
    answer = await get(http_connection, url, patience(ctx), fields)
    http_connection.close()
    return answer


_EMPTY_URL = Url("http", "", 0, "/")


def may_authenticate(ctx: ProbeContext, url: str, address: str, verified: bool) -> bool:
    """Whether the user's added fields may be sent to this URL and address.

    Only to the target's own origin, and over TLS only if the certificate was verified on this
    address.
    """
    if not ctx.options.request.has_secrets or not is_own_origin(ctx.target, url):
        return False
    handshakes = [
        handshake
        for handshake in ctx.observed(Handshake)
        if handshake.address == address and not handshake.failure
    ]
    return url.startswith("http:") or (
        verified and any(handshake.verify_code == 0 for handshake in handshakes)
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


def curl_command(url: str, address: str, verified: bool = True, fields: Iterable[str] = ()) -> str:
    """Return the equivalent curl command; `fields` are already masked for display."""
    parsed_url = parse_url(url)
    argv = ["curl", "-sSi"] if verified else ["curl", "-sSik"]
    if parsed_url is not None and parsed_url.host != address:
        bracketed = f"[{address}]" if ":" in address else address
        argv += ["--resolve", f"{parsed_url.host}:{parsed_url.port}:{bracketed}"]
    for field in fields:
        argv += ["-H", field]
    return shlex.join([*argv, url])


async def _follow_redirects(ctx: ProbeContext, first: Exchange) -> None:
    """Follow redirects to a final response, a loop, or a dead end.

    A URL that other probes request is not requested again, unless a cookie of this chain could
    change the response.
    """
    exchange, cookies, visited = first, Cookies(), {(normalize_url(first.url), "")}
    hosts = {ctx.target.host}
    for _ in range(MAX_REDIRECTS):
        next_url = redirect_target(exchange)
        url = parse_url(next_url or "")
        if next_url is None or url is None or not is_host_or_address(url.host):
            return
        cookies.store(exchange)
        cookie = cookies.cookie_header(url.host)
        hosts.add(url.host)
        if (next_url, cookie) in visited or len(hosts) > MOST_HOSTS:
            return
        if not cookie and _is_requested_anyway(ctx, next_url, exchange.address):
            return
        visited.add((next_url, cookie))
        step = await _follow_redirect(ctx, exchange, url, cookie)
        if step is None:
            return
        exchange = step


def is_host_or_address(host: str) -> bool:
    return is_address(host) or is_host(host)


def _is_requested_anyway(ctx: ProbeContext, url: str, address: str) -> bool:
    own_urls = [f"http://{ctx.target.authority}{ctx.target.path}"]
    if ctx.target.scheme in {"https", "wss"}:
        own_urls = [
            f"https://{ctx.target.authority}{ctx.target.path}",
            str(Url("http", ctx.target.host, 80, ctx.target.path)),
        ]
    requested_urls = [
        exchange.url for exchange in ctx.observed(Exchange) if exchange.address == address
    ]
    return url in {normalize_url(known_url) for known_url in own_urls + requested_urls}


class Cookies:
    """The cookies of one chain of redirects (RFC 6265); names and values only, per host.

    Some sites redirect to themselves until the client sends a cookie back.
    """

    def __init__(self) -> None:
        self._by_host: dict[str, dict[str, str]] = {}

    def store(self, answer: Exchange) -> None:
        url = parse_url(answer.url)
        for name, value in answer.headers:
            if url is None or name.lower() != "set-cookie":
                continue
            key, equals, cookie_value = value.partition(";")[0].partition("=")
            host_cookies = self._by_host.setdefault(url.host, {})
            if (
                equals
                and key.strip().isascii()
                and cookie_value.isascii()
                and len(host_cookies) < _MOST_COOKIES
            ):
                host_cookies[key.strip()] = cookie_value.strip()

    def cookie_header(self, host: str) -> str:
        return "; ".join(f"{key}={value}" for key, value in self._by_host.get(host, {}).items())


def _is_forbidden_address(previous: Exchange, address: str) -> bool:
    return is_guarded(address) or (
        is_internal_host(address) and not is_internal_host(previous.address)
    )


async def _follow_redirect(
    ctx: ProbeContext, previous: Exchange, url: Url, cookie: str
) -> Exchange | None:
    """Follow one redirect, on the same address if the host is the same.

    Returns None if the redirect is forbidden or cannot be followed.
    """
    start_time = ctx.elapsed()
    previous_url = parse_url(previous.url)
    same_host = previous_url is not None and previous_url.host == url.host
    address, failure = (
        (previous.address, None) if same_host else await find_address(ctx, url.host, previous)
    )
    if failure is None and not same_host and _is_forbidden_address(previous, address):
        return None  # another site's server must not send us into our own network
    http_connection = None
    if failure is None:
        http_connection, failure = await open_http(ctx, address, url, not same_host, patience(ctx))
    if http_connection is None:
        return ctx.emit(
            Exchange(
                at=start_time,
                took=ctx.elapsed() - start_time,
                equivalent=curl_command(str(url), address or url.host),
                failure=failure,
                url=str(url),
                address=address,
                port=url.port,
                purpose="redirect",
                redirected_from=previous.url,
            )
        )
    verified = previous.verified if same_host else True
    step = await _request(
        ctx, http_connection, str(url), address, "redirect", verified, previous.url, cookie
    )
    http_connection.close()
    return step
