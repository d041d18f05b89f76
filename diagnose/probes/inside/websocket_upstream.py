"""Probes WebSockets both at the application itself and through the site.

If a WebSocket works directly but not through the site, the proxy breaks it.
"""

import shlex

from diagnose.model import Failure, Vantage
from diagnose.model.http import Through, Upgrade, UpgradeVariant
from diagnose.model.nginx import NginxBuild
from diagnose.net import Stream
from diagnose.parsers.http import socketio_path
from diagnose.parsers.nginx.config import version_number
from diagnose.parsers.nginx.server_blocks import LocationMatch
from diagnose.parsers.nginx.upstreams import Endpoint
from diagnose.probes import ProbeContext
from diagnose.probes.inside import upstream_routes
from diagnose.probes.inside.remote_curl import UPGRADE_FIELDS, curl
from diagnose.probes.inside.upstream_routes import UpstreamRoute, bracketed

#: Seconds. An application on the same machine or network answers in milliseconds.
PATIENCE = 3.0


async def try_websocket(ctx: ProbeContext, route: UpstreamRoute) -> None:
    """Try the application directly, then variants.

    If it accepts the handshake and no other probe tries the site, try the site too. If nginx
    would use HTTP/1.0 to the application, try that as well.
    """
    direct = await _upgrade_directly(ctx, route)
    if direct is None:
        return
    is_requested = route.path in ctx.target.websockets
    if (direct.accepted or is_requested) and not (is_requested and ctx.options.outside):
        await _upgrade_at_front(ctx, route)
    if is_requested and direct.status and not direct.accepted and strips_path(route):
        await _upgrade_directly(ctx, route, "whole-path")
    if direct.accepted and not speaks_http_1_1(route.place, ctx.observed(NginxBuild)):
        await _upgrade_over_http_1_0(ctx, route, direct)


async def try_websocket_by_curl(ctx: ProbeContext, route: UpstreamRoute) -> None:
    """Do the same with the server's curl."""
    server, whole_path = route.upstream.endpoints[0], socketio_path(route.path)
    path = socketio_path(route.upstream_path)
    base_url, curl_options = upstream_routes.curl_target(ctx, route, server)
    peer = _peer(server, server.host)
    fields = (f"Host: {upstream_routes.host_header(ctx, route)}", *UPGRADE_FIELDS)
    direct = await _upgrade_by_curl(
        ctx, route, base_url + path, fields, peer, "application", curl_options=curl_options
    )
    if direct is None or direct.failure:
        return
    is_requested = route.path in ctx.target.websockets
    if (direct.accepted or is_requested) and not (is_requested and ctx.options.outside):
        address = {"*": "127.0.0.1", "::": "::1"}.get(route.socket.address, route.socket.address)
        scheme = "https" if ctx.target.scheme in {"https", "wss"} else "http"
        front = f"{scheme}://{ctx.target.authority}{whole_path}"
        resolve_option = f"{ctx.target.host}:{route.socket.port}:{bracketed(address)}"
        front_peer = (address, route.socket.port)
        await _upgrade_by_curl(
            ctx,
            route,
            front,
            UPGRADE_FIELDS,
            front_peer,
            "front",
            curl_options=("--resolve", resolve_option),
        )
    if is_requested and direct.status and not direct.accepted and strips_path(route):
        await _upgrade_by_curl(
            ctx,
            route,
            base_url + whole_path,
            fields,
            peer,
            "application",
            "whole-path",
            curl_options,
        )
    if direct.accepted and not speaks_http_1_1(route.place, ctx.observed(NginxBuild)):
        await _upgrade_by_curl(
            ctx, route, base_url + path, fields, peer, "application", "http-1.0", curl_options
        )


