"""Probes that ask the application directly for a path at which other requests of visitors fail, by
nginx's access log, while the site's own page is answered: exactly as nginx asks it, and then with
one part of the request changed at a time, as `upstream_comparisons` does for the page.

So is a path that visitors asked for again and again and nobody got, whatever asked for it.

Requests are GET alone. A POST that found nothing (404) is asked for by GET: an application that has
something at a path says so with another status than 404. A path that nobody has made is the control
of another path: an application may have one page for all.

A file that the page loads and that is not there is compared in the same way, but only as browsers
encode its path, where nginx encodes it otherwise or begins it with two slashes; or without the
prefix of a location that passes both on as they are, and then the page without the prefix.
"""

from collections.abc import Collection, Iterator
from dataclasses import replace

from diagnose.model.http import Exchange
from diagnose.model.logs import FailedRequests, UnservedRequests
from diagnose.model.nginx import NginxConfig
from diagnose.model.pages import PageFileResponse
from diagnose.model.requests import LoggedComparison, RequestPart
from diagnose.parsers.nginx.locations import leading_text, location_pattern
from diagnose.parsers.nginx.proxied_request import (
    ProxiedRequest,
    RequestVariant,
    single_slash_variant,
    spelling_variant,
)
from diagnose.parsers.request_fields import is_own_origin
from diagnose.parsers.upstream_answers import is_accepted, is_questionable
from diagnose.parsers.urls import parse_url
from diagnose.parsers.usual_paths import is_usual_websocket
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside import upstream_routes
from diagnose.probes.inside.compared_requests import Asking, control
from diagnose.probes.inside.upstream_comparisons import (
    ORIGIN_METHODS,
    is_decisive,
    is_own_answer,
    nginx_request,
    page_variants,
    try_first_folder,
    unknown_variant,
)
from diagnose.probes.inside.upstream_routes import UpstreamRoute

#: Maximum number of paths, and of changed requests for each.
MAX_PATHS, MAX_VARIANTS = 2, 3

#: What is changed of a request that no page of the site has sent.
_PATHS: frozenset[RequestPart] = frozenset({"path", "context-path"})

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
    """Compare a request that a page sends, and that finds nothing or is refused, with the page's
    Origin, as browsers send it."""
    is_lost = failure.status in {403, 404} and failure.is_from_page and failure.server == "nginx"
    if is_lost and failure.method in ORIGIN_METHODS:
        page = next((page for page in ctx.observed(Exchange) if page.is_page_of(ctx.target)), None)
        if page is not None:
            url = ctx.target.origin + failure.path
            answer = replace(page, url=url, status=failure.status, body="", method=failure.method)
            await _compare(ctx, config, failure.path, answer)


@probe(after=UnservedRequests, needs=NginxConfig)
async def missed(ctx: ProbeContext, requests: UnservedRequests, config: NginxConfig) -> None:
    """Compare a path that visitors asked for again and again, if its application may have it below
    another folder: nothing but the path is changed. Where anybody got anything of the same
    location, its application gets the paths that it has."""
    page = next((page for page in ctx.observed(Exchange) if page.is_page_of(ctx.target)), None)
    route = upstream_routes.find_route(ctx, config, requests.path)
    if page is not None and requests.server == "nginx" and route and _is_lost(route, requests):
        url = ctx.target.origin + requests.path
        answer = replace(page, url=url, status=requests.status, body="")
        await _compare(ctx, config, requests.path, answer, _PATHS)


@probe(after=PageFileResponse, needs=NginxConfig)
async def file_of_the_page(
    ctx: ProbeContext, response: PageFileResponse, config: NginxConfig
) -> None:
    """Compare the first file of the page that is not there, or in whose place a page comes, if its
    location keeps its prefix."""
    page, file = parse_url(response.page), parse_url(response.url)
    is_other = response.status == 200 and response.is_html
    is_missing = (response.status == 404 or is_other) and not response.redirects
    if (
        page is None
        or file is None
        or not is_missing
        or not is_own_origin(ctx.target, response.url)
    ):
        return
    page_path, path = page.path.partition("?")[0], file.path.partition("?")[0]
    await _compare_spelling(ctx, config, path, response)
    page_route = upstream_routes.find_route(ctx, config, page_path)
    route = upstream_routes.find_route(ctx, config, path)
    if page_route is None or route is None or route.upstream.uri is not None:
        return
    if page_route.place.block is not route.place.block or not ctx.options.wants("upstream"):
        return
    if not ctx.further_requests.begin("comparison of a file of the page"):
        return
    await _compare_file(ctx, page_route, route, response)


