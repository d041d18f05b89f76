"""Probes WebSockets both at the application itself and through the site.

If a WebSocket works directly but not through the site, the proxy breaks it.
"""

from dataclasses import replace

from diagnose.model import Failure, Vantage
from diagnose.model.addresses import bracketed
from diagnose.model.frozen import frozen
from diagnose.model.http import Through, Upgrade, UpgradeVariant
from diagnose.model.nginx import NginxBuild, NginxConfig, NginxState
from diagnose.net import Stream
from diagnose.parsers.nginx import proxy_headers, server_blocks, upstreams
from diagnose.parsers.nginx.forwarding import speaks_http_1_1
from diagnose.parsers.nginx.locations import proxy_set_header_of
from diagnose.parsers.nginx.server_blocks import Socket
from diagnose.parsers.nginx.upstreams import Endpoint, bare_path
from diagnose.parsers.nginx.variables import expand_variables
from diagnose.parsers.request_fields import masked_subprotocol
from diagnose.parsers.urls import socketio_path
from diagnose.parsers.websocket_refusal import ORIGIN_VARIANTS, is_origin_refusal
from diagnose.probes import ProbeContext
from diagnose.probes.inside import upstream_routes
from diagnose.probes.inside.remote_curl import UPGRADE_FIELDS, curl, shown_command
from diagnose.probes.inside.upstream_routes import UpstreamRoute
from diagnose.probes.outside.websocket_handshakes import with_result

#: Seconds. An application on the same machine or network answers in milliseconds.
PATIENCE = 3.0

#: The address of this machine that reaches a socket of all addresses.
_LOOPBACK = {"*": "127.0.0.1", "::": "::1"}


@frozen
class UpgradeRequest:
    """A WebSocket handshake to send.

    `url` is a ws or wss URL whose authority becomes the Host field. `path` is the visitor's path.
    `peer` is the address ("unix:PATH" for a Unix socket) and port to connect to. `through` and
    `variant` are those of the observation. `origin` is the Origin to send, None for none, `fields`
    are those that nginx adds, and `offered` the subprotocols, () for those of the user.
    """

    url: str
    path: str
    peer: tuple[str, int]
    through: Through
    variant: UpgradeVariant = "normal"
    origin: str | None = None
    fields: tuple[tuple[str, str], ...] = ()
    offered: tuple[str, ...] = ()

    def started(self, at: float) -> Upgrade:
        """Return the observation of this handshake, without its outcome."""
        return Upgrade(
            vantage=Vantage.SERVER,
            at=at,
            url=self.url,
            path=self.path,
            address=self.peer[0],
            port=self.peer[1],
            variant=self.variant,
            through=self.through,
            origin=self.origin,
        )

    @property
    def field_lines(self) -> tuple[str, ...]:
        """The lines that nginx adds to the handshake's own."""
        return tuple(f"{name}: {value}" for name, value in self.fields)

    def curl_command(self, version: str) -> str:
        """Return the equivalent curl command.

        On success it times out, as the WebSocket stays open.
        """
        scheme, _, authority_and_path = self.url.partition("://")
        host, _, path = authority_and_path.partition("/")
        address, port = self.peer
        argv = ["curl", "-sSik", "-m", "5", f"--http{version}"]
        if address.startswith("unix:"):
            argv += ["--unix-socket", address.removeprefix("unix:")]
            url_host, port = "localhost", 80
        else:
            url_host = bracketed(address)
        origin_lines = (f"Origin: {self.origin}",) if self.origin else ()
        names = (f"Sec-WebSocket-Protocol: {', '.join(self.offered)}",) if self.offered else ()
        for field in (f"Host: {host}", *UPGRADE_FIELDS, *origin_lines, *names, *self.field_lines):
            argv += ["-H", field]
        return shown_command(
            [*argv, f"{'https' if scheme == 'wss' else 'http'}://{url_host}:{port}/{path}"]
        )


