"""Probe that asks the other programs of the server for a path which nginx passes on to a program
that does not know it, or to a port or Unix socket of this server at which nothing listens: a page,
data or a WebSocket. One of them may be the one that was meant. Where nginx itself looks for a file
at the path of the page and finds none, those are asked to which the same server block passes other
paths; at the path of a WebSocket, all of them.

Where visitors get the page of nginx's own package, those are asked that no line of nginx names.

Where Apache, Caddy or HAProxy has a port at which nothing listens, they are asked for the page, or
the WebSocket, too. So they are for the page where the client of a tunnel has such a port, and the
web servers with them.

A program is asked for the path, and if it has it, for a path that nobody has, as the control. A
program for WebSockets alone may open one at every path: then it is asked for a page as well.
Programs that do not speak HTTP are left alone: a database counts such requests as attacks.
"""

from collections.abc import Iterator

from diagnose.model.http import Exchange, Upgrade
from diagnose.model.nginx import NginxConfig, UpstreamTry
from diagnose.model.pages import PageFileResponse
from diagnose.model.processes import TunnelClient
from diagnose.model.server import WEB_SERVER_PROCESSES, Listener, Listeners
from diagnose.model.web_servers import SiteRoute, WebServerConfig
from diagnose.parsers.http import proxy_page
from diagnose.parsers.nginx.config import walk
from diagnose.parsers.nginx.locations import proxy_set_header_of
from diagnose.parsers.nginx.neighbours import local_groups
from diagnose.parsers.other_programs import (
    BAD_GATEWAY,
    UNKNOWN_PAGE,
    UNKNOWN_WEBSOCKET,
    has_path,
)
from diagnose.parsers.stray_pages import is_default_page
from diagnose.parsers.unknown_paths import unknown_path
from diagnose.parsers.urls import parse_url, socketio_path
from diagnose.parsers.usual_paths import is_for_operators
from diagnose.parsers.web_sites import routes_of_name
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside import upstream_routes
from diagnose.probes.inside.backend_visits import ask_backend
from diagnose.probes.inside.backends import is_holder
from diagnose.probes.inside.served_files import location_matches
from diagnose.probes.inside.upstream_routes import UpstreamRoute

#: Maximum number of paths, and of programs that are asked for each.
MAX_PATHS, MAX_PROGRAMS = 3, 4

_LOCAL = frozenset({"127.0.0.1", "::1", "0.0.0.0", "::", "*"})
#: Programs that serve other protocols, or sites of their own.
_OTHERS = (
    *WEB_SERVER_PROCESSES, "envoy",
    "sshd", "mysqld", "mariadbd", "postgres", "redis", "valkey", "memcached", "mongod", "beam.smp",
    "epmd", "php-fpm", "master", "exim", "dovecot", "named", "dnsmasq", "systemd", "cupsd", "smbd",
    "rpcbind", "slapd", "vsftpd", "ftpd", "containerd", "dockerd", "kube", "etcd",
)  # fmt: skip
#: Statuses of Caddy, and of Apache and HAProxy, whose program cannot be reached.
_NOT_REACHED = frozenset({BAD_GATEWAY, 503})
#: Ports of databases and queues, of which a container shows only its engine's proxy.
_OTHER_PORTS = frozenset({1433, 1521, 2049, 3306, 5432, 5672, 6379, 9042, 11211, 27017, 33060})


@probe(after=Upgrade)
async def refused(ctx: ProbeContext, upgrade: Upgrade) -> None:
    await _ask_all(ctx)


@probe(after=Exchange)
async def missing(ctx: ProbeContext, exchange: Exchange) -> None:
    if exchange.status in {*UNKNOWN_PAGE, BAD_GATEWAY} or _is_default_page(ctx, exchange):
        await _ask_all(ctx)


@probe(after=UpstreamTry)
async def port_refused(ctx: ProbeContext, attempt: UpstreamTry) -> None:
    if _is_unserved(attempt):
        await _ask_all(ctx)


