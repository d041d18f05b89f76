"""Asks the application behind Apache, Caddy or HAProxy how large a request's header may be, with a
cookie that grows; and where the application takes the largest, the web server itself.

After the same signs as behind nginx (`header_limits`). At most fourteen GET requests.
"""

from diagnose.model import Vantage
from diagnose.model.http import Exchange
from diagnose.model.requests import HeaderTrial
from diagnose.model.web_servers import SiteRoute, WebServerConfig
from diagnose.parsers.web_sites import inner_path, routes_of_name
from diagnose.probes import ProbeContext
from diagnose.probes.inside.backends import is_holder
from diagnose.probes.inside.header_limits import (
    SIZES,
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
    for route in routes:
        is_asked = bool(route.host) and route.scheme == "http"
        if not is_asked or not ctx.further_requests.begin("the limit of headers"):
            return
        inner = inner_path(route, path)
        url = f"http://{route.authority}{inner}"

        async def ask(size: int, route: SiteRoute = route, url: str = url) -> int | None:
            host = ctx.target.authority if route.keeps_host else route.replacement_host
            fields = (f"Host: {host}", "X-Forwarded-Proto: https", *_cookies(size))
            response = await curl_or_unseen(ctx, url, fields, ("--noproxy", "*"), 3)
            return response.status if response else None

        trial = await _trial(ctx, ask, route, url)
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
    ctx: ProbeContext, ask: Ask, route: SiteRoute, url: str, server: str = ""
) -> HeaderTrial | None:
    """Return what the answers to growing cookies say of a route's limit."""
    at = ctx.elapsed()
    sizes = await ask_sizes(ctx, ask, SIZES)
    if sizes is None:
        return None
    return HeaderTrial(
        vantage=Vantage.SERVER,
        at=at,
        took=ctx.elapsed() - at,
        equivalent=command_with_cookie(sizes.last, url),
        target=route.target,
        path=ctx.target.path_without_query,
        address=route.host,
        port=route.port,
        normal=sizes.normal,
        served=sizes.served,
        refused=sizes.refused,
        status=sizes.status,
        server=server,
    )
