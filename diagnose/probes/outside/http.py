"""What the site answers, on each address, over TLS and on port 80, and where that leads.

The streams are those that the handshake and the connection to port 80 left. Where port 80
redirects, a path that nobody has is asked for as well, to see whether the redirect keeps it; where
the certificate should have been renewed, the path of ACME's challenges, on one address.
"""

import secrets
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from diagnose.model.dns import is_guarded
from diagnose.model.http import Clock, Exchange
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

#: Seconds. A slow page is no fault; the run's own deadline is minded besides.
PATIENCE = 10.0

#: A chain of redirects is followed to so many hosts.
MOST_HOSTS = 3

_MOST_COOKIES = 16


@probe(after=Handshake)
async def target(ctx: ProbeContext, handshake: Handshake) -> None:
    """The target itself, over TLS."""
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
    """The same over http: on port 80 beside an https target, or as the target itself."""
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
    """So long that the run is not over before the failure is seen."""
    return max(1.0, min(PATIENCE, ctx.options.timeout - ctx.elapsed() - 1.0))


def _in_scope(ctx: ProbeContext) -> bool:
    return ctx.options.wants("http") or ctx.options.wants("websocket")


def _is_first_open(ctx: ProbeContext, connection: Connection) -> bool:
    """Whether this is the first address that answered so."""
    return (
        next(
            candidate
            for candidate in ctx.observed(Connection)
            if candidate.purpose == connection.purpose and not candidate.failure
        )
        is connection
    )


def _verified(ctx: ProbeContext, handshake: Handshake) -> bool:
    """Whether a visitor's browser would have come as far as this. Without trusted roots nobody
    knows, and it is taken for good."""
    name_matches = not handshake.chain or covers(
        ctx.target.host, handshake.chain[0].dns_names, handshake.chain[0].addresses
    )
    return handshake.variant != "unverified" and name_matches and not handshake.verify_code


def _plain_url(ctx: ProbeContext, connection: Connection, path: str) -> str:
    return str(Url("http", ctx.target.host, connection.port, path))


@probe(after=Handshake)
async def challenge(ctx: ProbeContext, handshake: Handshake) -> None:
    """Where a certificate should have been renewed by now, and port 80 was open before that was
    seen: whether the authority would get through. Elsewhere it is not asked, as the answer is a
    line in the server's error log."""
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
    """A challenge that nobody set (RFC 8555 section 8.3): 404 is the right answer to it."""
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
    """On the same connection, if it is still open."""
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
    purpose: str,
    verified: bool = True,
) -> Exchange:
    """Ask, tell the time by the answer, and go where it leads, once for all addresses that
    lead to the same place."""
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
    purpose: str,
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
    """The answer of a server that, without ALPN, speaks HTTP/2 all the same: browsers offer it
    and are answered. It has the certificate that was judged before."""
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
    """Whether what a person added may be sent there: to the target's own origin, and over TLS
    only where the certificate was seen to be good on this very address."""
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
    """An answer without the secrets that it repeats."""
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
    """Date counts whole seconds, so that it is half a second old on average; and the answer
    was on its way for about half the time it took."""
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
    """The command a person would type; `fields` as they may be shown."""
    parsed_url = parse_url(url)
    argv = ["curl", "-sSi"] if verified else ["curl", "-sSik"]
    if parsed_url is not None and parsed_url.host != address:
        bracketed = f"[{address}]" if ":" in address else address
        argv += ["--resolve", f"{parsed_url.host}:{parsed_url.port}:{bracketed}"]
    for field in fields:
        argv += ["-H", field]
    return shlex.join([*argv, url])


async def _follow_redirects(ctx: ProbeContext, first: Exchange) -> None:
    """Step by step, until there is an answer, a loop, or nowhere to go. What the probes ask
    anyway is not asked again, unless a cookie of this chain may change the answer."""
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
    """The cookies of one chain of redirects, kept no longer: some sites redirect to themselves
    until a cookie comes back (RFC 6265). Names and values only, for the host that set them."""

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
    """One redirect further: on the same address if it is the same host. None where it must not
    or cannot be gone."""
    start_time = ctx.elapsed()
    previous_url = parse_url(previous.url)
    same_host = previous_url is not None and previous_url.host == url.host
    address, failure = (
        (previous.address, None) if same_host else await find_address(ctx, url.host, previous)
    )
    if failure is None and not same_host and _is_forbidden_address(previous, address):
        return None  # a stranger's server does not send us into our own network
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
