"""Probe that asks an application for the target's path where nginx answers it without asking:
another location or a `rewrite` comes first. One GET, after the site has answered with an error or
with a page.
"""

from dataclasses import replace

from diagnose.model import Vantage
from diagnose.model.http import Exchange
from diagnose.model.nginx import NginxConfig
from diagnose.model.requests import BypassedApplication
from diagnose.parsers.nginx import server_blocks, upstreams
from diagnose.parsers.nginx.bypasses import Bypass, bypass_of
from diagnose.parsers.nginx.proxied_request import proxied_request
from diagnose.parsers.nginx.server_blocks import Socket
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside.upstream_comparisons import (
    send_request,
    visitor_fields,
)
from diagnose.probes.inside.upstream_requests import (
    ask_after_config,
    ask_after_page,
    http_version,
)
from diagnose.probes.inside.upstream_routes import UpstreamRoute


@probe(after=Exchange)
async def path_taken(ctx: ProbeContext, exchange: Exchange) -> None:
    await ask_after_page(ctx, exchange, _is_question, _ask)


@probe(after=NginxConfig)
async def path_taken_before(ctx: ProbeContext, config: NginxConfig) -> None:
    await ask_after_config(ctx, config, _is_question, _ask)


def _is_question(ctx: ProbeContext, exchange: Exchange) -> bool:
    is_target = exchange.purpose == "target" and exchange.port == ctx.target.port
    status = exchange.status or 0
    is_page = status == 200 and "html" in (exchange.header("Content-Type") or "")
    return is_target and exchange.method == "GET" and (400 <= status < 500 or is_page)


async def _ask(ctx: ProbeContext, config: NginxConfig, exchange: Exchange) -> None:
    in_scope = ctx.options.wants("upstream") or ctx.options.wants("nginx")
    bypasses = _bypass(ctx, config) if in_scope else None
    if bypasses is None or ctx.observed(BypassedApplication):
        return
    socket, bypass = bypasses
    path = ctx.target.path
    upstream = upstreams.proxy_target_of(
        bypass.match, upstreams.route_variables(ctx.target, bypass.match, path)
    )
    if upstream is None or not upstream.speaks_http:
        return
    route = UpstreamRoute(path, socket, bypass.match, upstream)
    fields = visitor_fields(ctx, exchange)
    version = http_version(ctx, route)
    request = proxied_request(bypass.match, upstream, ctx.target, version, fields)
    if request and bypass.path:
        request = replace(request, path=bypass.path)
    at = ctx.elapsed()
    answer = await send_request(ctx, route, request) if request else None
    if answer is None:
        return
    ctx.emit(
        BypassedApplication(
            vantage=Vantage.SERVER,
            at=at,
            took=ctx.elapsed() - at,
            equivalent=answer.equivalent,
            failure=answer.fault,
            target=upstream.target,
            path=path,
            address=answer.peer[0],
            port=answer.peer[1],
            by=bypass.by,
            file=bypass.directive.file,
            line=bypass.directive.line,
            status=answer.head.status,
            is_html=answer.is_html,
        )
    )


def _bypass(ctx: ProbeContext, config: NginxConfig) -> tuple[Socket, Bypass] | None:
    """Return what takes the target's path away, on the first socket where something does."""
    target = ctx.target
    for socket, server in server_blocks.answering_servers(config.main, target.host, target.port):
        if bypass := bypass_of(server, ctx.target.path):
            return socket, bypass
    return None