async def try_websocket(ctx: ProbeContext, route: UpstreamRoute) -> None:
    """Try the application directly, then variants.

    If it accepts the handshake and no other probe tries the site, try the site too. If nginx
    would use HTTP/1.0 to the application, try that as well.
    """
    direct = await upgrade_directly(ctx, route)
    if direct is None:
        return
    if _should_try_front(ctx, route, direct):
        await _upgrade_at_front(ctx, route)
    if _should_try_whole_path(ctx, route, direct):
        whole = await upgrade_directly(ctx, route, "whole-path")
        if whole is not None and _should_try_front_too(ctx, route, direct, whole):
            await _upgrade_at_front(ctx, route)
    if should_try_bare_path(route, direct):
        await upgrade_directly(ctx, route, "bare-path")
    if _should_try_http_1_0(ctx, route, direct):
        await upgrade_directly(ctx, route, "http-1.0")


async def try_websocket_by_curl(ctx: ProbeContext, route: UpstreamRoute) -> None:
    """Do the same with the server's curl."""
    endpoint, whole_path = route.upstream.endpoints[0], socketio_path(route.path)
    base_url, options = upstream_routes.curl_target(ctx, route, endpoint)
    base_url = f"ws{base_url.removeprefix('http')}"
    url = base_url + socketio_path(route.upstream_path)
    peer = upstream_routes.peer_of(endpoint)
    request = UpgradeRequest(url, route.path, peer, "application", fields=added_fields(ctx, route))
    host_line = f"Host: {upstream_routes.host_header(ctx, route)}"
    fields = (host_line, *UPGRADE_FIELDS, *request.field_lines)
    direct = await _upgrade_by_curl(ctx, request, fields, options)
    if direct is None or direct.failure:
        return
    if _should_try_front(ctx, route, direct):
        await _front_by_curl(ctx, route)
    if _should_try_whole_path(ctx, route, direct):
        whole = replace(request, url=base_url + whole_path, variant="whole-path")
        answer = await _upgrade_by_curl(ctx, whole, fields, options)
        if answer is not None and _should_try_front_too(ctx, route, direct, answer):
            await _front_by_curl(ctx, route)
    if should_try_bare_path(route, direct):
        bare = replace(request, url=base_url + bare_path(route.place, route.path))
        await _upgrade_by_curl(ctx, replace(bare, variant="bare-path"), fields, options)
    if _should_try_http_1_0(ctx, route, direct):
        await _upgrade_by_curl(ctx, replace(request, variant="http-1.0"), fields, options)


async def _front_by_curl(ctx: ProbeContext, route: UpstreamRoute) -> None:
    address, port = (front := _front_request(ctx, route)).peer
    # Whatever port the URL has: behind another server nginx listens on one of its own.
    connect_to = ("--connect-to", f"::{bracketed(address)}:{port}")
    await _upgrade_by_curl(ctx, front, UPGRADE_FIELDS, connect_to)


def refusals_to_judge(ctx: ProbeContext, upgrade: Upgrade) -> tuple[Upgrade, ...]:
    """Return the handshakes whose refusal this one gives a meaning: itself at a path that the user
    named. Elsewhere a login may be missing, unless the site accepts another Origin, or says that it
    refuses this one; then all that were tried there."""
    if upgrade.path in ctx.target.websockets:
        return (upgrade,)
    if ctx.target.websockets and upgrade.accepted:
        return ()
    here = [other for other in ctx.observed(Upgrade) if other.path == upgrade.path]
    is_origin = any(
        other.through == "front"
        and ((other.variant in ORIGIN_VARIANTS and other.accepted) or is_origin_refusal(other))
        for other in here
    )
    return tuple(here) if is_origin else ()


def _should_try_front(ctx: ProbeContext, route: UpstreamRoute, direct: Upgrade) -> bool:
    """Whether to try the site: if it matters, and no outside probe does."""
    is_requested = route.path in ctx.target.websockets
    if is_requested and ctx.options.outside:
        return False
    is_there = is_requested or (direct.accepted and not _is_stopped(ctx))
    return is_there and not _loopback_differs(ctx, route.socket)


def _is_stopped(ctx: ProbeContext) -> bool:
    """Whether no nginx runs: a path of its files is then none of the site's."""
    return any(not state.masters for state in ctx.observed(NginxState))


def _loopback_differs(ctx: ProbeContext, socket: Socket) -> bool:
    """Whether nginx has a socket of loopback's own on the port, with other server blocks than the
    visitors' (`listen 127.0.0.1:443` beside `listen 443`): what it answers is not theirs."""
    loopback = _LOOPBACK.get(socket.address)
    candidates = (
        server_blocks.sockets(server_blocks.servers(config.main), socket.port)
        for config in ctx.observed(NginxConfig)
    )
    return any(socket.address == loopback for sockets in candidates for socket in sockets)