@probe(after=Exchange, needs=WebServerConfig)
async def failed_behind_a_server(
    ctx: ProbeContext, exchange: Exchange, config: WebServerConfig
) -> None:
    """Ask for the page where the server passes it on to a port at which nothing listens; for the
    one to which the page redirects, too."""
    url = parse_url(exchange.url)
    is_own = url is not None and (url.host, url.port) == (ctx.target.host, ctx.target.port)
    is_page = exchange.is_page_of(ctx.target) or (exchange.purpose == "redirect" and is_own)
    if url is None or not is_page or exchange.method != "GET":
        return
    if exchange.status in _NOT_REACHED:
        await _ask_beside(ctx, config, url.path.partition("?")[0], is_websocket=False)


@probe(after=Upgrade, needs=WebServerConfig)
async def websocket_failed_behind_a_server(
    ctx: ProbeContext, upgrade: Upgrade, config: WebServerConfig
) -> None:
    """The same for a WebSocket."""
    is_own = upgrade.is_visit and upgrade.port == ctx.target.port
    if is_own and upgrade.status in _NOT_REACHED:
        await _ask_beside(ctx, config, upgrade.path, is_websocket=True)


@probe(after=TunnelClient, needs=Listeners)
async def tunnel_leads_nowhere(
    ctx: ProbeContext, client: TunnelClient, listeners: Listeners
) -> None:
    """Ask for the page where the client of a tunnel has a port at which nothing listens."""
    sockets, path = listeners.sockets, ctx.target.path_without_query
    is_down = client.host in {"localhost", *_LOCAL} and not listeners.on(client.port)
    if not is_down or not ctx.further_requests.begin("programs beside a tunnel's port"):
        return
    servers = {
        socket.port
        for socket in sockets
        if socket.address in _LOCAL and socket.process in WEB_SERVER_PROCESSES
    }
    others = _programs(sockets, {each.port for each in ctx.observed(TunnelClient)}, set())
    for port in (*sorted(servers)[:MAX_PROGRAMS], *others):
        await _ask(ctx, port, path, (path,), is_websocket=False)


async def _ask_beside(
    ctx: ProbeContext, config: WebServerConfig, requested: str, is_websocket: bool
) -> None:
    listeners, path = ctx.observed(Listeners), requested.partition("?")[0]
    if not listeners or not is_holder(ctx, config):
        return
    routes = routes_of_name(config, ctx.target.port, ctx.target.host, path, is_websocket)
    for route in routes[:1]:
        sockets = listeners[0].sockets
        is_unserved = route.port and not any(socket.port == route.port for socket in sockets)
        slot = f"programs beside {route.authority}, {is_websocket}"
        is_new = is_unserved and ctx.further_requests.begin(slot)
        is_local = route.host in {"localhost", *_LOCAL}
        if not is_new or route.scheme not in {"http", "ws"} or not is_local:
            continue
        named = {each.port for site in config.sites for each in site.routes}
        for port in _programs(sockets, {route.port}, named):
            await _ask(ctx, port, requested, (path,), is_websocket)


@probe(after=PageFileResponse)
async def missing_file(ctx: ProbeContext, response: PageFileResponse) -> None:
    if response.status in UNKNOWN_PAGE:
        await _ask_all(ctx)


@probe(after=NginxConfig)
async def config_read(ctx: ProbeContext, config: NginxConfig) -> None:
    await _ask_all(ctx)


@probe(after=Listeners)
async def listeners_read(ctx: ProbeContext, listeners: Listeners) -> None:
    await _ask_all(ctx)


def _is_default_page(ctx: ProbeContext, exchange: Exchange) -> bool:
    """Return whether the page is that of nginx's own package."""
    is_page = exchange.is_page_of(ctx.target) and exchange.method == "GET"
    return is_page and is_default_page(exchange.status, exchange.body)


def _is_unserved(attempt: UpstreamTry) -> bool:
    """Return whether nothing listens at an application's port, or at its Unix socket."""
    kind = attempt.failure.kind if attempt.failure else ""
    return kind == "refused" or (kind == "missing" and bool(attempt.socket))


