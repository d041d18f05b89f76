"""Probes that connect to the applications behind nginx, as nginx would.

WebSockets are tried both directly and through the site: if one works directly but not through
the site, the proxy breaks it.

On a healthy site each application only gets a connection. Only after the site has failed are the
page requested, other protocols tried, and SELinux examined.
"""

import asyncio
import shlex
from collections.abc import Iterable
from dataclasses import replace

from diagnose.model import Failure
from diagnose.model.addresses import bracketed, is_local_host
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.nginx import NginxConfig, UpstreamTry
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.http import wants_tls
from diagnose.parsers.nginx import upstreams
from diagnose.parsers.nginx.locations import proxy_set_header_of
from diagnose.parsers.nginx.upstreams import Endpoint
from diagnose.parsers.usual_paths import is_usual_websocket
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside import upstream_access, upstream_routes, upstream_variants
from diagnose.probes.inside.remote_curl import curl
from diagnose.probes.inside.server_names import emit_server_names
from diagnose.probes.inside.upstream_routes import UpstreamRoute
from diagnose.probes.inside.websocket_upstream import try_websocket, try_websocket_by_curl

#: Seconds to wait for a response.
PATIENCE = 3.0
#: Seconds after nginx's own 504: it may wait for less than a slow response needs.
SLOW_PATIENCE = 8.0
#: Seconds of the run that are left for the logs of a silent application.
_AFTERWARDS = 4.0

#: Maximum number of applications tried, and of WebSocket paths that were not requested.
MAX_APPLICATIONS, MAX_PATHS = 8, 4


@probe(after=NginxConfig)
async def applications(ctx: ProbeContext, config: NginxConfig) -> None:
    if not ctx.options.wants("upstream") and not ctx.options.wants("websocket"):
        return
    routes = list(upstream_routes.find_routes(ctx, config))
    endpoints: dict[tuple[str, str], tuple[UpstreamRoute, Endpoint]] = {}
    for route in routes:
        for endpoint in route.upstream.endpoints:
            endpoints.setdefault((route.upstream.target, str(endpoint)), (route, endpoint))
    websocket_paths = _websocket_paths(ctx, routes)
    websocket_routes = {
        route.path: route
        for route in routes
        if route.path in websocket_paths and route.upstream.speaks_http
    }
    try_route = try_websocket if ctx.machine.via == "local" else try_websocket_by_curl
    sockets = dict.fromkeys(
        endpoint.socket for _, endpoint in endpoints.values() if endpoint.socket
    )
    await asyncio.gather(
        *(
            upstream_variants.try_endpoint(ctx, route, endpoint)
            for route, endpoint in list(endpoints.values())[:MAX_APPLICATIONS]
        ),
        *(try_route(ctx, route) for route in websocket_routes.values()),
        upstream_access.emit_sockets(ctx, config, list(sockets)[:MAX_APPLICATIONS]),
    )
    if any(map(_refuses_here, ctx.observed(UpstreamTry))):
        await upstream_access.emit_listeners(ctx)


def _refuses_here(attempt: UpstreamTry) -> bool:
    """Return whether a port of this server refuses: the application may have a Unix socket."""
    is_refused = attempt.failure is not None and attempt.failure.kind == "refused"
    host = attempt.address or attempt.host
    return is_refused and not attempt.socket and is_local_host(host)


def _websocket_paths(ctx: ProbeContext, routes: list[UpstreamRoute]) -> tuple[str, ...]:
    """Return the requested WebSocket paths and those that the configuration seems to proxy."""
    configured_paths = [
        route.path
        for route in routes
        if route.path.startswith("/")
        and (proxy_set_header_of(route.place, "Upgrade") or is_usual_websocket(route.path))
        and route.path not in ctx.target.websockets
    ]
    return (*ctx.target.websockets, *dict.fromkeys(configured_paths[:MAX_PATHS]))


