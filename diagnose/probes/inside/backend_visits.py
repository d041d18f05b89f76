"""Asks the application behind Apache, Caddy or HAProxy directly, after the server before it has
refused a WebSocket or failed to give the page: whose answer was it?

Each application is asked for the path that the server passes on. If that is another path than the
visitor's, and the application refuses it, it is asked for the visitor's as well, and behind Apache
for the one with a slash between the address and the rest. If the server
passes the beginning of the path on by which it chose the application, and the application has no
such page, it is asked for the rest; so it is for a file of the page that browsers do not get. What
the page of a sub-folder asks for beside that folder is asked of the page's own application.

A path that visitors asked for again and again and nobody got, by the access log, is asked for too.

A WebSocket that the page opens, and that the user did not name, is asked of its application at
once; so is one that browsers may have been refused, by the access log, and then the site's other
applications too. If it opens there, the site is asked for it as a browser asks. A refusal says
nothing: the path may be a beginning, and most applications want a session.
"""

from collections.abc import Collection, Iterator

from diagnose.model import Vantage
from diagnose.model.backends import BackendVisit
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.logs import UnservedRequests
from diagnose.model.pages import PageFileResponse, WebSocketPath
from diagnose.model.web_servers import SiteRoute, WebServerConfig
from diagnose.parsers.redirects import REDIRECTS, leads_to_itself
from diagnose.parsers.sent_fields import sent_fields
from diagnose.parsers.unknown_paths import unknown_path
from diagnose.parsers.urls import parse_url, socketio_path
from diagnose.parsers.web_sites import (
    answering_sites,
    inner_path,
    is_within,
    rest_of,
    routes_of_name,
    sibling_of,
    slashed_path,
    takes,
)
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside.backends import ask_after_first, is_holder
from diagnose.probes.inside.remote_curl import UPGRADE_FIELDS
from diagnose.probes.inside.unanswered import curl_or_unseen
from diagnose.probes.outside.websocket import try_named_path

#: Seconds for one request; and for a page for which the server in front waited in vain, though less
#: than that: the application may only need longer.
PATIENCE, LONG_PATIENCE = 3, 8
#: Seconds that the run needs after a request.
_RESERVE = 2.0
#: Maximum number of paths beside a sub-folder that are asked for, and of files without the
#: beginning by which their application is chosen.
MAX_STRAYS, MAX_REST = 2, 1
#: Maximum number of paths of the access log that are asked for.
MAX_MISSED = 2
#: Maximum number of WebSockets of the page, and of the access log, that are tried.
MAX_NAMED = 2
#: Maximum number of other applications of the site that are asked for a WebSocket of the log.
MAX_ELSEWHERE = 2
#: Statuses that ask for credentials: the application would ask for them too.
_LOGIN = {401, 407}

#: The schemes of applications that are asked directly, and those with TLS, which are asked only for
#: a WebSocket of the page.
_PLAIN, _SECURE = {"http", "ws"}, {"https", "wss"}


@probe(after=WebServerConfig)
async def visits_of_config(ctx: ProbeContext, config: WebServerConfig) -> None:
    await _visit_page(ctx, config)
    for upgrade in ctx.observed(Upgrade):
        await _visit_websocket(ctx, config, upgrade)


@probe(after=Exchange)
async def visits_of_page(ctx: ProbeContext, exchange: Exchange) -> None:
    await ask_after_first(ctx, exchange, _has_failed, _visit_page)


@probe(after=WebServerConfig)
async def strays_of_config(ctx: ProbeContext, config: WebServerConfig) -> None:
    await _visit_strays(ctx, config)
    await _visit_rests(ctx, config)


@probe(after=Exchange)
async def stray_redirect(ctx: ProbeContext, exchange: Exchange) -> None:
    if exchange.redirected_from and exchange.status == 404:
        for config in ctx.observed(WebServerConfig):
            await _visit_strays(ctx, config)


@probe(after=PageFileResponse)
async def stray_file(ctx: ProbeContext, response: PageFileResponse) -> None:
    if _is_refused(response):
        for config in ctx.observed(WebServerConfig):
            await _visit_strays(ctx, config)
            await _visit_rests(ctx, config)


def _is_refused(response: PageFileResponse) -> bool:
    return response.is_html or (response.status or 0) >= 400


