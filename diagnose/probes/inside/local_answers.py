"""Asks the web server on the server itself for what failed at an address that the server lacks.

If the answer here is right, the fault lies in front of the server: a proxy, a load balancer, a CDN,
or another machine that the name leads to. A site without such a failure is not asked.
"""

import asyncio
import shlex
from dataclasses import replace
from functools import partial

from diagnose.machine import ServerSideNet
from diagnose.model import Failure, Host, Vantage
from diagnose.model.addresses import bracketed, is_loopback
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, LocalAnswer, LocalRequest, Upgrade
from diagnose.model.nginx import NginxConfig
from diagnose.model.server import Interface, Listeners, interface_addresses
from diagnose.model.tcp import Connection
from diagnose.model.tls import Handshake
from diagnose.model.web_servers import WebServerConfig
from diagnose.net import Stream
from diagnose.net.http import Http1Connection, HttpResult, connection_for, get
from diagnose.net.tls import HandshakeResult, client_context, secure
from diagnose.net.trusted_roots import trust
from diagnose.parsers.hostnames import covers
from diagnose.parsers.redirects import leads_to_itself
from diagnose.parsers.request_fields import masked_subprotocol
from diagnose.parsers.urls import Url, socketio_path
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside.remote_curl import UPGRADE_FIELDS
from diagnose.probes.inside.server_side_entry import listening_address
from diagnose.probes.outside.tls_attempts import parse_certificates, server_name

#: Seconds. nginx on the same machine answers at once, if its application does. Where what stands in
#: front did not wait long enough (504), this run waits until so long before its end.
PATIENCE, LEFT = 4.0, 3.0
#: Statuses for an answer that came too late (RFC 9110 section 15.6.5; 524 is Cloudflare's).
_LATE = {504, 524}

#: The port of plain http, and the field with which a proxy says that the visitor uses https.
HTTP_PORT = 80
FORWARDED = {"X-Forwarded-Proto": "https"}

#: The header fields of each kind of request, for the equivalent command.
_FIELDS: dict[LocalRequest, tuple[str, ...]] = {
    "page": (),
    "forwarded": tuple(f"{name}: {value}" for name, value in FORWARDED.items()),
    "websocket": UPGRADE_FIELDS,
    "health-check": (),
}

#: Statuses that say nothing about the site: who may come in, and how often.
_PERSONAL = {401, 403, 407, 429}


@probe(after=Exchange)
async def page_failed(ctx: ProbeContext, exchange: Exchange) -> None:
    if _has_failed(ctx, exchange) or _is_another_site_told(ctx):
        await _compare(ctx)
    await _look_elsewhere(ctx)


@probe(after=NginxConfig)
async def nginx_configuration_read(ctx: ProbeContext, _: NginxConfig) -> None:
    await _look_elsewhere(ctx)


@probe(after=WebServerConfig)
async def configuration_read(ctx: ProbeContext, _: WebServerConfig) -> None:
    await _compare(ctx)
    await _look_elsewhere(ctx)


@probe(after=Handshake)
async def handshake_failed(ctx: ProbeContext, handshake: Handshake) -> None:
    if _has_failed(ctx, handshake):
        await _compare(ctx)


@probe(after=Connection)
async def connection_failed(ctx: ProbeContext, connection: Connection) -> None:
    if _has_failed(ctx, connection):
        await _compare(ctx)


@probe(after=Upgrade)
async def upgrade_failed(ctx: ProbeContext, upgrade: Upgrade) -> None:
    if _has_failed(ctx, upgrade):
        await _compare(ctx)


@probe(after=Listeners)
async def listeners_read(ctx: ProbeContext, _: Listeners) -> None:
    await _compare(ctx)
    await _look_elsewhere(ctx)


@probe(after=Interface)
async def interfaces_read(ctx: ProbeContext, interface: Interface) -> None:
    """The interfaces are emitted together: the last one starts the comparison."""
    if ctx.observed(Interface)[-1] is interface:
        await _compare(ctx)
        await _look_elsewhere(ctx)


async def _look_elsewhere(ctx: ProbeContext) -> None:
    """Compare a page that visitors get at an address that is none of the server's with its own."""
    own = interface_addresses(ctx.observed(Interface))
    configs = [*ctx.observed(NginxConfig), *ctx.observed(WebServerConfig)]
    is_known = own and configs and ctx.observed(Listeners)
    if not is_known or all(page.address in own for page in ctx.observed(Exchange)):
        return
    if any(map(_is_balancer_error, ctx.observed(Exchange))):
        from diagnose.probes.inside.proxy_headers import read_health_checks

        await read_health_checks(ctx)
    # Imported late: most names lead to the server's own addresses.
    from diagnose.probes.inside.other_machine import compare_pages

    await compare_pages(ctx, own, partial(own_page, ctx))


