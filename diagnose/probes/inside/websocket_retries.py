"""Probes that ask the application again after a WebSocket through the site has failed: with another
Origin, with what nginx does not forward, or for a longer look.

Each repeats what nginx sends and changes one thing, so that the difference is the cause.
"""

from dataclasses import replace

from diagnose.model.http import Upgrade, UpgradeVariant
from diagnose.model.nginx import NginxBuild, NginxConfig
from diagnose.model.websocket_codes import POLICY_VIOLATION
from diagnose.parsers.nginx.forwarding import speaks_http_1_1
from diagnose.parsers.nginx.proxy_headers import forwarded_host
from diagnose.parsers.urls import socketio_path
from diagnose.parsers.websocket_refusal import ORIGIN_VARIANTS, upgrade_lost
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside import upstream_routes
from diagnose.probes.inside.remote_curl import UPGRADE_FIELDS, curl, held_open
from diagnose.probes.inside.upstream_routes import UpstreamRoute
from diagnose.probes.inside.websocket_upstream import (
    UpgradeRequest,
    added_fields,
    development_origin,
    refusals_to_judge,
    upgrade_directly,
)

Fields = tuple[tuple[str, str], ...]

#: Statuses with which applications refuse an Origin.
_REFUSALS = {400, 401, 403, 404}


@probe(after=Upgrade)
async def failed(ctx: ProbeContext, upgrade: Upgrade) -> None:
    for config in ctx.observed(NginxConfig)[:1]:
        for refusal in refusals_to_judge(ctx, upgrade):
            await _retry(ctx, config, refusal)


@probe(after=NginxConfig)
async def failed_before(ctx: ProbeContext, config: NginxConfig) -> None:
    for upgrade in ctx.observed(Upgrade):
        for refusal in refusals_to_judge(ctx, upgrade):
            await _retry(ctx, config, refusal)


async def _retry(ctx: ProbeContext, config: NginxConfig, upgrade: Upgrade) -> None:
    is_refused = _may_mind_origin(ctx, upgrade) or _is_closed_by_policy(upgrade)
    is_ended = _has_ended_by_curl(ctx, upgrade)
    if not (is_refused or is_ended):
        return
    is_named = upgrade.path in ctx.target.websockets
    if not is_named and not ctx.further_requests.begin(f"Origin at {upgrade.path}"):
        return
    if route := upstream_routes.find_route(ctx, config, upgrade.path):
        await (_try_origins if is_refused else _hold_by_curl)(ctx, route)


# Silence


@probe(after=Upgrade)
async def idle(ctx: ProbeContext, upgrade: Upgrade) -> None:
    """Hold the application's own WebSocket in silence too, if that is asked for: it shows which
    side cuts."""
    is_direct = upgrade.through == "application" and upgrade.variant == "normal"
    if ctx.options.idle is None or not is_direct or not upgrade.accepted or upgrade.ended:
        return
    if upgrade.path not in ctx.target.websockets or _has_tried_idle(ctx, upgrade):
        return
    for config in ctx.observed(NginxConfig)[:1]:
        if route := upstream_routes.find_route(ctx, config, upgrade.path):
            if ctx.machine.via == "local":
                await upgrade_directly(ctx, route, "idle")
            else:
                fields = added_fields(ctx, route)
                request = _request(ctx, route, "idle", "", "", fields)
                await _upgrade_by_curl(ctx, request, route, int(ctx.options.idle))


def _has_tried_idle(ctx: ProbeContext, upgrade: Upgrade) -> bool:
    directs = [
        candidate
        for candidate in ctx.observed(Upgrade)
        if (candidate.through, candidate.variant) == ("application", "normal")
        and candidate.path == upgrade.path
        and candidate.accepted
    ]
    return directs[0] is not upgrade


# A refused Origin


def _may_mind_origin(ctx: ProbeContext, upgrade: Upgrade) -> bool:
    """Whether the application refuses nginx's request, or over SSH, where requests to it carry no
    Origin, the site accepts another Origin or none."""
    if upgrade.through == "application":
        is_refused = upgrade.status in _REFUSALS and not upgrade.accepted
        return (
            upgrade.variant == "normal"
            and is_refused
            and not upgrade_lost(upgrade.status, upgrade.body)
        )
    return (
        ctx.machine.via != "local"
        and upgrade.accepted
        and upgrade.variant in ORIGIN_VARIANTS
        and not _has_tried(ctx, upgrade.path, ("forwarded", "own-host", "forwarded-host"))
    )


def _is_closed_by_policy(upgrade: Upgrade) -> bool:
    """Whether the application opens the WebSocket, as nginx asks for it, and closes it at once for
    a violation of its policy (RFC 6455 section 7.4.1): some compare the Origin only then."""
    is_direct = (upgrade.through, upgrade.variant) == ("application", "normal")
    return is_direct and upgrade.accepted and upgrade.close_code == POLICY_VIOLATION