@probe(after=NginxConfig)
async def names(ctx: ProbeContext, config: NginxConfig) -> None:
    """Emit how the server resolves names for which nginx has no resolver."""
    unresolved_names = (
        upstreams.unresolved_name(config.main, route.place, route.upstream)
        for route in upstream_routes.find_routes(ctx, config)
    )
    hostnames = set(filter(None, unresolved_names))
    if hostnames:
        await emit_server_names(ctx, hostnames)


# After the site has failed


@probe(after=Exchange)
async def behind_a_broken_door(ctx: ProbeContext, exchange: Exchange) -> None:
    """Request the page from the application: the site's response does not tell how it failed."""
    for config in ctx.observed(NginxConfig)[:1]:
        if _is_broken(ctx, exchange, config):
            await ask_application(ctx, config)


@probe(after=Upgrade)
async def behind_a_broken_websocket(ctx: ProbeContext, upgrade: Upgrade) -> None:
    """Try the application after a failed WebSocket; the page itself may still work."""
    for config in ctx.observed(NginxConfig)[:1]:
        if _has_failed(upgrade):
            await _try_failed_websockets(ctx, config, (upgrade.path,))


@probe(after=NginxConfig)
async def behind_a_door_broken_before(ctx: ProbeContext, config: NginxConfig) -> None:
    """Do the same if the site failed before the configuration was known."""
    if any(_is_broken(ctx, exchange, config) for exchange in ctx.observed(Exchange)):
        await ask_application(ctx, config)
    paths = {upgrade.path for upgrade in ctx.observed(Upgrade) if _has_failed(upgrade)}
    if paths:
        await _try_failed_websockets(ctx, config, paths)


def _is_broken(ctx: ProbeContext, exchange: Exchange, config: NginxConfig) -> bool:
    if not exchange.is_page_of(ctx.target):
        return False
    silent = exchange.failure is not None and exchange.failure.kind in {
        "timeout",
        "closed",
        "reset",
        "protocol",
    }
    if silent or exchange.status in {502, 504} or wants_tls(exchange):
        return True
    return exchange.status == 400 and any(
        route.upstream.scheme == "http" and any(map(_is_tls_port, route.upstream.endpoints))
        for route in upstream_routes.find_routes(ctx, config)
        if route.path == ctx.target.path
    )


def _is_tls_port(endpoint: Endpoint) -> bool:
    """Whether a port is usually one of TLS: 443, 8443, 9443."""
    return not endpoint.socket and str(endpoint.port).endswith("443")


def _has_failed(upgrade: Upgrade) -> bool:
    if upgrade.variant != "normal":
        return False
    if upgrade.through == "front":
        return upgrade.status in {502, 504}
    # A direct attempt: the application may speak TLS while nginx does not.
    is_broken = upgrade.failure is not None and upgrade.failure.kind in {
        "closed",
        "reset",
        "protocol",
    }
    return is_broken or (upgrade.status == 400 and "HTTPS" in upgrade.body)


async def ask_application(ctx: ProbeContext, config: NginxConfig) -> None:
    """Request the target's page from the application as nginx does, once; also emit SELinux."""
    asked = {
        (upstream_try.target, upstream_try.path)
        for upstream_try in ctx.observed(UpstreamTry)
        if upstream_try.asked
    }
    routes = (
        route for route in upstream_routes.find_routes(ctx, config) if route.path == ctx.target.path
    )
    route = next((route for route in routes if route.upstream.speaks_http), None)
    is_asked = route is not None and (route.upstream.target, route.path) in asked
    if route is None or is_asked or not ctx.options.wants("upstream"):
        await upstream_access.emit_selinux(ctx)
        return
    ask = _ask_directly if ctx.machine.via == "local" else _ask_by_curl
    await asyncio.gather(
        *(ask(ctx, route, endpoint) for endpoint in route.upstream.endpoints[:4]),
        upstream_access.emit_selinux(ctx),
    )
    slot = f"WebSocket at {route.path}"
    if _closes_plain_requests(ctx, route) and ctx.further_requests.begin(slot):
        # It may take handshakes alone.
        await (try_websocket if ctx.machine.via == "local" else try_websocket_by_curl)(ctx, route)