async def _compare(ctx: ProbeContext) -> None:
    """Ask once for all that failed, as soon as the server's addresses and sockets are known."""
    address = entry_address(ctx, ctx.target.port)
    plain_port = _plain_port(ctx)
    plain_address = entry_address(ctx, plain_port)
    exchanges, upgrades = ctx.observed(Exchange), ctx.observed(Upgrade)
    failed_pages = [exchange for exchange in exchanges if _has_failed(ctx, exchange)]
    attempts: list[Handshake | Connection] = [*ctx.observed(Handshake)]
    attempts += ctx.observed(Connection)
    failed_attempts = [attempt for attempt in attempts if _has_failed(ctx, attempt)]
    failed_paths = dict.fromkeys(item.path for item in upgrades if _has_failed(ctx, item))
    work = []
    if address and (failed_pages or failed_attempts or failed_paths):
        work.append(_ask_page(ctx, address))
        entry = (address, ctx.target.port)
        work += [_ask_websocket(ctx, entry, path) for path in failed_paths]
    # Without TLS here, what stands in front ends it, and asks over http.
    ends_elsewhere = ctx.target.uses_tls and not address and bool(ctx.observed(Listeners))
    if plain_address and ends_elsewhere:
        entry = (plain_address, plain_port)
        work += [_ask_websocket(ctx, entry, path) for path in failed_paths]
    is_usual = bool(plain_address) and plain_port == HTTP_PORT
    is_told = is_usual and _is_another_site_told(ctx)
    is_asked_plainly = (ends_elsewhere and failed_pages) or any(map(_is_loop, failed_pages))
    if plain_address and (is_asked_plainly or is_told):
        work.append(_ask_forwarded(ctx, plain_address, plain_port))
    if is_told or (is_usual and any(map(_is_balancer_error, failed_pages))):
        work.append(_ask_as_health_check(ctx, plain_address))
    await asyncio.gather(*work)


def _is_another_site_told(ctx: ProbeContext) -> bool:
    """Whether a message says that another site comes, and the front page came from an address that
    is not the server's: what stands in front may not pass the name on."""
    target = ctx.target
    is_told = target.symptom is not None and target.symptom.kind == "wrong-site"
    is_known = target.path == "/" and bool(ctx.observed(Listeners))
    return is_told and is_known and is_visited_elsewhere(ctx)


def is_visited_elsewhere(ctx: ProbeContext) -> bool:
    """Return whether visitors get the page at addresses that are none of the server's."""
    own = interface_addresses(ctx.observed(Interface))
    pages = [page for page in ctx.observed(Exchange) if page.is_page_of(ctx.target)]
    return bool(own and pages) and not any(page.address in own for page in pages)


def entry_address(ctx: ProbeContext, port: int) -> str:
    """Return the address of the server at which something listens on the port, or "": that of the
    default route first, because a router in front translates to it."""
    interfaces = sorted(ctx.observed(Interface), key=lambda interface: not interface.default)
    addresses = [
        address
        for interface in interfaces
        for address in interface.addresses
        if not address.startswith(("127.", "169.254.", "fe80:")) and address != "::1"
    ]
    candidates = (listening_address(ctx, address, port) for address in addresses)
    return next(filter(None, candidates), "")


def _has_failed(
    ctx: ProbeContext, observation: Exchange | Handshake | Upgrade | Connection
) -> bool:
    """Whether visitors get a failure from an address that is not the server's, or a reset on the
    way to one that is.

    A failed certificate is followed by a request that accepts it, which counts in its place.
    """
    own = interface_addresses(ctx.observed(Interface))
    if observation.vantage is not Vantage.HERE:
        return False
    if observation.address in own:
        return _is_reset(observation) and _is_remote(ctx)
    match observation:
        case Handshake(failure=Failure(kind=kind), is_browser_like=True):
            return kind != "certificate"
        case Connection(purpose="target", failure=Failure(kind=kind)):
            # A neighbour or a network that is not there is no machine in front.
            return kind in {"refused", "timeout"} and not is_loopback(observation.address)
        case Upgrade(through="front", variant="normal"):
            return not observation.accepted
        case Exchange(purpose="target"):
            refused = (observation.status or 0) >= 400 and observation.status not in _PERSONAL
            return bool(
                observation.failure or refused or not observation.verified or _is_loop(observation)
            )
    return False


def _is_reset(observation: Exchange | Handshake | Upgrade | Connection) -> bool:
    """Whether a visitor's handshake was reset: by the server, or by something on the way."""
    match observation:
        case Handshake(failure=Failure(kind="reset"), is_browser_like=True):
            return True
    return False


