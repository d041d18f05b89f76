"""Probes that ask the application directly for a path at which other requests of visitors fail, by
nginx's access log, while the site's own page is answered: exactly as nginx asks it, and then with
one part of the request changed at a time, as `upstream_comparisons` does for the page.

Requests are GET alone. A POST that found nothing (404) is asked for by GET: an application that has
something at a path says so with another status than 404. A path that nobody has made is the control
of another path: an application may have one page for all.
"""

from dataclasses import replace

from diagnose.model.http import Exchange
from diagnose.model.logs import FailedRequests
from diagnose.model.nginx import NginxConfig
from diagnose.model.requests import LoggedComparison
from diagnose.parsers.nginx.proxied_request import RequestVariant
from diagnose.parsers.upstream_answers import is_accepted, is_questionable
from diagnose.parsers.urls import parse_url
from diagnose.parsers.usual_paths import is_usual_websocket
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside import upstream_routes
from diagnose.probes.inside.upstream_comparisons import (
    Asking,
    control,
    is_own_answer,
    nginx_request,
    page_variants,
    unknown_path,
)

#: Maximum number of paths, and of changed requests for each.
MAX_PATHS, MAX_VARIANTS = 2, 3

#: Seconds after which no further request for a path is begun.
MAX_SECONDS = 6.0


@probe(after=Exchange, needs=NginxConfig)
async def repeated(ctx: ProbeContext, exchange: Exchange, config: NginxConfig) -> None:
    """Compare a GET that was sent again and failed again."""
    is_logged = exchange.purpose == "logged" and exchange.method == "GET"
    if is_logged and is_questionable(exchange) and (url := parse_url(exchange.url)):
        await _compare(ctx, config, url.path, exchange)


@probe(after=FailedRequests, needs=NginxConfig)
async def sent(ctx: ProbeContext, failure: FailedRequests, config: NginxConfig) -> None:
    """Compare a request that a page sends, and that finds nothing."""
    is_lost = failure.status == 404 and failure.is_from_page and failure.server == "nginx"
    if is_lost and failure.method in {"POST", "PUT", "PATCH", "DELETE"}:
        page = next((page for page in ctx.observed(Exchange) if page.is_page_of(ctx.target)), None)
        if page is not None:
            url = ctx.target.origin + failure.path
            answer = replace(page, url=url, status=404, body="")
            await _compare(ctx, config, failure.path, answer)


async def _compare(ctx: ProbeContext, config: NginxConfig, path: str, exchange: Exchange) -> None:
    """Ask for the path; `exchange` is what visitors get there."""
    route = upstream_routes.find_route(ctx, config, path)
    if route is None or is_usual_websocket(path) or not ctx.options.wants("upstream"):
        return
    slots = (f"logged comparison {number}" for number in range(MAX_PATHS))
    is_new = ctx.further_requests.begin(f"logged comparison of {path}")
    if not is_new or not any(ctx.further_requests.begin(slot) for slot in slots):
        return
    target = replace(ctx.target, path=path, websockets=())
    request = nginx_request(ctx, route, target, exchange)
    if request is None:
        return
    asking = Asking(ctx, route, ctx.elapsed() + MAX_SECONDS, kind=LoggedComparison)
    as_nginx = RequestVariant(request, "none", "none")
    first = await asking.ask(as_nginx)
    if first is None or not is_own_answer(route, first, exchange):
        return
    variants = await page_variants(ctx, route, request, target, exchange)
    for number, variant in enumerate(variants[:MAX_VARIANTS], start=1):
        response = await asking.ask(variant)
        if response is not None and is_accepted(response, first, target):
            if variant.part == "path":
                await asking.ask(unknown_path(variant))
            await control(asking, as_nginx, variant, number)
            return
