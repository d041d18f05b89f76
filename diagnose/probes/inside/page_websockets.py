"""Probe that tries a WebSocket which the site's page opens: first at the application itself, and
at the site only if that accepts it, where nginx's configuration seems not to let it open; or, where
the configuration is right, if the application refuses it with an Origin, with the location's prefix
in its path, or at the path that nginx makes of it, and accepts it otherwise. An address of the user
at which the site has no page may be a WebSocket's as well.

Without a path of the user, a path in the page may be a beginning to which its program adds
something, so that a refusal means nothing. A handshake that the application accepts, and nginx
fails, means something all the same.
"""

from diagnose.model.http import Exchange, Upgrade, UpgradeVariant
from diagnose.model.nginx import NginxBuild, NginxConfig
from diagnose.model.pages import WebSocketPath
from diagnose.model.web_servers import WebServerConfig
from diagnose.parsers.nginx.balancing import unsticky_group
from diagnose.parsers.nginx.forwarding import speaks_http_1_1, upgrade_forwarding
from diagnose.parsers.websocket_refusal import ORIGIN_VARIANTS
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside import upstream_routes
from diagnose.probes.inside.upstream_routes import UpstreamRoute
from diagnose.probes.inside.websocket_upstream import (
    development_origin,
    should_try_bare_path,
    should_try_whole_path,
    try_websocket,
    try_websocket_by_curl,
    upgrade_directly,
    wants_login,
)
from diagnose.probes.outside.websocket import (
    may_be_elsewhere,
    try_named_path,
    try_other_path,
    try_sessions,
    try_unkept_path,
)

#: Maximum number of paths of the page that are tried.
MAX_PATHS = 2

#: Statuses with which applications refuse an Origin.
_REFUSALS = {400, 403, 404}


@probe(after=WebSocketPath, needs=NginxConfig)
async def named(ctx: ProbeContext, named_path: WebSocketPath, config: NginxConfig) -> None:
    await _try(ctx, config, named_path.path)
    if named_path.library == "Socket.IO":
        await _try_sessions(ctx, config, named_path.path)


async def _try_sessions(ctx: ProbeContext, config: NginxConfig, path: str) -> None:
    """Open sessions of Socket.IO where the servers of a group take turns."""
    route = upstream_routes.find_route(ctx, config, path)
    if route is not None and unsticky_group(route.place) is not None:
        await try_sessions(ctx, path)


@probe(after=NginxConfig)
async def passed_by_nginx(ctx: ProbeContext, config: NginxConfig) -> None:
    await _try_where_passed(ctx)


@probe(after=WebServerConfig)
async def passed_by_another(ctx: ProbeContext, config: WebServerConfig) -> None:
    await _try_where_passed(ctx)


@probe(after=Upgrade)
async def passed_elsewhere(ctx: ProbeContext, upgrade: Upgrade) -> None:
    await _try_where_passed(ctx)


@probe(after=Exchange)
async def passed_elsewhere_before(ctx: ProbeContext, exchange: Exchange) -> None:
    """Do the same if the page is answered later: further requests come after the main answer."""
    await _try_where_passed(ctx)


async def _try_where_passed(ctx: ProbeContext) -> None:
    """Try the user's WebSocket, if it was refused, where the server passes WebSockets on."""
    refused = [
        upgrade
        for upgrade in ctx.observed(Upgrade)
        if may_be_elsewhere(upgrade) and upgrade.path in ctx.target.websockets
    ]
    is_answered = any(
        exchange.is_of_visit and exchange.status for exchange in ctx.observed(Exchange)
    )
    is_meant = bool(refused) or _tells_of_end(ctx)
    if not is_meant or not is_answered or not ctx.options.outside:
        return
    # Imported late: few WebSockets are refused.
    from diagnose.probes.inside.websocket_locations import passing_paths
    from diagnose.probes.outside.websocket_paths import try_path

    for upgrade in refused:
        for path in passing_paths(ctx, upgrade.path):
            await try_path(ctx, upgrade, path, try_other_path)
    if not refused:
        for path in passing_paths(ctx, "/")[:MAX_PATHS]:
            await try_named_path(ctx, path)


def _tells_of_end(ctx: ProbeContext) -> bool:
    """Whether the user's message is about a WebSocket that ended, and names none: those that the
    server's configuration passes on are meant then."""
    symptom = ctx.target.symptom
    is_end = symptom is not None and symptom.kind == "websocket-closed"
    return is_end and not ctx.target.websockets and ctx.options.wants("websocket")