async def _ask_all(ctx: ProbeContext) -> None:
    """Ask once for each path, as soon as the configuration and the listeners are known."""
    config, listeners = ctx.observed(NginxConfig)[:1], ctx.observed(Listeners)
    if not config or not listeners or not ctx.options.wants("upstream"):
        return
    wanted = (*_websockets(ctx), *_upgrading_locations(ctx, config[0]), *_pages(ctx))
    for path, is_websocket in dict.fromkeys(wanted):
        if not ctx.further_requests.begin(f"other listeners, {is_websocket}, {path}"):
            continue
        route = upstream_routes.find_route(ctx, config[0], path)
        if route is None:
            is_default = any(_is_default_page(ctx, exchange) for exchange in ctx.observed(Exchange))
            ask = _ask_for_websocket if is_websocket else _ask_passed
            ask = _ask_unnamed if is_default and not is_websocket else ask
            await ask(ctx, config[0], listeners[0].sockets, path)
            continue
        slots = (f"other listeners {number}" for number in range(MAX_PATHS))
        if route and any(ctx.further_requests.begin(slot) for slot in slots):
            # As nginx passes it on, and whole.
            passed = route.upstream_path
            passed = passed if is_websocket else passed.partition("?")[0]
            for port in _other_ports(config[0], listeners[0].sockets, route):
                requested, paths = path.partition("?")[0], tuple(dict.fromkeys((passed, path)))
                await _ask(ctx, port, requested, paths, is_websocket)


async def _ask_passed(
    ctx: ProbeContext, config: NginxConfig, sockets: tuple[Listener, ...], path: str
) -> None:
    """Ask the programs to which the same server block passes other paths."""
    blocks = [match.blocks[1] for match in location_matches(ctx, config, path)]
    groups = local_groups(config.main)
    written = {
        groups.get(url.host, url.port)
        for block in blocks
        for directive in (walk(block.block or ()) if len(blocks) == 1 else ())
        if directive.name == "proxy_pass" and directive.args
        if (url := parse_url(directive.args[0])) and url.host in {"localhost", *_LOCAL, *groups}
        if not url.secure
    }
    ports = {socket.port for socket in sockets if socket.address in _LOCAL} & written
    for port in sorted(ports - _OTHER_PORTS)[:MAX_PROGRAMS]:
        await _ask(ctx, port, path, (path,), is_websocket=False)


async def _ask_unnamed(
    ctx: ProbeContext, config: NginxConfig, sockets: tuple[Listener, ...], path: str
) -> None:
    """Ask the programs that no line of nginx names for the page: a block of the site has none."""
    named = _named_ports(config, sockets)
    for port in _programs(sockets, named, named):
        await _ask(ctx, port, path, (path,), is_websocket=False)


async def _ask_for_websocket(
    ctx: ProbeContext, config: NginxConfig, sockets: tuple[Listener, ...], path: str
) -> None:
    """Ask every program for a WebSocket that nginx looks for among its files."""
    for port in _programs(sockets, set(), _named_ports(config, sockets)):
        await _ask(ctx, port, path.partition("?")[0], (path,), is_websocket=True)


def _websockets(ctx: ProbeContext) -> Iterator[tuple[str, bool]]:
    upgrades = [item for item in ctx.observed(Upgrade) if item.port == ctx.target.port]
    is_refused = any(map(_is_unserved, ctx.observed(UpstreamTry)))
    statuses = UNKNOWN_WEBSOCKET | ({BAD_GATEWAY} if is_refused else set())
    for upgrade in upgrades:
        if upgrade.is_visit and not upgrade.accepted and upgrade.status in statuses:
            yield upgrade.path, True