def _has_tried(ctx: ProbeContext, path: str, variants: tuple[UpgradeVariant, ...]) -> bool:
    return any(
        earlier.path == path and earlier.variant in variants for earlier in ctx.observed(Upgrade)
    )


async def _try_origins(ctx: ProbeContext, route: UpstreamRoute) -> None:
    """Name the visitor's scheme and host to the application, if nginx does not; then come from the
    address that an application in development expects. After a refusal, `upstream_requests` tries
    the visitor's Host."""
    if any(map(_is_closed_by_policy, ctx.observed(Upgrade))) and (
        upstream_routes.host_header(ctx, route) != ctx.target.authority
    ):
        sent, host = added_fields(ctx, route), ctx.target.authority
        upgrade = await _upgrade(ctx, route, "visitor-host", host, ctx.target.origin, sent)
        if upgrade is None or upgrade.stayed_open:
            return
    scheme = "https" if ctx.target.uses_tls else "http"
    sent = added_fields(ctx, route)
    names = {name.lower(): value for name, value in sent}
    if names.get(_FORWARDED_HOST, ctx.target.authority) != ctx.target.authority:
        kept_fields = tuple(field for field in sent if field[0].lower() != _FORWARDED_HOST)
        fields = (*kept_fields, ("X-Forwarded-Host", ctx.target.authority))
        upgrade = await _upgrade(ctx, route, "forwarded-host", "", ctx.target.origin, fields)
        if upgrade is None or upgrade.stayed_open:
            return
    if names.get("x-forwarded-proto") != scheme:
        kept_fields = tuple(field for field in sent if field[0].lower() != "x-forwarded-proto")
        fields = (*kept_fields, ("X-Forwarded-Proto", scheme))
        host = _visitor_host(ctx, route)
        upgrade = await _upgrade(ctx, route, "forwarded", host, ctx.target.origin, fields)
        if upgrade is None or upgrade.stayed_open:
            return
    if origin := development_origin(route):
        await _upgrade(ctx, route, "own-host", "", origin, sent)


_FORWARDED_HOST = "x-forwarded-host"


def _own_names(ctx: ProbeContext) -> set[str]:
    return {ctx.target.host, ctx.target.authority}


def _visitor_host(ctx: ProbeContext, route: UpstreamRoute) -> str:
    """Return the Host that nginx sends, if it is the visitor's in one of its forms."""
    sent = forwarded_host(route.place, route.upstream, ctx.target) or ""
    return sent if sent in _own_names(ctx) else ctx.target.authority


async def _upgrade(
    ctx: ProbeContext,
    route: UpstreamRoute,
    variant: UpgradeVariant,
    host: str,
    origin: str,
    fields: Fields,
) -> Upgrade | None:
    if ctx.machine.via == "local":
        return await upgrade_directly(ctx, route, variant, host, origin, fields)
    return await _upgrade_by_curl(ctx, _request(ctx, route, variant, host, origin, fields), route)


# A subprotocol that is not chosen


@probe(after=Upgrade)
async def none_chosen(ctx: ProbeContext, upgrade: Upgrade) -> None:
    """Offer the same to the application, after the site chose none of the subprotocols."""
    is_front = (upgrade.through, upgrade.variant) == ("front", "subprotocol")
    if not is_front or upgrade.fault != "subprotocol" or ctx.machine.via != "local":
        return
    for config in ctx.observed(NginxConfig)[:1]:
        route = upstream_routes.find_route(ctx, config, upgrade.path)
        if route and not _has_tried_directly(ctx, upgrade.path):
            await upgrade_directly(ctx, route, "subprotocol", offered=upgrade.offered)


@probe(after=NginxConfig)
async def none_chosen_before(ctx: ProbeContext, config: NginxConfig) -> None:
    for upgrade in ctx.observed(Upgrade):
        await none_chosen.work(ctx, upgrade)


def _has_tried_directly(ctx: ProbeContext, path: str) -> bool:
    return any(
        (earlier.path, earlier.through, earlier.variant) == (path, "application", "subprotocol")
        for earlier in ctx.observed(Upgrade)
    )


# What the application makes of an ordinary request for the path


@probe(after=Upgrade)
async def plain_request(ctx: ProbeContext, upgrade: Upgrade) -> None:
    """Request the path from the application without a handshake, after it refused one: if both
    answers are the same, nothing there looks at `Upgrade`."""
    is_direct = (upgrade.through, upgrade.variant) == ("application", "normal")
    is_refused = upgrade.status in PLAIN_STATUSES and not upgrade.accepted
    if not (is_direct and is_refused) or upgrade.path not in ctx.target.websockets:
        return
    if upgrade_lost(upgrade.status, upgrade.body) or _has_tried(ctx, upgrade.path, ("plain",)):
        return
    for config in ctx.observed(NginxConfig)[:1]:
        if route := upstream_routes.find_route(ctx, config, upgrade.path):
            fields = added_fields(ctx, route)
            await _upgrade_by_curl(ctx, _request(ctx, route, "plain", "", "", fields), route)
            if upgrade.status in _NOT_THERE:
                await _try_usual_paths(ctx, route)


