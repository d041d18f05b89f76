"""Probes that request the target's page from the application, after certain failures of the site.

They run after a 502, after a stream of events that came late, if the site answers as if the name
were not its own, or redirects to the same URL. They show how large the response header is, and
whether the application answers to another name in the Host field. A
WebSocket that the application refuses is handled in the same way.
"""

import asyncio
from collections.abc import Collection

from diagnose.model import Vantage
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.nginx import NginxBuild, NginxConfig
from diagnose.model.requests import Asked, HostVariant
from diagnose.parsers.browser_types import mime_type
from diagnose.parsers.curl_output import EXIT_FAILURES
from diagnose.parsers.http import refuses_host
from diagnose.parsers.nginx import proxy_headers as header_parser
from diagnose.parsers.nginx import server_blocks
from diagnose.parsers.nginx.forwarding import speaks_http_1_1
from diagnose.parsers.redirects import leads_to_itself
from diagnose.parsers.urls import socketio_path
from diagnose.probes import ProbeContext, is_first, probe
from diagnose.probes.inside import upstream_routes
from diagnose.probes.inside.raw_answers import RawAnswer
from diagnose.probes.inside.remote_curl import UPGRADE_FIELDS, curl, run_curl, shown_command
from diagnose.probes.inside.upstream_routes import UpstreamRoute
from diagnose.probes.inside.websocket_upstream import (
    added_fields,
    refusals_to_judge,
)

#: Seconds. An application on the same machine or network answers in milliseconds.
PATIENCE = 3.0

#: Maximum bytes of a response. Every proxy refuses a larger header.
MAX_ANSWER_BYTES = 131072

#: Maximum number of names tried that the application may expect.
MAX_NAMES = 2


@probe(after=Exchange, needs=NginxConfig)
async def page_refused(ctx: ProbeContext, exchange: Exchange, config: NginxConfig) -> None:
    if is_first(ctx, exchange, _is_refusal):
        await _ask_application(ctx, config)
    elif is_first(ctx, exchange, _is_late_stream):
        route = upstream_routes.find_route(ctx, config, ctx.target.path)
        sent = route and header_parser.forwarded_host(route.place, route.upstream, ctx.target)
        if route and sent and ctx.options.wants("upstream"):
            await _emit_response(ctx, route, "passed", sent)


def _is_late_stream(ctx: ProbeContext, exchange: Exchange) -> bool:
    """Whether a stream of events came late: the application may itself be late, or nginx holds the
    events back."""
    is_stream = exchange.status == 200 and mime_type(exchange.headers) == "text/event-stream"
    return exchange.is_page_of(ctx.target) and is_stream and exchange.took >= PATIENCE


def _is_refusal(ctx: ProbeContext, exchange: Exchange) -> bool:
    is_target = exchange.is_page_of(ctx.target)
    return is_target and (
        exchange.status == 502
        or leads_to_itself(exchange)
        or header_parser.may_reject_host(exchange.status, exchange.body)
    )


async def _ask_application(ctx: ProbeContext, config: NginxConfig) -> None:
    """Request the page with the name that nginx sends and with others, concurrently.

    If one of them seems to be better, repeat both, in an order that an application which answers by
    turns contradicts.
    """
    route = upstream_routes.find_route(ctx, config, ctx.target.path)
    in_scope = ctx.options.wants("upstream") or ctx.options.wants("http")
    if route is None or not in_scope or ctx.target.websockets == (route.path,):
        return
    servers = server_blocks.servers(config.main)
    host_fields = _host_fields(ctx, route, servers)
    responses = await asyncio.gather(
        *(_emit_response(ctx, route, *host_field) for host_field in host_fields)
    )
    for response in responses[1:]:
        if responses[0] and response and _is_better(responses[0], response):
            await _emit_response(ctx, route, response.variant, response.sent)
            await _emit_response(ctx, route, *host_fields[0])
            return
    if responses and responses[0] and refuses_host(responses[0].status, responses[0].body):
        await _ask_for_addresses(ctx, route, responses[0], {sent for _, sent in host_fields})


async def _ask_for_addresses(
    ctx: ProbeContext, route: UpstreamRoute, passed: Asked, known: Collection[str]
) -> None:
    """Ask an application that refuses the site's name for its own address: it may serve that one
    alone. What helps is asked for again, and so is what did not."""
    for name in dict.fromkeys((route.upstream.authority, "localhost")):
        if name in known:
            continue
        response = await _emit_response(ctx, route, "address", name)
        if response and _is_better(passed, response):
            await _emit_response(ctx, route, "address", name)
            await _emit_response(ctx, route, "passed", passed.sent)
            return