def _upgrading_locations(ctx: ProbeContext, config: NginxConfig) -> Iterator[tuple[str, bool]]:
    """Yield the paths of locations that are made for WebSockets, and at whose port nothing listens:
    nobody had to name them."""
    refused = {
        (attempt.host, attempt.port)
        for attempt in ctx.observed(UpstreamTry)
        if not attempt.socket and _is_unserved(attempt)
    }
    for route in upstream_routes.find_routes(ctx, config) if refused else ():
        servers = {(endpoint.host, endpoint.port) for endpoint in route.upstream.endpoints}
        is_made_for_it = proxy_set_header_of(route.place, "Upgrade") is not None
        if is_made_for_it and route.path.strip("/") and servers <= refused:
            yield socketio_path(route.path), True


def _pages(ctx: ProbeContext) -> Iterator[tuple[str, bool]]:
    """Yield the paths of the target's page, of requests of the log and of files of the page that
    are not there. Every program has something at "/": it is asked for where nothing listens at
    the address that nginx has, and tells which programs have pages at all. Many have "/metrics",
    which is not for visitors."""
    is_refused = any(map(_is_unserved, ctx.observed(UpstreamTry)))
    own_page = (
        exchange.url
        for exchange in ctx.observed(Exchange)
        if exchange.purpose == "logged" or exchange.is_page_of(ctx.target)
        if exchange.method == "GET"
        if (
            exchange.status in UNKNOWN_PAGE
            # nginx's own page is of interest for the page that was asked for alone.
            and (exchange.is_page_of(ctx.target) or not proxy_page(exchange.body))
        )
        or (exchange.status == BAD_GATEWAY and is_refused)
    )
    files = (
        response.url
        for response in ctx.observed(PageFileResponse)
        if response.status in UNKNOWN_PAGE and not response.redirects
    )
    if any(_is_default_page(ctx, exchange) for exchange in ctx.observed(Exchange)):
        yield ctx.target.path_without_query, False
    for url in map(parse_url, (*own_page, *files)):
        if url is not None and (url.host, url.port) == (ctx.target.host, ctx.target.port):
            path = url.path.partition("?")[0]
            if (path.strip("/") or is_refused) and not is_for_operators(path):
                yield path, False


def _other_ports(
    config: NginxConfig, sockets: tuple[Listener, ...], route: UpstreamRoute
) -> list[int]:
    """Return the ports of other programs, those first that nginx passes other requests on to; none
    if the program that was asked is on another machine."""
    endpoints = route.upstream.endpoints
    if not any(
        endpoint.socket or endpoint.host in {"localhost", *_LOCAL} for endpoint in endpoints
    ):
        return []
    own = {endpoint.port for endpoint in endpoints}
    return _programs(sockets, own, _named_ports(config, sockets))


def _named_ports(config: NginxConfig, sockets: tuple[Listener, ...]) -> set[int]:
    """Return the ports that the configuration names."""
    written = " ".join(
        directive.args[0]
        for directive in walk(config.main)
        if directive.name in {"proxy_pass", "server"} and directive.args
    )
    return {socket.port for socket in sockets if f"{written} ".count(f":{socket.port}")}


def _programs(sockets: tuple[Listener, ...], own: set[int], named: set[int]) -> list[int]:
    """Return the ports of this server at which a program may speak HTTP, those first that the
    configuration names."""
    ports = {
        socket.port: socket.port not in named
        for socket in sockets
        if socket.address in _LOCAL and socket.port >= 1024 and socket.port not in own
        if socket.port not in _OTHER_PORTS and not (socket.process or "").startswith(_OTHERS)
    }
    return sorted(ports, key=lambda port: (ports[port], port))[:MAX_PROGRAMS]


async def _ask(
    ctx: ProbeContext, port: int, requested: str, paths: tuple[str, ...], is_websocket: bool
) -> None:
    target = f"http://127.0.0.1:{port}"
    site_route = SiteRoute(path="/", target=target, host="127.0.0.1", port=port)
    for path in paths:
        visit = await ask_backend(ctx, site_route, requested, path, is_websocket)
        if visit is None or not has_path(visit):
            continue
        unknown = unknown_path(path)
        control = await ask_backend(ctx, site_route, requested, unknown, is_websocket)
        if is_websocket and control is not None and control.accepted:
            await ask_backend(ctx, site_route, requested, path, websocket=False)
        return
