"""Looks into the nginx behind another server, program or machine, after visitors got no page or no
WebSocket, after a message, or where a log has a request that failed. The one in front has the
target's port, and passes requests on to it. It may be nginx itself, one server block behind the
other: then the inner block, asked directly, answers with an error too.

Then the probes of nginx's applications and logs run for the server block that gets the requests.
"""

import asyncio

from diagnose.model import Vantage
from diagnose.model.addresses import is_local_host
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.logs import FailedRequests, LogLine
from diagnose.model.nginx import InnerNginx, NginxConfig, UpstreamTry
from diagnose.model.processes import TunnelClient
from diagnose.model.requests import Asked
from diagnose.model.server import Listeners
from diagnose.model.web_servers import SiteRoute, WebServerConfig
from diagnose.parsers.redirects import leads_to_itself, redirect_target
from diagnose.parsers.urls import parse_url
from diagnose.parsers.web_sites import routes_of_name
from diagnose.probes import Probe, ProbeContext, probe
from diagnose.probes.inside.backends import is_holder

#: The lowest status of an error that is not the visitor's.
_FAILED = 500


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


@probe(after=FailedRequests)
async def after_a_logged_request(ctx: ProbeContext, failure: FailedRequests) -> None:
    await _emit_inner_nginx(ctx)


@probe(after=LogLine)
async def after_a_logged_error(ctx: ProbeContext, line: LogLine) -> None:
    await _emit_inner_nginx(ctx)


@probe(after=UpstreamTry)
async def behind_itself(ctx: ProbeContext, attempt: UpstreamTry) -> None:
    if attempt.asked and _is_failure(attempt):
        _emit_inner_block(ctx, attempt.port)


@probe(after=Asked)
async def behind_itself_asked_again(ctx: ProbeContext, answer: Asked) -> None:
    if answer.variant == "passed" and (answer.status or 0) >= _FAILED:
        _emit_inner_block(ctx, answer.port)


def _is_failure(answer: Exchange | UpstreamTry) -> bool:
    """Return whether a server answers with its own error, or not in time."""
    is_late = answer.failure is not None and answer.failure.kind == "timeout"
    return (answer.status or 0) >= _FAILED or (not answer.status and is_late)


def _emit_inner_block(ctx: ProbeContext, port: int) -> None:
    """Emit the block of the same nginx at a port, which answers with an error as the visitors'
    block does, once."""
    config = next((config for config in ctx.observed(NginxConfig) if not config.failure), None)
    failed = [page for page in ctx.observed(Exchange) if page.is_page_of(ctx.target)]
    if config is None or ctx.observed(InnerNginx) or not failed:
        return
    if not all(map(_is_failure, failed)):
        return
    # Imported late: few servers have such a block.
    from diagnose.probes.inside.answering_blocks import failing_block

    block = failing_block(ctx, config, port)
    if block is not None:
        ctx.emit(
            InnerNginx(
                vantage=Vantage.SERVER,
                at=ctx.elapsed(),
                took=0.0,
                equivalent="nginx -T",
                port=block.socket.port,
                address="127.0.0.1" if block.socket.address == "*" else block.socket.address,
                host=block.target.host,
                product="nginx",
                file=block.outer.block.file,
                line=block.proxy_target.directive.line,
                tls=bool(block.socket.ssl),
            )
        )


async def _emit_inner_nginx(ctx: ProbeContext) -> None:
    """Emit the nginx behind the server or the program that has the port, once."""
    if ctx.observed(InnerNginx) or not ctx.observed(NginxConfig) or not ctx.observed(Listeners):
        return
    for config in ctx.observed(WebServerConfig):
        if not is_holder(ctx, config):
            continue
        own_path, questioned = ctx.target.path_without_query, _questioned_paths(ctx)
        for path in dict.fromkeys((*questioned, own_path)):
            for route in routes_of_name(config, ctx.target.port, ctx.target.host, path)[:1]:
                is_question = path in questioned or _takes_address(ctx, route)
                if _leads_to_nginx(ctx, route) and is_question:
                    _emit(ctx, config, route)
                    return
    if _failed_paths(ctx):
        await _emit_behind_a_program(ctx)
    if _questioned_paths(ctx):
        _emit_behind_a_machine(ctx)


def _questioned_paths(ctx: ProbeContext) -> list[str]:
    """Return the paths that visitors did not get, by this run, by a message or by a log."""
    paths = [ctx.target.path_without_query] if ctx.target.symptom else []
    failures = (failure.path for failure in ctx.observed(FailedRequests))
    lines = (line.path for line in ctx.observed(LogLine) if _is_of_target(ctx, line))
    return list(dict.fromkeys((*_failed_paths(ctx), *paths, *failures, *lines)))


def _is_of_target(ctx: ProbeContext, line: LogLine) -> bool:
    """Return whether a line of nginx's error log is about a request for the target's name."""
    return bool(line.path) and ctx.target.host in {line.host.partition(":")[0], line.server}


def _failed_paths(ctx: ProbeContext) -> list[str]:
    """Return the paths that visitors did not get."""
    pages = (
        ctx.target.path_without_query
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


def _takes_address(ctx: ProbeContext, route: SiteRoute) -> bool:
    """Return whether a block with other sites' names answers at the address at which the server in
    front asks, while another block has the target's name."""
    # Imported late: few servers have nginx behind another server.
    from diagnose.parsers.nginx.address_blocks import taken_address

    host = ctx.target.host if route.keeps_host else _name(route.sent_host or route.host)
    taken = taken_address(ctx.observed(NginxConfig)[0].main, route.host, route.port, host)
    return taken is not None and taken.is_of_other_sites


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


def _emit_behind_a_machine(ctx: ProbeContext) -> None:
    """Emit the nginx that another machine asks over http: visitors get their answer from an address
    that this server lacks, nothing here has the port, and one block of port 80 has the name."""
    # Imported late: few servers are behind another machine.
    from diagnose.probes.inside.answering_blocks import plain_blocks
    from diagnose.probes.inside.local_answers import (
        HTTP_PORT,
        entry_address,
        is_visited_elsewhere,
    )

    address = entry_address(ctx, HTTP_PORT)
    if ctx.observed(InnerNginx) or not address or not is_visited_elsewhere(ctx):
        return
    blocks = {id(server.block) for _, server in plain_blocks(ctx, ctx.observed(NginxConfig)[0])}
    if len(blocks) == 1:
        ctx.emit(
            InnerNginx(
                vantage=Vantage.SERVER,
                at=ctx.elapsed(),
                took=0.0,
                equivalent="ss -ltnp; nginx -T",
                port=HTTP_PORT,
                address=address,
                host=ctx.target.host,
                product="proxy",
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
