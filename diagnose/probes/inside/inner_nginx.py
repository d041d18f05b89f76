"""Looks into the nginx behind another server or program, after visitors got no page or no
WebSocket. The one in front has the target's port, and passes requests on to it.

Then the probes of nginx's applications and logs run for the server block that gets the requests.
"""

import asyncio

from diagnose.model import Vantage
from diagnose.model.addresses import is_local_host
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.nginx import InnerNginx, NginxConfig
from diagnose.model.processes import TunnelClient
from diagnose.model.server import Listeners
from diagnose.model.web_servers import SiteRoute, WebServerConfig
from diagnose.parsers.redirects import leads_to_itself, redirect_target
from diagnose.parsers.urls import parse_url
from diagnose.parsers.web_sites import routes_of_name
from diagnose.probes import Probe, ProbeContext, probe
from diagnose.probes.inside.backends import is_holder


@probe(after=WebServerConfig)
async def behind_a_server(ctx: ProbeContext, config: WebServerConfig) -> None:
    await _emit_inner_nginx(ctx)


@probe(after=NginxConfig)
async def behind_a_server_read_before(ctx: ProbeContext, config: NginxConfig) -> None:
    await _emit_inner_nginx(ctx)


@probe(after=Listeners)
async def with_the_listeners(ctx: ProbeContext, listeners: Listeners) -> None:
    await _emit_inner_nginx(ctx)


@probe(after=Exchange)
async def after_a_page(ctx: ProbeContext, exchange: Exchange) -> None:
    await _emit_inner_nginx(ctx)


@probe(after=Upgrade)
async def after_a_websocket(ctx: ProbeContext, upgrade: Upgrade) -> None:
    await _emit_inner_nginx(ctx)


@probe(after=TunnelClient)
async def behind_a_tunnel(ctx: ProbeContext, client: TunnelClient) -> None:
    await _emit_inner_nginx(ctx)


async def _emit_inner_nginx(ctx: ProbeContext) -> None:
    """Emit the nginx behind the server or the program that has the port, once."""
    if ctx.observed(InnerNginx) or not ctx.observed(NginxConfig) or not ctx.observed(Listeners):
        return
    for config in ctx.observed(WebServerConfig):
        paths = _failed_paths(ctx) if is_holder(ctx, config) else []
        for path in paths:
            for route in routes_of_name(config, ctx.target.port, ctx.target.host, path)[:1]:
                if _leads_to_nginx(ctx, route):
                    _emit(ctx, config, route)
                    return
    if _failed_paths(ctx):
        await _emit_behind_a_program(ctx)


def _failed_paths(ctx: ProbeContext) -> list[str]:
    """Return the paths that visitors did not get."""
    pages = (
        ctx.target.path.partition("?")[0]
        for exchange in ctx.observed(Exchange)
        if _has_failed(ctx, exchange)
    )
    sockets = (
        upgrade.path.partition("?")[0]
        for upgrade in ctx.observed(Upgrade)
        if upgrade.is_visit and not upgrade.accepted
    )
    return list(dict.fromkeys((*pages, *sockets)))


def _has_failed(ctx: ProbeContext, exchange: Exchange) -> bool:
    """Return whether a visitor got an error, or was sent to the same URL or another server."""
    if not exchange.is_page_of(ctx.target):
        return False
    if exchange.failure is not None or (exchange.status or 0) >= 400:
        return True
    target = redirect_target(exchange)
    own, next_url = parse_url(exchange.url), parse_url(target) if target else None
    is_elsewhere = (
        own is not None
        and next_url is not None
        and (own.host, own.port) != (next_url.host, next_url.port)
    )
    return is_elsewhere or leads_to_itself(exchange)


def _leads_to_nginx(ctx: ProbeContext, route: SiteRoute) -> bool:
    """Return whether a route leads to nginx on this machine, and keeps the path."""
    holders = {
        listener.process
        for listeners in ctx.observed(Listeners)
        for listener in listeners.on(route.port)
        if is_local_host(route.host) or route.host == listener.address
    }
    return "nginx" in holders and bool(route.port) and route.path == route.backend_path


def _emit(ctx: ProbeContext, config: WebServerConfig, route: SiteRoute) -> None:
    keeps = route.keeps_host or route.scheme == "tcp"
    ctx.emit(
        InnerNginx(
            vantage=Vantage.SERVER,
            at=ctx.elapsed(),
            took=0.0,
            equivalent="ss -ltnp; nginx -T",
            port=route.port,
            address=route.host,
            host=ctx.target.host if keeps else _name(route.sent_host or route.host),
            product=config.product,
            file=route.file,
            line=route.line,
            tls=route.scheme in {"https", "wss"},
        )
    )


def _name(host_field: str) -> str:
    """Return the name in a Host field: the port in it chooses no server block."""
    url = parse_url(f"http://{host_field}/")
    return url.host if url else host_field


async def _emit_behind_a_program(ctx: ProbeContext) -> None:
    # Imported late: few servers have such a program.
    from diagnose.probes.inside.nginx_behind_program import nginx_socket, shows_certificate

    config = ctx.observed(NginxConfig)[0]
    socket = nginx_socket(ctx, config)
    if socket is None or not await shows_certificate(ctx, config, socket):
        return
    if not ctx.observed(InnerNginx):  # another probe may have waited, too
        ctx.emit(
            InnerNginx(
                vantage=Vantage.SERVER,
                at=ctx.elapsed(),
                took=0.0,
                equivalent="ss -ltnp; nginx -T",
                port=socket.port,
                address=socket.address,
                host=ctx.target.host,
                product=socket.program,
                tls=socket.tls,
            )
        )


@probe(after=InnerNginx)
async def applications_behind(ctx: ProbeContext, inner: InnerNginx) -> None:
    """Do what is done for an nginx that has the port itself."""
    # Imported late: few servers have such an nginx.
    from diagnose.probes.inside import (
        logs,
        page_files,
        upstream_comparisons,
        upstream_connect,
        upstream_protocols,
        upstream_requests,
    )

    config = ctx.observed(NginxConfig)[0]
    await asyncio.gather(
        upstream_connect.applications.work(ctx, config),
        upstream_connect.names.work(ctx, config),
        logs.error_logs.work(ctx, config),
        _repeat(ctx, page_files.of_page, config),
    )
    await asyncio.gather(
        upstream_connect.behind_a_door_broken_before.work(ctx, config),
        _repeat(ctx, upstream_requests.page_refused, config),
        upstream_requests.websocket_refused_before.work(ctx, config),
        _repeat(ctx, upstream_protocols.http_after_all, config),
        _repeat(ctx, upstream_comparisons.page_questioned, config),
    )


async def _repeat(ctx: ProbeContext, repeated: Probe, config: NginxConfig) -> None:
    """Run a probe again for what it waits for: when the configuration became known, nobody knew
    that visitors reach this nginx."""
    for observation in ctx.observed(repeated.after) if repeated.after else ():
        await repeated.work(ctx, observation, config)