def _is_better(passed: Asked, candidate: Asked) -> bool:
    """Whether the application serves the page under another name only. One that redirects has to
    show a page: it may redirect to the name that it got."""
    if 300 <= (passed.status or 0) < 400:
        return 200 <= (candidate.status or 0) < 300
    refused = passed.failure or header_parser.may_reject_host(passed.status, passed.body)
    return bool(refused) and 200 <= (candidate.status or 0) < 400


def _host_fields(
    ctx: ProbeContext, route: UpstreamRoute, servers: tuple[server_blocks.Server, ...]
) -> list[tuple[HostVariant, str]]:
    """Return each Host field once, with the kind of its name; "" if nginx sends none."""
    sent = header_parser.forwarded_host(route.place, route.upstream, ctx.target)
    if sent is None:
        return []
    own: list[tuple[HostVariant, str]] = [
        ("own", name)
        for name in header_parser.application_names(route.place, route.upstream, servers)
    ]
    variants: dict[str, HostVariant] = {}
    standard: list[tuple[HostVariant, str]] = [("passed", sent), ("visitor", ctx.target.authority)]
    for variant, host in (*standard, *own):
        if variant != "own" or list(variants.values()).count("own") < MAX_NAMES:
            variants.setdefault(host, variant)
    return [(variant, host) for host, variant in variants.items()]


async def _emit_response(
    ctx: ProbeContext, route: UpstreamRoute, variant: HostVariant, sent: str
) -> Asked | None:
    at = ctx.elapsed()
    answer = await (_ask_directly if ctx.machine.via == "local" else _ask_by_curl)(ctx, route, sent)
    if answer is None:
        return None
    head = answer.head
    return ctx.emit(
        Asked(
            vantage=Vantage.SERVER,
            at=at,
            took=ctx.elapsed() - at,
            equivalent=answer.equivalent,
            failure=answer.fault,
            target=route.upstream.target,
            path=route.path,
            address=answer.peer[0],
            port=answer.peer[1],
            variant=variant,
            sent=sent,
            status=head.status,
            reason=head.reason,
            head=head.size,
            largest=head.largest,
            body=head.body,
        )
    )


def _request_fields(ctx: ProbeContext, route: UpstreamRoute, sent: str) -> list[str]:
    """Return the header fields of the request, as nginx sends them."""
    fields = header_parser.forwarded_fields(route.place, route.upstream, ctx.target)
    return [f"Host: {sent}", *(f"{name}: {value}" for name, value in fields), "Accept: */*"]


async def _ask_directly(ctx: ProbeContext, route: UpstreamRoute, sent: str) -> RawAnswer | None:
    from diagnose.net.tls import send_and_receive

    open_stream = await upstream_routes.open_first_stream(ctx, route)
    if open_stream is None:
        return None
    endpoint, stream = open_stream
    version = http_version(ctx, route)
    lines = _request_fields(ctx, route, sent)
    request = (f"GET {route.upstream_path} HTTP/{version}", *lines, "Connection: close", "", "")
    reply, failure = await send_and_receive(
        stream,
        "\r\n".join(request).encode("ascii", "replace"),
        lambda data: b"\r\n\r\n" in data,
        time_left(ctx),
        MAX_ANSWER_BYTES,
    )
    return RawAnswer(
        upstream_routes.peer_of(endpoint),
        shown_command(_curl_argv(ctx, route, route.upstream_path, lines, version)),
        reply,
        failure,
    )


async def _ask_by_curl(ctx: ProbeContext, route: UpstreamRoute, sent: str) -> RawAnswer | None:
    """Request the page with the server's own curl."""
    argv = _curl_argv(
        ctx,
        route,
        route.upstream_path,
        _request_fields(ctx, route, sent),
        http_version(ctx, route),
    )
    return await answer_by_curl(ctx, route, argv, shown_command(argv))


async def answer_by_curl(
    ctx: ProbeContext, route: UpstreamRoute, argv: list[str], equivalent: str
) -> RawAnswer | None:
    """Run the server's own curl (`argv`, with `-i`); None if it has none. `equivalent` is the
    command as it is printed."""
    result = await run_curl(ctx.machine, argv, PATIENCE + 4.0)
    failure = None if result.out else EXIT_FAILURES.get(result.status or 0)
    if not result.out and failure is None:
        return None
    reply = result.out.encode("utf-8", "replace")
    peer = upstream_routes.peer_of(route.upstream.endpoints[0])
    return RawAnswer(peer, equivalent, reply, failure)


def _curl_argv(
    ctx: ProbeContext, route: UpstreamRoute, request_path: str, lines: list[str], version: str
) -> list[str]:
    base_url, curl_options = upstream_routes.curl_target(ctx, route, route.upstream.endpoints[0])
    argv = ["curl", "-sSik", "-m", f"{PATIENCE:.0f}", f"--http{version}", *curl_options]
    for line in lines:
        argv += ["-H", line]
    return [*argv, f"{base_url}{request_path}"]