def _is_remote(ctx: ProbeContext) -> bool:
    """Whether this machine is not the server, so that its handshake took the visitors' way."""
    return any(host.via != "local" for host in ctx.observed(Host) if host.vantage is Vantage.SERVER)


def _is_loop(exchange: Exchange) -> bool:
    return leads_to_itself(exchange)


def _is_asked(ctx: ProbeContext, request: LocalRequest, path: str) -> bool:
    return any(
        (answer.request, answer.path) == (request, path) for answer in ctx.observed(LocalAnswer)
    )


def _emit(ctx: ProbeContext, answer: LocalAnswer) -> None:
    """Emit an answer. Two failures at the same moment may have asked for the same."""
    if not _is_asked(ctx, answer.request, answer.path):
        ctx.emit(answer)


@frozen
class _Entry:
    """An open connection to the server's own web server, and how its TLS handshake ended."""

    stream: Stream
    alpn: str = ""
    tls: HandshakeResult | None = None


async def _ask_page(ctx: ProbeContext, address: str) -> None:
    if not _is_asked(ctx, "page", ctx.target.path):
        answer, result = await own_page(ctx, address, ctx.target.path)
        if result is not None:
            _emit(ctx, replace(answer, same_as=_same_pages(ctx, result)))
        elif answer.chain or answer.failure:
            _emit(ctx, answer)


async def own_page(
    ctx: ProbeContext, address: str, path: str
) -> tuple[LocalAnswer, HttpResult | None]:
    """Ask the server itself for a page, and return its answer, with the response if one came."""
    target = ctx.target
    url = f"{'https' if target.uses_tls else 'http'}://{target.authority}{path}"
    answer = _question(ctx, "page", url, path, (address, target.port))
    tls_result = await _verified_handshake(ctx, answer) if target.uses_tls else None
    chain = await parse_certificates(tls_result.chain) if tls_result else ()
    entry = await _enter(ctx, answer)
    if entry is None:
        failure = tls_result.failure if tls_result else None
        return replace(answer, chain=chain, trusted=False, failure=failure), None
    patience = _patience(ctx)
    result = await get(connection_for(entry.stream, entry.alpn, patience), url, patience)
    entry.stream.close()
    trusted = None
    if tls_result is not None and tls_result.verify_code is not None:
        name_matches = bool(chain) and covers(target.host, chain[0].dns_names, chain[0].addresses)
        trusted = tls_result.failure is None and name_matches
    return replace(_completed(ctx, answer, result), chain=chain, trusted=trusted), result


def _patience(ctx: ProbeContext) -> float:
    """Return for how many seconds the answer to the page's request is awaited."""
    is_late = any(page.status in _LATE for page in ctx.observed(Exchange))
    left = ctx.options.deadline - ctx.elapsed() - LEFT
    return max(PATIENCE, left) if is_late else PATIENCE


def _plain_port(ctx: ProbeContext) -> int:
    """Return the port at which what stands in front asks over http: 80, or where nothing listens
    there the only one of the web server's sites."""
    if entry_address(ctx, HTTP_PORT) or not ctx.observed(Listeners):
        return HTTP_PORT
    sockets = {
        socket.port
        for config in ctx.observed(WebServerConfig)
        for site in config.sites
        for socket in site.sockets
        if not socket.tls
    }
    return sockets.pop() if len(sockets) == 1 else HTTP_PORT


async def _ask_forwarded(ctx: ProbeContext, address: str, port: int) -> None:
    """Ask as a proxy does that ends TLS and speaks http to this server, for the visitor's host."""
    if not ctx.target.uses_tls or _is_asked(ctx, "forwarded", ctx.target.path):
        return
    attempt = await _net(ctx).connect(address, port, PATIENCE)
    if attempt.stream is None:
        return
    url = str(Url("http", ctx.target.host, HTTP_PORT, ctx.target.path))
    answer = _question(ctx, "forwarded", url, ctx.target.path, (address, port))
    patience = _patience(ctx)
    result = await get(Http1Connection(attempt.stream, patience), url, patience, FORWARDED)
    attempt.stream.close()
    _emit(ctx, replace(_completed(ctx, answer, result), same_as=_same_pages(ctx, result)))


def _is_balancer_error(exchange: Exchange) -> bool:
    """Whether a load balancer says itself that it got no right answer."""
    from diagnose.parsers.front_errors import front_error

    error = front_error(exchange)
    return error is not None and error.kind == "balancer"


