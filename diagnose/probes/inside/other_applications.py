"""Asks the other applications of a site on Apache or Caddy for what the site does not give: the
target's page, data or a file of its page, which its files or another application answered with 404
or with a page. One GET each, and one for a path that nobody has, as the control.

HAProxy's other backends and nginx's other locations have probes of their own, and so have
WebSockets.
"""

from collections.abc import Iterator

from diagnose.model.http import Exchange
from diagnose.model.pages import PageFileResponse
from diagnose.model.web_servers import SiteRoute, WebServerConfig
from diagnose.parsers.http import document_kind
from diagnose.parsers.unknown_paths import unknown_path
from diagnose.parsers.urls import parse_url
from diagnose.parsers.web_sites import answering_sites, inner_candidates, routes_of_name
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside.backend_visits import ask_backend
from diagnose.probes.inside.backends import is_holder

#: Maximum number of paths, and of applications that are asked for one.
MAX_PATHS, MAX_APPLICATIONS = 2, 2

_MISSING = {404, 410}


@probe(after=WebServerConfig)
async def other_applications_of_config(ctx: ProbeContext, config: WebServerConfig) -> None:
    for exchange in ctx.observed(Exchange):
        await _exchange(ctx, config, exchange)
    for response in ctx.observed(PageFileResponse):
        await _file(ctx, config, response)


@probe(after=Exchange)
async def other_applications_of_page(ctx: ProbeContext, exchange: Exchange) -> None:
    for config in ctx.observed(WebServerConfig):
        await _exchange(ctx, config, exchange)


@probe(after=PageFileResponse)
async def other_applications_of_file(ctx: ProbeContext, response: PageFileResponse) -> None:
    for config in ctx.observed(WebServerConfig):
        await _file(ctx, config, response)


async def _exchange(ctx: ProbeContext, config: WebServerConfig, exchange: Exchange) -> None:
    is_data = exchange.purpose == "data"
    if exchange.method != "GET" or not (is_data or exchange.is_page_of(ctx.target)):
        return
    is_page = exchange.status == 200 and document_kind(exchange.body) == "html"
    if exchange.status in _MISSING or (is_data and is_page):
        await _ask(ctx, config, exchange.url)


async def _file(ctx: ProbeContext, config: WebServerConfig, response: PageFileResponse) -> None:
    if not response.redirects and (response.is_html or response.status in _MISSING):
        await _ask(ctx, config, response.url)


async def _ask(ctx: ProbeContext, config: WebServerConfig, address: str) -> None:
    url = parse_url(address)
    if config.product not in {"apache", "caddy"} or not is_holder(ctx, config):
        return
    if url is None or (url.host, url.port) != (ctx.target.host, ctx.target.port):
        return
    path = url.path.partition("?")[0]
    others = list(_other_routes(ctx, config, path))[:MAX_APPLICATIONS]
    slots = (f"other applications {number}" for number in range(MAX_PATHS))
    if not others or path == "/" or not ctx.further_requests.begin(f"other applications {path}"):
        return
    if not any(ctx.further_requests.begin(slot) for slot in slots):
        return
    for route in others:
        for candidate in inner_candidates(route, path):
            visit = await ask_backend(ctx, route, path, candidate, websocket=False)
            if visit is not None and visit.status == 200:
                unknown = unknown_path(candidate)
                await ask_backend(ctx, route, unknown, unknown, websocket=False)
                return


def _other_routes(ctx: ProbeContext, config: WebServerConfig, path: str) -> Iterator[SiteRoute]:
    """Yield one route to each application of the site that does not get the path."""
    port, host = ctx.target.port, ctx.target.host
    asked = {route.authority for route in routes_of_name(config, port, host, path, False)}
    for site in answering_sites(config, port, host):
        for route in site.routes:
            if route.host and route.scheme in {"http", "https"} and route.authority not in asked:
                asked.add(route.authority)
                yield route
