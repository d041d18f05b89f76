"""Probe that asks an application for the target's path, or for that of a file of its page, where
nginx answers it without asking: another location, a `rewrite` or `try_files` comes first. One GET,
after the site has answered with an error or with a page, and one for a path that nobody has, if the
first is answered with a page, 401 or 405: an application that answers so for every path proves
nothing.
"""

from dataclasses import replace
from urllib.parse import urlsplit

from diagnose.model import Vantage
from diagnose.model.http import Exchange
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.model.pages import PageFileResponse
from diagnose.model.requests import BypassedApplication, BypassReason
from diagnose.parsers.nginx import upstreams
from diagnose.parsers.nginx.bypasses import Bypass, bypass_of, empty_group
from diagnose.parsers.nginx.proxied_request import ProxiedRequest, proxied_request
from diagnose.parsers.nginx.server_blocks import Socket
from diagnose.parsers.unknown_paths import unknown_sibling, unknown_top
from diagnose.probes import ProbeContext, is_first, probe
from diagnose.probes.inside.answering_blocks import answering_blocks
from diagnose.probes.inside.application_requests import send_request
from diagnose.probes.inside.upstream_comparisons import visitor_fields
from diagnose.probes.inside.upstream_requests import http_version
from diagnose.probes.inside.upstream_routes import UpstreamRoute

#: What an application answers for a path that it has: who asks is unknown, or another method is
#: wanted (RFC 9110 sections 15.5.2 and 15.5.6).
KNOWN_PATH = frozenset({401, 405})


@probe(after=Exchange, needs=NginxConfig)
async def path_taken(ctx: ProbeContext, exchange: Exchange, config: NginxConfig) -> None:
    if is_first(ctx, exchange, _is_question):
        await _ask(ctx, config, exchange)


def _is_question(ctx: ProbeContext, exchange: Exchange) -> bool:
    is_target = exchange.is_page_of(ctx.target)
    status = exchange.status or 0
    is_page = status == 200 and "html" in (exchange.header("Content-Type") or "")
    return is_target and exchange.method == "GET" and (400 <= status < 500 or is_page)


# A file of the page


@probe(after=PageFileResponse, needs=NginxConfig)
async def file_taken(ctx: ProbeContext, response: PageFileResponse, config: NginxConfig) -> None:
    pages = [page for page in ctx.observed(Exchange) if page.purpose == "target"]
    if pages and response.status in {403, 404} and not response.redirects:
        await _ask(ctx, config, pages[0], urlsplit(response.url).path)


async def _ask(
    ctx: ProbeContext, config: NginxConfig, exchange: Exchange, file_path: str = ""
) -> None:
    in_scope = ctx.options.wants("upstream") or ctx.options.wants("nginx")
    path = file_path or ctx.target.path
    bypasses = _bypass(ctx, config, path) if in_scope else None
    if file_path and bypasses and bypasses[1].by == "longer":
        return  # a folder of files that lacks one: its files are to be put there
    question = "bypassed file" if file_path else "bypassed target"
    if bypasses is None or not ctx.further_requests.begin(question):
        return
    socket, bypass = bypasses
    variables = upstreams.route_variables(ctx.target, bypass.match, path)
    group = empty_group(bypass.match.block)
    upstream = upstreams.proxy_target_of(
        bypass.match, {**variables, **({group[1:]: ""} if group else {})}
    )
    if upstream is None or not upstream.speaks_http:
        return
    route = UpstreamRoute(path, socket, bypass.match, upstream)
    fields = visitor_fields(ctx, exchange)
    version = http_version(ctx, route)
    request = proxied_request(
        bypass.match, upstream, replace(ctx.target, path=path), version, fields
    )
    if request and bypass.path:
        request = replace(request, path=bypass.path)
    if request is None:
        return
    answer = await ask_for(ctx, route, request, bypass.by, bypass.directive)
    is_page = answer is not None and answer.is_html and 200 <= (answer.status or 0) < 300
    is_known = answer is not None and answer.status in KNOWN_PATH
    if (is_page or is_known) and not file_path and bypass.by in {"longer", "regex", "program"}:
        unknown = unknown_top(path) if is_known else unknown_sibling(path)
        route, request = replace(route, path=unknown), replace(request, path=unknown)
        await ask_for(ctx, route, request, bypass.by, bypass.directive)


async def ask_for(
    ctx: ProbeContext,
    route: UpstreamRoute,
    request: ProxiedRequest,
    by: BypassReason,
    directive: Directive,
) -> BypassedApplication | None:
    """Send a request to the application that does not get it from nginx, by the directive, emit
    what it answers, and return it."""
    at = ctx.elapsed()
    answer = await send_request(ctx, route, request)
    if answer is None:
        return None
    observation = BypassedApplication(
        vantage=Vantage.SERVER,
        at=at,
        took=ctx.elapsed() - at,
        equivalent=answer.equivalent,
        failure=answer.fault,
        target=route.upstream.target,
        path=route.path,
        address=answer.peer[0],
        port=answer.peer[1],
        by=by,
        file=directive.file,
        line=directive.line,
        status=answer.head.status,
        is_html=answer.is_html,
    )
    ctx.emit(observation)
    return observation


def _bypass(ctx: ProbeContext, config: NginxConfig, path: str) -> tuple[Socket, Bypass] | None:
    """Return what takes a path away, on the first socket where something does."""
    for socket, server in answering_blocks(ctx, config):
        if bypass := bypass_of(server, path):
            return socket, bypass
    return None
