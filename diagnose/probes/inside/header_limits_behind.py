"""Asks the application behind Apache, Caddy or HAProxy how large a request's header may be, with a
cookie that grows; where that takes the largest, the service that Caddy asks first whether a visitor
may pass (`forward_auth`), which gets the visitor's fields too; and then the web server itself.

After the same signs as behind nginx (`header_limits`). At most nineteen GET requests.
"""

from collections.abc import Sequence

from diagnose.model import Vantage
from diagnose.model.http import Exchange
from diagnose.model.requests import HeaderTrial
from diagnose.model.web_servers import SiteRoute, WebServerConfig
from diagnose.parsers.web_sites import answering_sites, inner_path, routes_of_name
from diagnose.probes import ProbeContext
from diagnose.probes.inside.backends import is_holder
from diagnose.probes.inside.header_limits import (
    SIZES,
    SIZES_OF_NGINX,
    Ask,
    ask_sizes,
    command_with_cookie,
    cookie_field,
    status_of_server,
)
from diagnose.probes.inside.unanswered import curl_or_unseen


async def try_headers(ctx: ProbeContext, config: WebServerConfig, exchange: Exchange) -> None:
    """Ask the application, and then the server in front, until the answer is another one."""
    path = ctx.target.path_without_query
    routes = routes_of_name(config, ctx.target.port, ctx.target.host, path, False)[:1]
    in_scope = ctx.options.wants("server") or ctx.options.wants("http")
    if not is_holder(ctx, config) or not in_scope or not exchange.address:
        return
    sites = answering_sites(config, ctx.target.port, ctx.target.host)[:1] if routes else ()
    guards = [guard for site in sites for guard in site.guards[:1]]
    is_begun = bool(routes) and ctx.further_requests.begin("the limit of headers")
    for route in (*routes, *guards):
        if not is_begun or not route.host or route.scheme != "http":
            return
        inner = inner_path(route, path)
        url = f"http://{route.authority}{inner}"

        async def ask(size: int, route: SiteRoute = route, url: str = url) -> int | None:
            host = ctx.target.authority if route.keeps_host else route.replacement_host
            fields = (f"Host: {host}", "X-Forwarded-Proto: https", *_cookies(size))
            response = await curl_or_unseen(ctx, url, fields, ("--noproxy", "*"), 3)
            return response.status if response else None

        # A limit of 8 kB for the question is usual, and its line may be younger than the message.
        sizes = SIZES_OF_NGINX if route in guards else SIZES
        trial = await _trial(ctx, ask, route, url, sizes=sizes)
        if trial is None or ctx.emit(trial).refused is not None:
            return

    async def ask_server(size: int) -> int | None:
        return await status_of_server(ctx, exchange, path, size)

    for route in routes:
        trial = await _trial(ctx, ask_server, route, exchange.url, config.product)
        if trial is not None:
            ctx.emit(trial)


def _cookies(size: int) -> tuple[str, ...]:
    return (f"Cookie: {cookie_field(size)}",) if size else ()


async def _trial(
    ctx: ProbeContext,
    ask: Ask,
    route: SiteRoute,
    url: str,
    server: str = "",
    sizes: Sequence[int] = SIZES,
) -> HeaderTrial | None:
    """Return what the answers to growing cookies say of a route's limit."""
    at = ctx.elapsed()
    asked = await ask_sizes(ctx, ask, sizes)
    if asked is None:
        return None
    return HeaderTrial(
        vantage=Vantage.SERVER,
        at=at,
        took=ctx.elapsed() - at,
        equivalent=command_with_cookie(asked.last, url),
        target=route.target,
        path=ctx.target.path_without_query,
        address=route.host,
        port=route.port,
        normal=asked.normal,
        served=asked.served,
        refused=asked.refused,
        status=asked.status,
        server=server,
    )