def http_version(ctx: ProbeContext, route: UpstreamRoute) -> str:
    return "1.1" if speaks_http_1_1(route.place, ctx.observed(NginxBuild)) else "1.0"


def time_left(ctx: ProbeContext) -> float:
    return max(1.0, min(PATIENCE, ctx.options.timeout - ctx.elapsed() - 1.0))


# WebSockets


@probe(after=Upgrade)
async def websocket_refused(ctx: ProbeContext, upgrade: Upgrade) -> None:
    for config in ctx.observed(NginxConfig)[:1]:
        await _retry_if_refused(ctx, config, upgrade)


@probe(after=NginxConfig)
async def websocket_refused_before(ctx: ProbeContext, config: NginxConfig) -> None:
    for upgrade in ctx.observed(Upgrade):
        await _retry_if_refused(ctx, config, upgrade)


async def _retry_if_refused(ctx: ProbeContext, config: NginxConfig, upgrade: Upgrade) -> None:
    path = upgrade.path
    if not any(_may_mind_host(ctx, refusal) for refusal in refusals_to_judge(ctx, upgrade)):
        return
    if path in ctx.target.websockets or ctx.further_requests.begin(f"Host at {path}"):
        await _retry_with_visitor_host(ctx, config, path)


def _may_mind_host(ctx: ProbeContext, upgrade: Upgrade) -> bool:
    """Whether the refusal of a WebSocket may depend on the Host field.

    True if the application refuses nginx's request or, over SSH, where requests to the application
    carry no Origin, if the site accepts only handshakes without an Origin.
    """
    if upgrade.through == "application":
        return upgrade.variant == "normal" and upgrade.status is not None and not upgrade.accepted
    return ctx.machine.via != "local" and upgrade.variant == "no-origin" and upgrade.accepted


async def _retry_with_visitor_host(ctx: ProbeContext, config: NginxConfig, path: str) -> None:
    """Repeat the handshake with the site's name as Host, if nginx sends another name."""
    route = upstream_routes.find_route(ctx, config, path)
    sent = header_parser.forwarded_host(route.place, route.upstream, ctx.target) if route else None
    if route is None or sent in {None, ctx.target.authority}:
        return
    at, request_path = ctx.elapsed(), socketio_path(route.upstream_path)
    origin = ctx.target.origin
    added = [f"{name}: {value}" for name, value in added_fields(ctx, route)]
    lines = [f"Host: {ctx.target.authority}", *UPGRADE_FIELDS, f"Origin: {origin}", *added]
    shake = _upgrade_directly if ctx.machine.via == "local" else _upgrade_by_curl
    outcome = await shake(ctx, route, request_path, lines, origin)
    if outcome is None:
        return
    peer, status, accepted = outcome
    ctx.emit(
        Upgrade(
            vantage=Vantage.SERVER,
            at=at,
            took=ctx.elapsed() - at,
            equivalent=shown_command(_curl_argv(ctx, route, request_path, lines, "1.1")),
            url=f"ws://{ctx.target.authority}{request_path}",
            path=path,
            address=peer[0],
            port=peer[1],
            variant="visitor-host",
            through="application",
            status=status,
            accepted=accepted,
            fault="" if accepted else "status",
        )
    )


UpgradeOutcome = tuple[tuple[str, int], int | None, bool]


async def _upgrade_directly(
    ctx: ProbeContext, route: UpstreamRoute, request_path: str, lines: list[str], origin: str
) -> UpgradeOutcome | None:
    from diagnose.net.websocket import ClientHandshake, open_websocket

    open_stream = await upstream_routes.open_first_stream(ctx, route)
    if open_stream is None:
        return None
    url = f"ws://{ctx.target.authority}{request_path}"
    request = ClientHandshake(
        url, origin, extra_headers=dict(added_fields(ctx, route)), is_proxied=True
    )
    upgrade_result = await open_websocket(open_stream[1], request, time_left(ctx))
    peer = upstream_routes.peer_of(open_stream[0])
    return peer, upgrade_result.answer.status, upgrade_result.accepted


async def _upgrade_by_curl(
    ctx: ProbeContext, route: UpstreamRoute, request_path: str, lines: list[str], origin: str
) -> UpgradeOutcome | None:
    base_url, curl_options = upstream_routes.curl_target(ctx, route, route.upstream.endpoints[0])
    response = await curl(
        ctx.machine, f"{base_url}{request_path}", tuple(lines), options=curl_options
    )
    if response is None or response.failure:
        return None
    peer = upstream_routes.peer_of(route.upstream.endpoints[0])
    return peer, response.status, response.accepted