@probe(after=UnservedRequests, needs=WebServerConfig)
async def missed_path(
    ctx: ProbeContext, requests: UnservedRequests, config: WebServerConfig
) -> None:
    """Ask the application for a path that visitors asked for again and again and nobody got, as the
    server passes it on and as it does not; and for one that nobody has made, as a control. Where
    anybody got anything of the same route, its application gets the paths that it has."""
    path, is_here = requests.path, requests.server == config.product and is_holder(ctx, config)
    for route in routes_of_name(config, ctx.target.port, ctx.target.host, path)[:1]:
        is_lost = f"{route.path.rstrip('/')}/".startswith(f"{requests.folder.rstrip('/')}/")
        inner, rest = inner_path(route, path), rest_of(route, path)
        other = path if inner != path else rest
        if not is_here or not is_lost or not route.host or route.scheme != "http" or not other:
            continue
        slots = (f"missed path {number}" for number in range(MAX_MISSED))
        if not any(ctx.further_requests.begin(slot) for slot in slots):
            return
        visit = await ask_backend(ctx, route, path, inner, websocket=False)
        if visit is not None and visit.status == requests.status:
            await ask_backend(ctx, route, path, other, websocket=False)
            await ask_backend(ctx, route, path, unknown_path(other), websocket=False)


async def _visit_strays(ctx: ProbeContext, config: WebServerConfig) -> None:
    """Ask the application of a sub-folder for what its page wants beside that folder."""
    own = ctx.target.path_without_query
    if not is_holder(ctx, config):
        return
    for route in routes_of_name(config, ctx.target.port, ctx.target.host, own, False)[:1]:
        visited = {visit.requested for visit in ctx.observed(BackendVisit)}
        if not route.host or route.scheme != "http" or not route.path.strip("/"):
            continue
        strays = (path for path in _strays(ctx) if not takes(route.path, path))
        for path in [path for path in dict.fromkeys(strays) if path not in visited][:MAX_STRAYS]:
            await ask_backend(ctx, route, path, path, websocket=False)


async def _visit_rests(ctx: ProbeContext, config: WebServerConfig) -> None:
    """Ask the applications that get files of the page under a whole path for the rest of it."""
    for path in dict.fromkeys(_strays(ctx)):
        for route in _routes(ctx, config, path, websocket=False)[:1]:
            is_apache = config.product == "apache"
            remainder = (slashed_path(route, path) if is_apache else "") or (
                rest_of(route, path) if inner_path(route, path) == path else ""
            )
            if not remainder:
                continue
            slots = (f"rest of a file {number}" for number in range(MAX_REST))
            if any(ctx.further_requests.begin(slot) for slot in slots):
                await ask_backend(ctx, route, path, remainder, websocket=False)


def _strays(ctx: ProbeContext) -> Iterator[str]:
    """Yield the paths of the page's files that browsers do not get, and of its dead redirect."""
    pages = {page.url for page in ctx.observed(Exchange) if page.purpose == "target"}
    urls = [response.url for response in ctx.observed(PageFileResponse) if _is_refused(response)]
    urls += [
        exchange.url
        for exchange in ctx.observed(Exchange)
        if exchange.status == 404 and exchange.redirected_from in pages
    ]
    for url in map(parse_url, urls):
        if url is not None and (url.host, url.port) == (ctx.target.host, ctx.target.port):
            yield url.path.partition("?")[0]


@probe(after=Upgrade)
async def visits_of_websocket(ctx: ProbeContext, upgrade: Upgrade) -> None:
    for config in ctx.observed(WebServerConfig):
        await _visit_websocket(ctx, config, upgrade)


@probe(after=WebSocketPath)
async def page_websocket(ctx: ProbeContext, websocket: WebSocketPath) -> None:
    for config in ctx.observed(WebServerConfig):
        await try_websocket(ctx, config, websocket.path)


@probe(after=WebServerConfig)
async def page_websocket_before(ctx: ProbeContext, config: WebServerConfig) -> None:
    """Do the same if the page was read before the configuration."""
    for websocket in ctx.observed(WebSocketPath):
        await try_websocket(ctx, config, websocket.path)