def _closes_plain_requests(ctx: ProbeContext, route: UpstreamRoute) -> bool:
    """Whether each server of the application closed the connection of a plain GET, and nobody has
    asked there for a WebSocket."""
    tries = [
        upstream_try
        for upstream_try in ctx.observed(UpstreamTry)
        if upstream_try.asked and upstream_try.path == route.path
    ]
    closed = {"closed", "reset"}
    is_closed = all(each.failure is not None and each.failure.kind in closed for each in tries)
    is_tried = any(upgrade.path == route.path for upgrade in ctx.observed(Upgrade))
    in_scope = ctx.options.wants("websocket") and route.upstream.scheme == "http"
    return bool(tries) and is_closed and in_scope and not is_tried


async def _ask_directly(ctx: ProbeContext, route: UpstreamRoute, endpoint: Endpoint) -> None:
    at = ctx.elapsed()
    addresses = (
        ("",)
        if endpoint.socket
        else (await upstream_routes.resolve_addresses(ctx, endpoint.host))[:1]
    )
    name, sni = upstream_routes.host_header(ctx, route), upstream_routes.server_name(ctx, route)
    for address in addresses:
        stream = await upstream_routes.open_stream(
            ctx, endpoint, address, route.upstream.secure, sni
        )
        if isinstance(stream, Failure):
            if stream.kind == "reset" and not route.upstream.secure:
                _emit_reset(ctx, route, endpoint, address, stream)
            continue
        patience = _time_left(ctx)
        status, body, failure, media_type, is_stream = await upstream_routes.request_page(
            stream, route.upstream_path, name, patience
        )
        authority = "localhost" if endpoint.socket else f"{bracketed(address)}:{endpoint.port}"
        curl_options = ("--unix-socket", endpoint.socket) if endpoint.socket else ()
        url = f"{route.upstream.scheme}://{authority}{route.upstream_path}"
        limit = ("-m", f"{max(patience + 2, 5):.0f}")
        command = shlex.join(("curl", "-sSik", *limit, *curl_options, "-H", f"Host: {name}", url))
        upstream_try = replace(
            upstream_routes.upstream_try_of(route, endpoint, address, at),
            took=ctx.elapsed() - at,
            equivalent=command,
            failure=failure,
            asked=True,
            status=status,
            media_type=media_type,
            streams=is_stream,
        )
        if _is_new(ctx, upstream_try):
            ctx.emit(upstream_try)
            await _try_tls(ctx, route, endpoint, upstream_try, body)


def _emit_reset(
    ctx: ProbeContext, route: UpstreamRoute, endpoint: Endpoint, address: str, failure: Failure
) -> None:
    """A connection that was accepted and reset before the request could be sent."""
    at = ctx.elapsed()
    unasked = upstream_routes.upstream_try_of(route, endpoint, address, at)
    upstream_try = replace(unasked, asked=True, failure=failure)
    if _is_new(ctx, upstream_try):
        ctx.emit(upstream_try)


async def _ask_by_curl(ctx: ProbeContext, route: UpstreamRoute, endpoint: Endpoint) -> None:
    at = ctx.elapsed()
    base_url, curl_options = upstream_routes.curl_target(ctx, route, endpoint)
    field, patience = (
        f"Host: {upstream_routes.host_header(ctx, route)}",
        max(int(_time_left(ctx)), 1),
    )
    url = base_url + route.upstream_path
    response = await curl(ctx.machine, url, (field,), options=curl_options, patience=patience)
    if response is None or not response.connected:
        return
    address = endpoint.host if is_address(endpoint.host) else ""
    upstream_try = replace(
        upstream_routes.upstream_try_of(route, endpoint, address, at),
        took=response.took,
        equivalent=response.equivalent,
        failure=response.failure,
        asked=True,
        status=response.status,
        media_type=response.media_type,
    )
    if _is_new(ctx, upstream_try):
        ctx.emit(upstream_try)
        await _try_tls(ctx, route, endpoint, upstream_try, response.body)