async def _upgrade_by_curl(
    ctx: ProbeContext,
    route: UpstreamRoute,
    url: str,
    fields: tuple[str, ...],
    peer: tuple[str, int],
    through: Through,
    variant: UpgradeVariant = "normal",
    curl_options: tuple[str, ...] = (),
) -> Upgrade | None:
    at = ctx.elapsed()
    version = "1.0" if variant == "http-1.0" else "1.1"
    response = await curl(ctx.machine, url, fields, version, curl_options)
    if response is None or (response.failure and (through == "front" or not response.connected)):
        # Other probes report why a connection fails.
        return None
    upgrade = Upgrade(
        vantage=Vantage.SERVER,
        at=at,
        took=response.took,
        equivalent=response.equivalent,
        failure=response.failure,
        url=f"ws{url.removeprefix('http')}",
        path=route.path,
        address=peer[0],
        port=peer[1],
        variant=variant,
        through=through,
        status=response.status,
        accepted=response.accepted or (variant == "http-1.0" and response.status == 101),
        fault="" if response.accepted or response.failure else "status",
        body=response.body,
    )
    is_requested = route.path in ctx.target.websockets
    return (
        ctx.emit(upgrade)
        if through != "front" or is_requested or _is_conclusive(upgrade)
        else upgrade
    )


def speaks_http_1_1(location: LocationMatch, builds: tuple[NginxBuild, ...]) -> bool:
    """Whether nginx speaks HTTP/1.1 to the application; this is the default since 1.29.7."""
    directive = location.directive("proxy_http_version")
    if directive:
        return directive.args[:1] != ("1.0",)
    return any((version_number(build.version) or (0,)) >= (1, 29, 7) for build in builds)


def strips_path(route: UpstreamRoute) -> bool:
    """Whether nginx requests another path from the application than the visitor did."""
    return route.upstream_path != route.path


async def _upgrade_directly(
    ctx: ProbeContext, route: UpstreamRoute, variant: UpgradeVariant = "normal"
) -> Upgrade | None:
    """Try the application with nginx's path; variant "whole-path" uses the visitor's path."""
    name = upstream_routes.server_name(ctx, route)
    for endpoint in route.upstream.endpoints:
        for address in (
            ("",)
            if endpoint.socket
            else await upstream_routes.resolve_addresses(ctx, endpoint.host)
        ):
            stream = await upstream_routes.open_stream(
                ctx, endpoint, address, route.upstream.secure, name
            )
            if isinstance(stream, Failure):
                continue
            path = socketio_path(route.path if variant == "whole-path" else route.upstream_path)
            url = f"ws://{upstream_routes.host_header(ctx, route)}{path}"
            peer_address, port = _peer(endpoint, address)
            upgrade = await _try_handshake(
                ctx, stream, url, route.path, peer_address, port, "application", variant
            )
            return ctx.emit(upgrade)
    return None


async def _upgrade_at_front(ctx: ProbeContext, route: UpstreamRoute) -> None:
    """Try the site from the server, over loopback if nginx listens on all addresses."""
    address = {"*": "127.0.0.1", "::": "::1"}.get(route.socket.address, route.socket.address)
    secure = ctx.target.scheme in {"https", "wss"}
    name = ctx.target.host
    stream = await upstream_routes.open_stream(
        ctx, Endpoint(address, route.socket.port), address, secure, name
    )
    if isinstance(stream, Failure):
        return
    url = f"{'wss' if secure else 'ws'}://{ctx.target.authority}{socketio_path(route.path)}"
    upgrade = await _try_handshake(
        ctx, stream, url, route.path, address, route.socket.port, "front"
    )
    if route.path in ctx.target.websockets or _is_conclusive(upgrade):
        ctx.emit(upgrade)


def _is_conclusive(upgrade: Upgrade) -> bool:
    """Whether a response at a path that was not requested tells anything about WebSockets.

    Not conclusive are a redirect, an access rule, a rate limit, or a demand for a client
    certificate.
    """
    rules = {401, 403, 429, 503}
    about_tls = upgrade.status == 400 and "SSL certificate" in upgrade.body
    status = upgrade.status or 0
    return not (about_tls or status in rules or 300 <= status < 400)