async def try_websocket(
    ctx: ProbeContext, config: WebServerConfig, path: str, source: str = "page"
) -> None:
    """Ask the application for a WebSocket of the page or of the access log (`source`), then the
    site's other applications, and the site if it opens there."""
    if (
        not is_holder(ctx, config)
        or ctx.target.websockets
        or not (ctx.options.wants("websocket") and ctx.options.outside)
    ):
        return
    own = path.partition("?")[0]
    routes = _routes(ctx, config, own, websocket=True, schemes=_PLAIN | _SECURE)
    slots = (f"{source} WebSocket {number}" for number in range(MAX_NAMED))
    if not ctx.further_requests.begin(f"page WebSocket {path}"):
        return
    if not any(ctx.further_requests.begin(slot) for slot in slots):
        return
    for route in routes:
        # As the server passes it on, whole, and without the beginning by which it was chosen.
        candidates = (inner_path(route, path), path, rest_of(route, path))
        for candidate in filter(None, dict.fromkeys(candidates)):
            visit = await ask_backend(ctx, route, path, candidate, websocket=True)
            if visit is not None and visit.accepted:
                await try_named_path(ctx, path)
                return
    if await _opens_elsewhere(ctx, config, own, {route.authority for route in routes}):
        await try_named_path(ctx, path)


async def _opens_elsewhere(
    ctx: ProbeContext, config: WebServerConfig, path: str, asked: Collection[str]
) -> bool:
    """Ask the site's other applications for a WebSocket that its own one refuses, or that the
    server passes on to nobody, and return whether it opens there."""
    visits = [visit for visit in ctx.observed(BackendVisit) if visit.websocket]
    is_open = any(visit.accepted and visit.requested == path for visit in visits)
    # HAProxy's other backends have a probe of their own.
    if is_open or config.product == "haproxy" or not is_holder(ctx, config):
        return False
    routes = {
        route.authority: route
        for site in answering_sites(config, ctx.target.port, ctx.target.host)
        for route in site.routes
        if route.host and route.scheme in _PLAIN | _SECURE and route.authority not in asked
    }
    for route in list(routes.values())[:MAX_ELSEWHERE]:
        visit = await ask_backend(ctx, route, path, path, websocket=True)
        if visit is not None and visit.accepted:
            # One that opens a WebSocket at every path says nothing about this one.
            unknown = unknown_path(path)
            control = await ask_backend(ctx, route, unknown, unknown, websocket=True)
            return control is not None and not control.accepted
    return False


def _has_failed(ctx: ProbeContext, exchange: Exchange) -> bool:
    """Return whether a visitor got no page: no answer, a refusal or an error, or a redirect to the
    page itself."""
    if not exchange.is_page_of(ctx.target):
        return False
    status = exchange.status or 999
    return (status >= 400 and status not in _LOGIN) or leads_to_itself(exchange)


async def _visit_page(ctx: ProbeContext, config: WebServerConfig) -> None:
    failed = [exchange for exchange in ctx.observed(Exchange) if _has_failed(ctx, exchange)]
    if not failed or failed[0].method == "POST":
        return  # a GET would tell nothing about a POST
    path = ctx.target.path_without_query
    for route in _routes(ctx, config, path, websocket=False):
        if leads_to_itself(failed[0]) and inner_path(route, path) == path:
            continue  # the path is not the reason
        await _visit(ctx, config, route, ctx.target.path, websocket=False)


async def _visit_websocket(ctx: ProbeContext, config: WebServerConfig, upgrade: Upgrade) -> None:
    if not upgrade.is_visit or upgrade.accepted or upgrade.port != ctx.target.port:
        return
    path = upgrade.path.partition("?")[0]
    routes = _routes(ctx, config, path, websocket=True)
    for route in routes:
        await _visit(ctx, config, route, upgrade.path, websocket=True)
    # HAProxy's other backends have a probe of their own.
    is_named = config.product != "haproxy" and upgrade.path in ctx.target.websockets
    if is_named and ctx.further_requests.begin(f"other applications, WebSocket {path}"):
        await _opens_elsewhere(ctx, config, path, {route.authority for route in routes})


def _routes(
    ctx: ProbeContext,
    config: WebServerConfig,
    path: str,
    websocket: bool,
    schemes: Collection[str] = _PLAIN,
) -> list[SiteRoute]:
    """Return the routes of the path, at most two, that nobody has asked yet."""
    if not is_holder(ctx, config):
        return []
    visited = {
        (visit.target, visit.requested, visit.websocket) for visit in ctx.observed(BackendVisit)
    }
    return [
        route
        for route in routes_of_name(config, ctx.target.port, ctx.target.host, path, websocket)
        if route.host and route.scheme in schemes
        if (route.target, path, websocket) not in visited
    ][:2]