def _is_new(ctx: ProbeContext, upstream_try: UpstreamTry) -> bool:
    """Whether this try is the first of its kind: two failures at once may start the same one."""
    known_keys = {
        (earlier_try.target, earlier_try.endpoint, earlier_try.path)
        for earlier_try in ctx.observed(UpstreamTry)
        if earlier_try.asked
    }
    return (upstream_try.target, upstream_try.endpoint, upstream_try.path) not in known_keys


async def _try_tls(
    ctx: ProbeContext,
    route: UpstreamRoute,
    endpoint: Endpoint,
    upstream_try: UpstreamTry,
    body: str,
) -> None:
    """Try TLS if the application may want it. After a 400 that does not say so, the page is asked
    for as well: the port may take both, and refuse the request for another reason."""
    says_so = _wants_tls(route, upstream_try, body)
    is_plain = route.upstream.scheme == "http"
    if says_so or (is_plain and upstream_try.status == 400 and _is_tls_port(endpoint)):
        await upstream_variants.try_server_names(
            ctx, route, endpoint, upstream_try.address, None, asks=not says_so
        )


def _wants_tls(route: UpstreamRoute, upstream_try: UpstreamTry, body: str) -> bool:
    """Whether the application may want TLS: nginx speaks plain HTTP and gets no usable response."""
    connection_failed = upstream_try.failure is not None and upstream_try.failure.kind != "timeout"
    asks_for_tls = upstream_try.status == 400 and any(
        word in body for word in ("HTTPS", "SSL", "TLS")
    )
    return route.upstream.scheme == "http" and (connection_failed or asks_for_tls)


async def _try_failed_websockets(
    ctx: ProbeContext, config: NginxConfig, paths: Iterable[str]
) -> None:
    """Try the applications of failed WebSockets with TLS, if nginx speaks plain HTTP."""
    failed_upgrades = [
        upgrade
        for upgrade in ctx.observed(Upgrade)
        if _has_failed(upgrade) and upgrade.path in set(paths)
    ]
    failed_paths = {upgrade.path for upgrade in failed_upgrades if upgrade.through != "front"}
    plain_routes = {
        route.upstream.target: route
        for route in upstream_routes.find_routes(ctx, config)
        if route.path in failed_paths and route.upstream.scheme == "http"
    }
    work = [_try_first_endpoint(ctx, route) for route in plain_routes.values()]
    if any(upgrade.through == "front" for upgrade in failed_upgrades):
        work.append(upstream_access.emit_selinux(ctx))
    await asyncio.gather(*work)


async def _try_first_endpoint(ctx: ProbeContext, route: UpstreamRoute) -> None:
    """Try TLS with the first server of the route's upstream."""
    endpoint = route.upstream.endpoints[0]
    address = "" if endpoint.socket else endpoint.host
    if ctx.machine.via == "local" and address:
        address = next(iter(await upstream_routes.resolve_addresses(ctx, endpoint.host)), "")
    elif not is_address(address):
        address = ""
    await upstream_variants.try_server_names(ctx, route, endpoint, address, None)


def _time_left(ctx: ProbeContext) -> float:
    """Return the seconds to wait for a response, so that it ends before the run."""
    left = ctx.options.timeout - ctx.elapsed()
    patience = max(1.0, min(PATIENCE, left - 1.0))
    is_given_up = any(
        exchange.status == 504 and exchange.is_page_of(ctx.target)
        for exchange in ctx.observed(Exchange)
    )
    return max(patience, min(SLOW_PATIENCE, left - _AFTERWARDS)) if is_given_up else patience