def _should_try_whole_path(ctx: ProbeContext, route: UpstreamRoute, direct: Upgrade) -> bool:
    """Whether to try the visitor's path: if nginx requests another one, which is refused, or which
    the application does not know where nobody asked."""
    is_refused = direct.status is not None and not direct.accepted
    is_asked = route.path in ctx.target.websockets and is_refused and strips_path(route)
    return is_asked or should_try_whole_path(route, direct)


def _should_try_front_too(
    ctx: ProbeContext, route: UpstreamRoute, direct: Upgrade, whole: Upgrade
) -> bool:
    """Whether to try the site at a path that nobody asked for: if the application accepts it, or
    wants a login, as the visitor sends it, and not as nginx does."""
    is_asked = route.path in ctx.target.websockets
    is_there = whole.accepted or wants_login(direct, whole)
    is_other = is_asked or _is_stopped(ctx) or _loopback_differs(ctx, route.socket)
    return is_there and not is_other


def wants_login(direct: Upgrade, whole: Upgrade) -> bool:
    """Whether the application has a WebSocket at the visitor's path, for those who are logged in,
    and a page or nothing at nginx's."""
    return direct.status in {200, 404} and whole.status in {401, 403}


def should_try_bare_path(route: UpstreamRoute, direct: Upgrade) -> bool:
    """Whether to try the path without the location's prefix: if the application knows nothing of
    the one that nginx requests, which has the prefix. Some answer 200 with their page."""
    is_unknown = direct.status in {200, 400, 404} and not direct.accepted
    return is_unknown and not strips_path(route) and bool(bare_path(route.place, route.path))


def should_try_whole_path(route: UpstreamRoute, direct: Upgrade) -> bool:
    """Whether to try the visitor's path: if the application knows nothing of the one that nginx
    makes of it."""
    is_unknown = direct.status in {200, 400, 404} and not direct.accepted
    return is_unknown and strips_path(route)


def _should_try_http_1_0(ctx: ProbeContext, route: UpstreamRoute, direct: Upgrade) -> bool:
    return direct.accepted and not speaks_http_1_1(route.place, ctx.observed(NginxBuild))


def _front_request(ctx: ProbeContext, route: UpstreamRoute) -> UpgradeRequest:
    """Return the handshake with the site, over loopback if nginx listens on all addresses."""
    address = _LOOPBACK.get(route.socket.address, route.socket.address)
    scheme = "wss" if ctx.target.uses_tls else "ws"
    url = f"{scheme}://{ctx.target.authority}{socketio_path(route.path)}"
    peer = (address, route.socket.port)
    return UpgradeRequest(url, route.path, peer, "front", origin=ctx.target.origin)


async def _upgrade_by_curl(
    ctx: ProbeContext, request: UpgradeRequest, fields: tuple[str, ...], options: tuple[str, ...]
) -> Upgrade | None:
    at = ctx.elapsed()
    is_front, is_1_0 = request.through == "front", request.variant == "http-1.0"
    url = f"http{request.url.removeprefix('ws')}"
    response = await curl(ctx.machine, url, fields, "1.0" if is_1_0 else "1.1", options)
    if response is None or (response.failure and (is_front or not response.connected)):
        # Other probes report why a connection fails.
        return None
    upgrade = replace(
        request.started(at),
        took=response.took,
        equivalent=response.equivalent,
        failure=response.failure,
        status=response.status,
        accepted=response.accepted or (is_1_0 and response.status == 101),
        fault="" if response.accepted or response.failure else "status",
        body=response.body,
    )
    return upgrade if is_front and not _is_worth_emitting(ctx, upgrade) else ctx.emit(upgrade)


def strips_path(route: UpstreamRoute) -> bool:
    """Whether nginx requests another path from the application than the visitor did."""
    return route.upstream_path != route.path


def added_fields(ctx: ProbeContext, route: UpstreamRoute) -> tuple[tuple[str, str], ...]:
    """Return the fields that nginx adds to a handshake. The handshake's own are its own: they are
    negotiated with this client."""
    fields = proxy_headers.forwarded_fields(route.place, route.upstream, ctx.target)
    own = ("sec-websocket-", "origin")
    return tuple((name, value) for name, value in fields if not name.lower().startswith(own))