async def _visit(
    ctx: ProbeContext, config: WebServerConfig, route: SiteRoute, requested: str, websocket: bool
) -> None:
    inner = inner_path(route, requested)
    visit = await ask_backend(ctx, route, requested, inner, websocket)
    if not websocket and visit and not visit.succeeded:
        # Imported late: few servers tell an application its folder.
        from diagnose.probes.inside.told_folders import ask_with_own_folder

        await ask_with_own_folder(ctx, config, route, inner)
    # A path without a slash is none (RFC 9112 section 3.2.1): it cannot be asked for.
    is_answered = visit.succeeded and visit.status not in REDIRECTS if visit else inner[:1] == "/"
    if is_answered:
        if config.product == "apache" and "%" in inner:
            # Imported late: few paths have an encoded character.
            from diagnose.parsers.apache.spelled_paths import spelling_of_route

            spelled = spelling_of_route(config, route, inner)
            if spelled not in {"", inner}:
                await ask_backend(ctx, route, requested, spelled, websocket)
        return
    if inner != requested:
        await ask_backend(ctx, route, requested, requested, websocket)
        if config.product == "apache" and (slashed := slashed_path(route, requested)):
            await ask_backend(ctx, route, requested, slashed, websocket)
        if config.product == "haproxy" and (remainder := rest_of(route, requested)):
            await ask_backend(ctx, route, requested, remainder, websocket)
    elif visit and visit.status == 404 and (remainder := _remainder(config, route, requested)):
        await ask_backend(ctx, route, requested, remainder, websocket)


def _remainder(config: WebServerConfig, route: SiteRoute, requested: str) -> str:
    """Return the path without the beginning by which its route was chosen, or which another route
    to the same application takes off; "" if there is none."""
    siblings = (
        sibling_of(site, route, requested) for site in config.sites if is_within(site, route)
    )
    sibling = next((each for each in siblings if each), None)
    own = rest_of(route, requested)
    return own or (inner_path(sibling, requested) if sibling else "")


def _patience(ctx: ProbeContext) -> int:
    """Return how many seconds the application gets for the page: more where the server in front
    gave up early, and the run has the time."""
    waits = [
        exchange.took
        for exchange in ctx.observed(Exchange)
        if exchange.is_page_of(ctx.target) and exchange.status in {502, 504}
    ]
    if not waits or not 1.0 <= min(waits) < LONG_PATIENCE:
        return PATIENCE
    left = int(ctx.options.timeout - ctx.elapsed() - _RESERVE)
    return max(PATIENCE, min(LONG_PATIENCE, left))


async def ask_backend(
    ctx: ProbeContext, route: SiteRoute, requested: str, path: str, websocket: bool
) -> BackendVisit | None:
    """Ask the application of a route for `path`, for what visitors request at `requested`; emit and
    return its answer, None if it could not be asked."""
    if not path.startswith("/"):
        return None
    at = ctx.elapsed()
    fields = [f"Host: {ctx.target.authority}", "X-Forwarded-Proto: https"]
    # Without what the server in front sends, the answer would be that to another question.
    fields += [
        f"{field.name}: {field.value}"
        for config in ctx.observed(WebServerConfig)
        for field in sent_fields(config, route)
    ]
    if websocket:
        fields += [*UPGRADE_FIELDS, f"Origin: {ctx.target.origin}"]
    scheme = "https" if route.scheme in _SECURE else "http"
    full_path = socketio_path(path) if websocket else path
    url = f"{scheme}://{route.authority}{full_path}"
    options = ("-k", "--noproxy", "*") if scheme == "https" else ("--noproxy", "*")
    patience = PATIENCE if websocket else _patience(ctx)
    response = await curl_or_unseen(ctx, url, tuple(fields), options, patience)
    if response is None:
        return None
    return ctx.emit(
        BackendVisit(
            vantage=Vantage.SERVER,
            at=at,
            took=response.took,
            equivalent=response.equivalent,
            failure=None if response.status else response.failure,
            target=route.target,
            requested=requested.partition("?")[0],
            path=path.partition("?")[0],
            websocket=websocket,
            status=response.status,
            connected=response.connected,
            accepted=response.accepted,
            head_bytes=response.head_bytes,
            media_type=response.media_type,
        )
    )