async def _try_handshake(
    ctx: ProbeContext,
    stream: Stream,
    url: str,
    path: str,
    address: str,
    port: int,
    through: Through,
    variant: UpgradeVariant = "normal",
) -> Upgrade:
    from diagnose.net.websocket import open_websocket

    at = ctx.elapsed()
    origin = f"{'https' if ctx.target.scheme in {'https', 'wss'} else 'http'}://"
    upgrade_result = await open_websocket(
        stream, url, origin + ctx.target.authority, timeout=PATIENCE
    )
    answer = upgrade_result.answer
    return Upgrade(
        vantage=Vantage.SERVER,
        at=at,
        took=answer.took,
        equivalent=_equivalent(url, address, port, "1.1"),
        failure=answer.failure,
        url=url,
        path=path,
        address=address,
        port=port,
        variant=variant,
        through=through,
        status=answer.status,
        reason=answer.reason,
        headers=answer.headers,
        body=answer.body,
        accepted=upgrade_result.accepted,
        fault=upgrade_result.fault,
        subprotocol=upgrade_result.subprotocol,
        ping_s=upgrade_result.ping_s,
        close_code=upgrade_result.close_code,
        held_s=upgrade_result.held_s,
        ended=upgrade_result.ended,
        close_reason=upgrade_result.close_reason,
        frames=upgrade_result.frames,
        origin=origin + ctx.target.authority,
    )


async def _upgrade_over_http_1_0(ctx: ProbeContext, route: UpstreamRoute, direct: Upgrade) -> None:
    """Repeat the handshake in HTTP/1.0, as nginx sends it without proxy_http_version 1.1."""
    from diagnose.net.tls import send_and_receive

    at = ctx.elapsed()
    socket = direct.address.removeprefix("unix:") if direct.address.startswith("unix:") else ""
    endpoint, name = (
        Endpoint(direct.address, direct.port, socket),
        upstream_routes.server_name(ctx, route),
    )
    stream = await upstream_routes.open_stream(
        ctx, endpoint, direct.address, route.upstream.secure, name
    )
    if isinstance(stream, Failure):
        return
    authority_and_path = direct.url.partition("://")[2]
    host, _, path = authority_and_path.partition("/")
    lines = (f"GET /{path} HTTP/1.0", f"Host: {host}", *UPGRADE_FIELDS, "", "")
    reply, failure = await send_and_receive(
        stream,
        "\r\n".join(lines).encode("ascii", "replace"),
        lambda data: b"\r\n" in data,
        PATIENCE,
    )
    status = upstream_routes.parse_status(reply)
    ctx.emit(
        Upgrade(
            vantage=Vantage.SERVER,
            at=at,
            took=ctx.elapsed() - at,
            equivalent=_equivalent(direct.url, direct.address, direct.port, "1.0"),
            failure=None if status else failure,
            url=direct.url,
            path=direct.path,
            address=direct.address,
            port=direct.port,
            variant="http-1.0",
            through="application",
            status=status,
            accepted=status == 101,
            fault="" if status == 101 else "status",
        )
    )


def _peer(endpoint: Endpoint, address: str) -> tuple[str, int]:
    return (f"unix:{endpoint.socket}", 0) if endpoint.socket else (address, endpoint.port)


def _equivalent(url: str, address: str, port: int, version: str) -> str:
    """Return the equivalent curl command; on success it times out, as the WebSocket stays open."""
    scheme, _, authority_and_path = url.partition("://")
    host, _, path = authority_and_path.partition("/")
    argv = ["curl", "-sSik", "-m", "5", f"--http{version}"]
    if address.startswith("unix:"):
        argv += ["--unix-socket", address.removeprefix("unix:")]
        url_host, port = "localhost", 80
    else:
        url_host = bracketed(address)
    for field in (f"Host: {host}", *UPGRADE_FIELDS):
        argv += ["-H", field]
    return shlex.join(
        [*argv, f"{'https' if scheme == 'wss' else 'http'}://{url_host}:{port}/{path}"]
    )