async def _ask_as_health_check(ctx: ProbeContext, address: str) -> None:
    """Ask for "/" over http without the site's name, as the health checks of load balancers do
    unless they were set otherwise."""
    if _is_asked(ctx, "health-check", "/"):
        return
    attempt = await _net(ctx).connect(address, HTTP_PORT, PATIENCE)
    if attempt.stream is None:
        return
    url = str(Url("http", address, HTTP_PORT, "/"))
    answer = replace(
        _question(ctx, "health-check", url, "/", (address, HTTP_PORT)),
        equivalent=shlex.join(["curl", "-sSi", "-g", "-m", "5", url]),
    )
    result = await get(Http1Connection(attempt.stream, PATIENCE), url, PATIENCE)
    attempt.stream.close()
    _emit(ctx, replace(_completed(ctx, answer, result), same_as=_same_pages(ctx, result)))


async def _ask_websocket(ctx: ProbeContext, peer: tuple[str, int], path: str) -> None:
    """Open the WebSocket at an address and a port of the server: the target's, or that of plain
    http, as a proxy does that ends TLS."""
    if _is_asked(ctx, "websocket", path):
        return
    from diagnose.net.websocket import ClientHandshake, open_websocket

    target, request = ctx.target, ctx.options.request
    is_plain = peer[1] != target.port
    url = f"{'wss' if target.uses_tls else 'ws'}://{target.authority}{socketio_path(path)}"
    if is_plain:
        url = str(Url("ws", target.host, peer[1], socketio_path(path)))
    answer = _question(ctx, "websocket", url, path, peer)
    entry = await _enter(ctx, answer)
    if entry is None:
        return
    subprotocols = tuple(name for name in request.subprotocols if name == masked_subprotocol(name))
    handshake = ClientHandshake(url, request.origin or target.origin, subprotocols)
    upgrade = await open_websocket(entry.stream, handshake, PATIENCE)
    completed = _completed(ctx, answer, upgrade.answer)
    _emit(ctx, replace(completed, accepted=upgrade.accepted and not upgrade.ended))


async def _verified_handshake(ctx: ProbeContext, answer: LocalAnswer) -> HandshakeResult | None:
    """Shake hands as a browser does, to judge the certificate; None without a connection."""
    attempt = await _net(ctx).connect(answer.address, answer.port, PATIENCE)
    if attempt.stream is None:
        return None
    trusted = await asyncio.wrap_future(trust(ctx.options.cafile))
    result = await secure(attempt.stream, trusted.context, server_name(ctx), PATIENCE)
    if result.stream is not None:
        result.stream.close()
    return replace(result, verify_code=None) if trusted.empty else result


async def _enter(ctx: ProbeContext, answer: LocalAnswer) -> _Entry | None:
    """Open a connection for a request; any certificate is accepted."""
    attempt = await _net(ctx).connect(answer.address, answer.port, PATIENCE)
    is_plain = not ctx.target.uses_tls or answer.port != ctx.target.port
    if attempt.stream is None or is_plain:
        return _Entry(attempt.stream) if attempt.stream else None
    result = await secure(attempt.stream, client_context(), server_name(ctx), PATIENCE)
    return _Entry(result.stream, result.alpn, result) if result.stream else None


def _net(ctx: ProbeContext) -> ServerSideNet:
    return ServerSideNet(ctx.net, ctx.machine)


def _completed(ctx: ProbeContext, answer: LocalAnswer, result: HttpResult) -> LocalAnswer:
    return replace(
        answer,
        took=ctx.elapsed() - answer.at,
        failure=result.failure,
        status=result.status,
        reason=result.reason,
        headers=result.headers,
    )


def _same_pages(ctx: ProbeContext, result: HttpResult) -> tuple[str, ...]:
    """Return the addresses that gave this page to visitors."""
    return tuple(
        dict.fromkeys(
            exchange.address
            for exchange in ctx.observed(Exchange)
            if exchange.purpose == "target"
            and exchange.vantage is Vantage.HERE
            and result.body
            and (exchange.status, exchange.body) == (result.status, result.body)
        )
    )


def _question(
    ctx: ProbeContext, request: LocalRequest, url: str, path: str, peer: tuple[str, int]
) -> LocalAnswer:
    """Return the observation of a request, without its answer."""
    address, port = peer
    argv = ["curl", "-sSik", "-m", "5", "--http1.1"]
    if ctx.target.host != address:
        argv += ["--resolve", f"{ctx.target.host}:{port}:{bracketed(address)}"]
    for field in _FIELDS[request]:
        argv += ["-H", field]
    web_url = f"http{url.removeprefix('ws')}" if request == "websocket" else url
    return LocalAnswer(
        vantage=Vantage.SERVER,
        at=ctx.elapsed(),
        request=request,
        url=url,
        path=path,
        address=address,
        port=port,
        equivalent=shlex.join([*argv, web_url]),
    )
