"""Asks the applications of HAProxy's other backends for what the site does not give: the target's
page, a WebSocket, a file of the page. If one of them has it, a rule of the frontend sends the
request to the wrong backend.

An application may answer every path with its start page. So one that answers is asked for a path
that nobody has as well; and where the site answers with a page, perhaps such a start page, the
application of the site too.
"""

from diagnose.model.backends import BackendVisit
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.pages import PageFileResponse, WebSocketPath
from diagnose.model.web_servers import SiteRoute, WebServerConfig
from diagnose.parsers.haproxy.other_backends import other_backends, own_route
from diagnose.parsers.haproxy.view import parsed, target_proxies
from diagnose.parsers.unknown_paths import unknown_path
from diagnose.parsers.urls import parse_url
from diagnose.parsers.web_sites import inner_path
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside.backend_visits import ask_backend
from diagnose.probes.inside.backends import is_holder
from diagnose.probes.outside.websocket import try_named_path

#: Maximum number of paths for which the other backends are asked.
MAX_PATHS = 3

#: Statuses of an application that does not have what it is asked for.
MISSING = frozenset({400, 404, 405, 410, 426, 501})


@probe(after=WebServerConfig)
async def others_of_config(ctx: ProbeContext, config: WebServerConfig) -> None:
    for page in ctx.observed(Exchange):
        await _page(ctx, config, page)
    for upgrade in ctx.observed(Upgrade):
        await _websocket(ctx, config, upgrade)
    for response in ctx.observed(PageFileResponse):
        await _file(ctx, config, response)


@probe(after=Exchange)
async def others_of_page(ctx: ProbeContext, page: Exchange) -> None:
    for config in ctx.observed(WebServerConfig):
        await _page(ctx, config, page)


@probe(after=Upgrade)
async def others_of_websocket(ctx: ProbeContext, upgrade: Upgrade) -> None:
    for config in ctx.observed(WebServerConfig):
        await _websocket(ctx, config, upgrade)


@probe(after=PageFileResponse)
async def others_of_file(ctx: ProbeContext, response: PageFileResponse) -> None:
    for config in ctx.observed(WebServerConfig):
        await _file(ctx, config, response)


@probe(after=WebSocketPath)
async def others_of_named_websocket(ctx: ProbeContext, named: WebSocketPath) -> None:
    if named.library == "Socket.IO":
        # Its clients begin with an ordinary request (Engine.IO protocol 4, "Transports").
        path = f"{named.path.partition('?')[0]}?EIO=4&transport=polling"
        for config in ctx.observed(WebServerConfig):
            await _ask_others(ctx, config, path, websocket=False)


async def _page(ctx: ProbeContext, config: WebServerConfig, page: Exchange) -> None:
    if not page.is_page_of(ctx.target) or page.method != "GET":
        return
    is_html = "html" in (page.header("Content-Type") or "")
    is_start_page = page.status == 200 and is_html and ctx.target.path.strip("/") != ""
    if page.status in MISSING or is_start_page:
        await _ask_others(ctx, config, ctx.target.path, websocket=False, own=is_start_page)


async def _websocket(ctx: ProbeContext, config: WebServerConfig, upgrade: Upgrade) -> None:
    if not upgrade.is_visit or upgrade.accepted or upgrade.port != ctx.target.port:
        return
    if upgrade.status in MISSING or upgrade.status == 200:
        await _ask_others(ctx, config, upgrade.path, websocket=True)


async def _file(ctx: ProbeContext, config: WebServerConfig, response: PageFileResponse) -> None:
    url = parse_url(response.url)
    is_own = url is not None and (url.host, url.port) == (ctx.target.host, ctx.target.port)
    if url and is_own and not response.redirects and (response.is_html or response.status == 404):
        await _ask_others(ctx, config, url.path, websocket=False)


async def try_logged_at_others(ctx: ProbeContext, config: WebServerConfig, path: str) -> None:
    """Ask each other backend for a WebSocket that browsers may have been refused, by the log, and
    the site if one opens it."""
    is_wanted = ctx.options.wants("websocket") and ctx.options.outside
    if config.product != "haproxy" or ctx.target.websockets or not is_wanted:
        return
    if _is_open(ctx, path):
        return
    await _ask_others(ctx, config, path, websocket=True)
    if _is_open(ctx, path):
        await try_named_path(ctx, path)


def _is_open(ctx: ProbeContext, path: str) -> bool:
    visits = ctx.observed(BackendVisit)
    return any(visit.websocket and visit.accepted and visit.requested == path for visit in visits)


async def _ask_others(
    ctx: ProbeContext, config: WebServerConfig, path: str, websocket: bool, own: bool = False
) -> None:
    """Ask each other backend for a path. With `own` the site answered with a page, and its own
    application is asked first whether it has one for every path."""
    if config.product != "haproxy" or not is_holder(ctx, config):
        return
    proxies = target_proxies(parsed(config), ctx.target, path, websocket)
    others = other_backends(proxies, ctx.target) if proxies else ()
    question = f"HAProxy's other backends, {'WebSocket' if websocket else 'page'} {path}"
    slots = (f"HAProxy's other backends {number}" for number in range(MAX_PATHS))
    if not others or not ctx.further_requests.begin(question):
        return
    if not any(ctx.further_requests.begin(slot) for slot in slots):
        return
    if own:
        route = own_route(proxies, ctx.target) if proxies else None
        if route is None or not route.host or route.scheme != "http":
            return
        if not await _has_path(ctx, route, unknown_path(path), False):
            return
    for other in others:
        if not other.route.host or other.route.scheme not in {"http", "https"}:
            continue
        if await _has_path(ctx, other.route, path, websocket):
            await _has_path(ctx, other.route, unknown_path(path), websocket)


async def _has_path(ctx: ProbeContext, route: SiteRoute, path: str, websocket: bool) -> bool:
    visit = await ask_backend(ctx, route, path, inner_path(route, path), websocket)
    return visit is not None and visit.succeeded and (visit.status or 0) not in range(300, 400)