def sent_origin(ctx: ProbeContext, route: UpstreamRoute) -> str | None:
    """Return the Origin that nginx sends, None for none: in most cases the visitor's."""
    directive = proxy_set_header_of(route.place, "Origin")
    if directive is None or len(directive.args) < 2:
        return ctx.target.origin
    variables = {
        **upstreams.request_variables(ctx.target),
        "http_origin": ctx.target.origin,
        "proxy_host": route.upstream.authority,
    }
    return expand_variables(route.place, directive.args[1], variables) or None


def development_origin(route: UpstreamRoute) -> str:
    """Return the Origin of a page at the application's own address, which is the only one that an
    application accepts whose settings are still those of development; "" if it has none."""
    endpoint = route.upstream.endpoints[0]
    is_own = endpoint.host in {"127.0.0.1", "localhost", "::1"} and not endpoint.socket
    return f"http://localhost:{endpoint.port}" if is_own else ""


async def upgrade_directly(
    ctx: ProbeContext,
    route: UpstreamRoute,
    variant: UpgradeVariant = "normal",
    host: str = "",
    origin: str = "",
    fields: tuple[tuple[str, str], ...] = (),
    other_path: str = "",
    offered: tuple[str, ...] = (),
) -> Upgrade | None:
    """Try the application with nginx's path, Host, Origin and fields, or with these. The variant
    "no-origin" has no Origin, "whole-path" uses the visitor's path, "bare-path" the one without the
    location's prefix, "http-1.0" is in that version, and "idle" is held in silence."""
    idle = ctx.options.idle if variant == "idle" else None
    name = upstream_routes.server_name(ctx, route)
    paths = {"whole-path": route.path, "bare-path": bare_path(route.place, route.path)}
    path = socketio_path(other_path or paths.get(variant) or route.upstream_path)
    scheme = "wss" if route.upstream.secure else "ws"
    request = UpgradeRequest(
        f"{scheme}://{host or upstream_routes.host_header(ctx, route)}{path}",
        route.path,
        ("", 0),
        "application",
        variant,
        None if variant == "no-origin" else origin or sent_origin(ctx, route),
        fields or added_fields(ctx, route),
        offered,
    )
    for endpoint in route.upstream.endpoints:
        for address in (
            ("",)
            if endpoint.socket
            else await upstream_routes.resolve_addresses(ctx, endpoint.host)
        ):
            stream = await upstream_routes.open_stream(
                ctx, endpoint, address, route.upstream.secure, name
            )
            if not isinstance(stream, Failure):
                at_endpoint = replace(request, peer=upstream_routes.peer_of(endpoint, address))
                return ctx.emit(await _try_handshake(ctx, stream, at_endpoint, idle))
    return None


async def _upgrade_at_front(ctx: ProbeContext, route: UpstreamRoute) -> None:
    """Try the site from the server."""
    request = _front_request(ctx, route)
    address, port = request.peer
    stream = await upstream_routes.open_stream(
        ctx, Endpoint(address, port), address, ctx.target.uses_tls, ctx.target.host
    )
    if isinstance(stream, Failure):
        return
    upgrade = await _try_handshake(ctx, stream, request)
    if _is_worth_emitting(ctx, upgrade):
        ctx.emit(upgrade)


def _is_worth_emitting(ctx: ProbeContext, upgrade: Upgrade) -> bool:
    return upgrade.path in ctx.target.websockets or _is_conclusive(upgrade)


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
    ctx: ProbeContext, stream: Stream, request: UpgradeRequest, idle: float | None = None
) -> Upgrade:
    from diagnose.net.websocket import ClientHandshake, open_websocket

    at, version = ctx.elapsed(), "1.0" if request.variant == "http-1.0" else "1.1"
    subprotocols = request.offered or tuple(
        name for name in ctx.options.request.subprotocols if name == masked_subprotocol(name)
    )
    handshake = ClientHandshake(
        request.url,
        request.origin,
        subprotocols,
        dict(request.fields),
        version=version,
        is_proxied=True,
    )
    upgrade_result = await open_websocket(stream, handshake, PATIENCE, idle=idle)
    upgrade = with_result(request.started(at), upgrade_result, upgrade_result.answer)
    return replace(
        upgrade,
        equivalent=request.curl_command(version),
        offered=subprotocols,
        quiet_s=upgrade.held_s if idle is not None else None,
    )