@probe(after=Upgrade)
async def accepted_bare(ctx: ProbeContext, upgrade: Upgrade) -> None:
    """Try the site, if the application accepts a path of the page without the location's prefix."""
    if upgrade.variant == "bare-path" and upgrade.accepted:
        await _try_kept(ctx, upgrade.path)


@probe(after=WebSocketPath)
async def accepted_bare_before(ctx: ProbeContext, named_path: WebSocketPath) -> None:
    """Do the same if the page was read after the application was asked."""
    if any(
        upgrade.variant == "bare-path" and upgrade.accepted and upgrade.path == named_path.path
        for upgrade in ctx.observed(Upgrade)
    ):
        await _try_kept(ctx, named_path.path)


async def _try_kept(ctx: ProbeContext, path: str) -> None:
    is_named = any(named_path.path == path for named_path in ctx.observed(WebSocketPath))
    is_asked = path in ctx.target.websockets or not ctx.options.outside
    is_meant = is_named or _is_address_without_page(ctx, path)
    if is_meant and not is_asked and ctx.further_requests.begin(f"kept prefix {path}"):
        await try_named_path(ctx, path)


def _is_address_without_page(ctx: ProbeContext, path: str) -> bool:
    """Whether the user named this address, and the site answers a plain request there as a program
    answers that has no page, or only a WebSocket (426, RFC 9110 section 15.5.22)."""
    answers = [
        exchange.status for exchange in ctx.observed(Exchange) if exchange.is_page_of(ctx.target)
    ]
    return path == ctx.target.path and bool(answers) and set(answers) <= {400, 404, 426}


async def try_logged(ctx: ProbeContext, config: NginxConfig, path: str) -> None:
    """Do the same with a path at which browsers may have been refused a WebSocket, by the access
    log: a program may put its path together, so that nobody finds it in the page."""
    await _try(ctx, config, path, "logged")


async def _try(ctx: ProbeContext, config: NginxConfig, path: str, source: str = "page") -> None:
    tried_paths = {
        upgrade.path
        for upgrade in ctx.observed(Upgrade)
        if upgrade.through == "application"
        or (upgrade.stayed_open and upgrade.variant not in ORIGIN_VARIANTS)
    }
    if ctx.target.websockets or path in tried_paths or not ctx.options.wants("websocket"):
        return
    route = upstream_routes.find_route(ctx, config, path)
    if route is None:
        return
    slots = (f"{source} WebSocket {number}" for number in range(MAX_PATHS))
    if not ctx.further_requests.begin(f"page WebSocket {path}"):
        return
    if not any(ctx.further_requests.begin(slot) for slot in slots):
        return
    if _may_pass(ctx, route):
        await _try_origin(ctx, route)
    else:
        try_route = try_websocket if ctx.machine.via == "local" else try_websocket_by_curl
        await try_route(ctx, route)


async def _try_origin(ctx: ProbeContext, route: UpstreamRoute) -> None:
    """Try the site as browsers do, if it is the Origin alone that the application refuses (it
    accepts none, or that of its own address), the location's prefix in the path, or the path that
    nginx makes. Any other refusal may be about a
    session, which only the page's program has."""
    if ctx.machine.via != "local" or not ctx.options.outside:
        return
    direct = await upgrade_directly(ctx, route)
    if direct is None or direct.accepted:
        return
    variants: list[UpgradeVariant] = ["no-origin"] if direct.status in _REFUSALS else []
    if should_try_bare_path(route, direct):
        variants.append("bare-path")
    if should_try_whole_path(route, direct):
        variants.append("whole-path")
    for variant in variants:
        retry = await upgrade_directly(ctx, route, variant)
        if retry is not None and retry.accepted:
            if variant in {"no-origin", "whole-path"}:
                await try_named_path(ctx, route.path)
            return
        if variant == "whole-path" and retry is not None and wants_login(direct, retry):
            await try_unkept_path(ctx, route.path)
            return
    # Socket.IO refuses a request without an Origin as well.
    origin = development_origin(route) if "no-origin" in variants else ""
    retry = await upgrade_directly(ctx, route, "own-host", origin=origin) if origin else None
    if retry is not None and retry.accepted:
        await try_named_path(ctx, route.path)


def _may_pass(ctx: ProbeContext, route: UpstreamRoute) -> bool:
    """Whether a WebSocket may get through the location, by its lines."""
    speaks_1_1 = speaks_http_1_1(route.place, ctx.observed(NginxBuild))
    return speaks_1_1 and all(upgrade_forwarding(route.place))