#: Statuses with which applications answer an ordinary request for a path of a WebSocket, and a
#: handshake at a path at which there is nothing (501: websocket-sharp).
PLAIN_STATUSES = {200, 400, 404, 405, 406, 501}
_NOT_THERE = {404, 501}

#: Paths at which programs have their WebSocket.
_USUAL_PATHS = ("/", "/ws", "/websocket", "/chat")


async def _try_usual_paths(ctx: ProbeContext, route: UpstreamRoute) -> None:
    """Try the application's WebSocket at other paths than the one that nginx asks for."""
    fields = added_fields(ctx, route)
    for path in _USUAL_PATHS:
        if path in {route.path, route.upstream_path}:
            continue
        if ctx.machine.via == "local":
            await upgrade_directly(ctx, route, "other-path", other_path=path)
            continue
        request = _request(ctx, route, "other-path", "", "", fields)
        base = request.url.partition("://")[2].partition("/")[0]
        await _upgrade_by_curl(ctx, replace(request, url=f"ws://{base}{path}"), route)


# An open WebSocket that ended, over SSH


def _has_ended_by_curl(ctx: ProbeContext, upgrade: Upgrade) -> bool:
    return (
        ctx.machine.via != "local"
        and upgrade.is_visit
        and upgrade.accepted
        and upgrade.stayed_open is False
        and not any(
            earlier.through == "application" and earlier.held_s is not None
            for earlier in ctx.observed(Upgrade)
            if earlier.path == upgrade.path
        )
    )


async def _hold_by_curl(ctx: ProbeContext, route: UpstreamRoute) -> None:
    """Open the WebSocket at the application and see whether it stays open, as nginx speaks to it
    and over HTTP/1.1."""
    fields = added_fields(ctx, route)
    await _upgrade_by_curl(ctx, _request(ctx, route, "normal", "", "", fields), route, 1)
    if not speaks_http_1_1(route.place, ctx.observed(NginxBuild)):
        await _upgrade_by_curl(ctx, _request(ctx, route, "http-1.0", "", "", fields), route, 1)


def _added_lines(request: UpgradeRequest) -> tuple[str, ...]:
    """Return the lines that nginx adds, for an ordinary request without those of an upgrade."""
    if request.variant != "plain":
        return request.field_lines
    own = ("connection:", "upgrade:")
    return tuple(line for line in request.field_lines if not line.lower().startswith(own))


def _request(
    ctx: ProbeContext,
    route: UpstreamRoute,
    variant: UpgradeVariant,
    host: str,
    origin: str,
    fields: Fields,
) -> UpgradeRequest:
    endpoint = route.upstream.endpoints[0]
    host = host or upstream_routes.host_header(ctx, route)
    return UpgradeRequest(
        f"ws://{host}{socketio_path(route.upstream_path)}",
        route.path,
        upstream_routes.peer_of(endpoint),
        "application",
        variant,
        origin or None,
        fields,
    )


async def _upgrade_by_curl(
    ctx: ProbeContext, request: UpgradeRequest, route: UpstreamRoute, hold_s: int = 0
) -> Upgrade | None:
    """Perform the handshake with the server's curl; see whether it stays open for `hold_s`
    seconds."""
    at = ctx.elapsed()
    base_url, options = upstream_routes.curl_target(ctx, route, route.upstream.endpoints[0])
    host, _, path = request.url.partition("://")[2].partition("/")
    origin = (f"Origin: {request.origin}",) if request.origin else ()
    handshake = () if request.variant == "plain" else UPGRADE_FIELDS
    lines = (f"Host: {host}", *handshake, *origin, *_added_lines(request))
    version = "1.0" if request.variant == "http-1.0" else "1.1"
    url = f"{base_url}/{path}"
    if hold_s:
        response = await held_open(ctx.machine, url, lines, version, options, hold_s)
    else:
        response = await curl(ctx.machine, url, lines, version, options)
    if response is None or response.failure:
        return None
    is_ended = bool(hold_s) and not response.stayed_open
    is_idle = request.variant == "idle"
    return ctx.emit(
        replace(
            request.started(at),
            took=response.took,
            equivalent=response.equivalent,
            status=response.status,
            headers=response.software,
            body=response.body,
            accepted=response.accepted,
            fault="" if response.accepted else "status",
            held_s=response.took if hold_s else None,
            ended="eof" if is_ended else "",
            close_code=1006 if is_ended else None,
            quiet_s=response.took if is_idle else None,
            idle_s=response.took if is_idle and is_ended else None,
        )
    )
