"""Probe that asks the applications of other locations for a path of the page which nginx answers
from its own files: a file that is not there, or Socket.IO's path, at which the page opens a
connection. One GET each, and one for a path that nobody has, as the control.
"""

from dataclasses import replace
from urllib.parse import urlsplit

from diagnose.model.http import Exchange
from diagnose.model.nginx import NginxConfig
from diagnose.model.pages import PageFileResponse, WebSocketPath
from diagnose.parsers.nginx import upstreams
from diagnose.parsers.nginx.bypasses import bypass_of
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.neighbours import neighbours_of
from diagnose.parsers.nginx.proxied_request import proxied_request
from diagnose.parsers.nginx.server_blocks import Socket
from diagnose.parsers.unknown_paths import unknown_path
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside.answering_blocks import answering_blocks
from diagnose.probes.inside.bypassed_applications import ask_for
from diagnose.probes.inside.upstream_comparisons import visitor_fields
from diagnose.probes.inside.upstream_requests import http_version
from diagnose.probes.inside.upstream_routes import UpstreamRoute

#: Maximum number of paths.
MAX_PATHS = 2

#: The first request of a Socket.IO client (Engine.IO protocol 4, "Transports").
_POLLING = "?EIO=4&transport=polling"


@probe(after=PageFileResponse, needs=NginxConfig)
async def missing_file(ctx: ProbeContext, response: PageFileResponse, config: NginxConfig) -> None:
    is_missing = response.status in {403, 404} or (response.status == 200 and response.is_html)
    if is_missing and not response.redirects:
        await _ask_neighbours(ctx, config, urlsplit(response.url).path)


@probe(after=WebSocketPath, needs=NginxConfig)
async def socket_io(ctx: ProbeContext, named: WebSocketPath, config: NginxConfig) -> None:
    if named.library == "Socket.IO":
        await _ask_neighbours(ctx, config, named.path.partition("?")[0], _POLLING)


async def _ask_neighbours(
    ctx: ProbeContext, config: NginxConfig, path: str, query: str = ""
) -> None:
    in_scope = ctx.options.wants("upstream") or ctx.options.wants("nginx")
    page = next((page for page in ctx.observed(Exchange) if page.is_page_of(ctx.target)), None)
    for socket, server in answering_blocks(ctx, config) if in_scope and page else ():
        if bypass_of(server, path):
            return  # that one has a question of its own
        neighbours = neighbours_of(server, path)
        slots = (f"neighbour path {number}" for number in range(MAX_PATHS))
        if not neighbours or not ctx.further_requests.begin(f"neighbours at {path}"):
            return
        if not any(ctx.further_requests.begin(slot) for slot in slots):
            return
        for match in neighbours:
            status = await _ask(ctx, (socket, match), page, path, query) if page else None
            if page and status is not None and 200 <= status < 300:
                unknown = unknown_path(path)
                await _ask(ctx, (socket, match), page, unknown, query)
        return


async def _ask(
    ctx: ProbeContext, place: tuple[Socket, LocationMatch], page: Exchange, path: str, query: str
) -> int | None:
    """Ask the application of a location for a path as the visitor writes it; return the status."""
    socket, match = place
    target = replace(ctx.target, path=path, websockets=())
    upstream = upstreams.proxy_target_of(match, upstreams.route_variables(target, match, path))
    if upstream is None or not upstream.speaks_http:
        return None
    route = UpstreamRoute(path, socket, match, upstream)
    fields = visitor_fields(ctx, page)
    request = proxied_request(match, upstream, target, http_version(ctx, route), fields)
    if request is None:
        return None
    request = replace(request, path=f"{path}{query}")
    answer = await ask_for(ctx, route, request, "neighbour", upstream.directive)
    return answer.status if answer else None