async def _compare_spelling(
    ctx: ProbeContext, config: NginxConfig, path: str, response: PageFileResponse
) -> None:
    """Ask for the first file whose path nginx encodes otherwise than the page, or gives another
    slash."""
    route = upstream_routes.find_route(ctx, config, path)
    target = replace(ctx.target, path=path, websockets=())
    answer = _as_exchange(response)
    request = nginx_request(ctx, route, target, answer) if route else None
    variant = (
        spelling_variant(request, route.place, route.upstream, path)
        or single_slash_variant(request, path)
        if request and route
        else None
    )
    if route is None or request is None or variant is None or not ctx.options.wants("upstream"):
        return
    if not ctx.further_requests.begin("spelling of a file of the page"):
        return
    asking = Asking(ctx, route, ctx.elapsed() + MAX_SECONDS, kind=LoggedComparison)
    as_nginx = RequestVariant(request, "none", "none")
    first = await asking.ask(as_nginx)
    if first is None or not is_own_answer(route, first, answer):
        return
    changed = await asking.ask(variant)
    is_page = changed is not None and changed.is_html
    if changed is not None and not is_page and is_accepted(changed, first, target):
        await asking.ask(unknown_variant(variant))
        await control(asking, as_nginx, variant, 1)


def _as_exchange(response: PageFileResponse) -> Exchange:
    return Exchange(
        url=response.url, address=response.address, port=response.port, purpose="logged",
        status=response.status, headers=response.headers,
    )  # fmt: skip


async def _compare_file(
    ctx: ProbeContext, page_route: UpstreamRoute, route: UpstreamRoute, response: PageFileResponse
) -> None:
    answer = _as_exchange(response)
    file_request = await _without_prefix(ctx, route, answer)
    page_request = await _without_prefix(ctx, page_route, answer)
    if file_request is None or page_request is None:
        return
    until = ctx.elapsed() + MAX_SECONDS
    asking = Asking(ctx, route, until, kind=LoggedComparison)
    as_nginx, variant = file_request
    first = await asking.ask(as_nginx)
    if first is None or not is_own_answer(route, first, answer):
        return
    changed = await asking.ask(variant)
    if changed is None or changed.status != 200 or changed.is_html:
        return
    await asking.ask(unknown_variant(variant))
    of_page = Asking(ctx, page_route, until, kind=LoggedComparison)
    for request in page_request:
        await of_page.ask(request)
    await control(asking, as_nginx, variant, 1)


async def _without_prefix(
    ctx: ProbeContext, route: UpstreamRoute, exchange: Exchange
) -> tuple[RequestVariant, RequestVariant] | None:
    """Return nginx's request for the route's path, and the one without the location's prefix; None
    if there is none."""
    target = replace(ctx.target, path=route.path, websockets=())
    request = nginx_request(ctx, route, target, exchange)
    if request is None:
        return None
    variants = await page_variants(ctx, route, request, target, exchange)
    shorter = (
        variant
        for variant in variants
        if variant.part == "path" and route.path.endswith(variant.value)
    )
    variant = next(shorter, None)
    return (RequestVariant(request, "none", "none"), variant) if variant else None


async def _compare(
    ctx: ProbeContext,
    config: NginxConfig,
    path: str,
    exchange: Exchange,
    parts: Collection[RequestPart] = (),
) -> None:
    """Ask for the path; `exchange` is what visitors get there. Of `parts` alone one is changed, if
    any are given, and nothing is asked where none can be."""
    route = upstream_routes.find_route(ctx, config, path)
    if route is None or is_usual_websocket(path) or not ctx.options.wants("upstream"):
        return
    slots = (f"logged comparison {number}" for number in range(MAX_PATHS))
    target = replace(ctx.target, path=path, websockets=())
    request = nginx_request(ctx, route, target, exchange)
    if request is None:
        return
    variants: list[RequestVariant] | None = None
    if parts:
        variants = await page_variants(ctx, route, request, target, exchange)
        variants = [variant for variant in variants if variant.part in parts]
        if not variants:
            return
    is_new = ctx.further_requests.begin(f"logged comparison of {path}")
    if not is_new or not any(ctx.further_requests.begin(slot) for slot in slots):
        return
    asking = Asking(ctx, route, ctx.elapsed() + MAX_SECONDS, kind=LoggedComparison)
    as_nginx = RequestVariant(request, "none", "none")
    first = await asking.ask(as_nginx)
    if first is None or not is_own_answer(route, first, exchange):
        return
    if variants is None:
        variants = await page_variants(ctx, route, request, target, exchange)
        named = _host_variants(ctx, request, exchange)
        variants = [*variants[:2], *named, *variants[2:]]
    for number, variant in enumerate(variants[:MAX_VARIANTS], start=1):
        if await is_decisive(asking, as_nginx, first, variant, number):
            return
    if exchange.status == 404:
        await try_first_folder(asking, as_nginx, first)


def _host_variants(
    ctx: ProbeContext, request: ProxiedRequest, exchange: Exchange
) -> Iterator[RequestVariant]:
    """Yield the request with the visitor's Host, where nginx sends another beside an Origin:
    applications compare the two, and refuse what seems to come from another site."""
    own, host = request.field("Host") or "", ctx.target.authority
    if exchange.method in ORIGIN_METHODS and own not in {ctx.target.host, host}:
        changed = request.with_field("Host", host)
        yield RequestVariant(changed, "field", "replaced", "Host", own, host)


def _is_lost(route: UpstreamRoute, requests: UnservedRequests) -> bool:
    """Return whether nobody got anything of the route's location, by the log."""
    pattern = location_pattern(route.place.block) if route.place.block.name == "location" else None
    prefix = leading_text(pattern, requests.path).rstrip("/") if pattern else ""
    return f"{prefix}/".startswith(f"{requests.folder.rstrip('/')}/")
