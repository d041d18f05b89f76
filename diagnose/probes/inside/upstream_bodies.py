"""Asks the application itself how much it takes and sends: for a page whose body came to the
visitor cut off, and for one that it refuses for its header or for too many requests.

If the application cuts a body too, nginx does not. If it sends all of it, the fault is in front, or
in how nginx asks: where nginx asks for an upgrade with every request, the application is asked once
more in this way. So is an application that stops in the midst of what it announced: one that is
slow stops elsewhere.
"""

from diagnose.model import Failure, Vantage
from diagnose.model.http import BodyEnd, BodyRequest, Exchange, ResponseBody, header
from diagnose.model.logs import FailedRequests
from diagnose.model.nginx import NginxConfig
from diagnose.model.web_servers import WebServerConfig
from diagnose.parsers.nginx import proxy_headers as header_parser
from diagnose.parsers.nginx.locations import proxy_set_header_of
from diagnose.parsers.nginx.upstreams import Endpoint
from diagnose.probes import ProbeContext, is_first, probe
from diagnose.probes.inside import upstream_routes
from diagnose.probes.inside.remote_curl import run_curl, shown_command
from diagnose.probes.inside.upstream_routes import UpstreamRoute

#: Seconds. An application on the same machine or network sends two megabytes in less.
PATIENCE = 3.0

#: Exit statuses of curl (curl(1)): a part of the body is missing, or it was reset.
_CUT_STATUSES = {18: "a part of the body is missing", 56: "the connection ended"}
_BYTES = "2097152"

#: Statuses with which an application refuses a request for its header, and how often somebody asks
#: (RFC 6585 sections 4 and 5).
TOO_MANY, HEADER_TOO_LARGE = 429, 431


@probe(after=Exchange, needs=NginxConfig)
async def page_limited(ctx: ProbeContext, exchange: Exchange, config: NginxConfig) -> None:
    """Look for a limit of the application, after its status or a message."""
    if ctx.target.symptom is None and exchange.status not in {TOO_MANY, HEADER_TOO_LARGE}:
        return
    # Imported late: a healthy site's application is asked nothing.
    from diagnose.probes.inside import counted_requests, header_limits

    if is_first(ctx, exchange, counted_requests.is_counted):
        await counted_requests.ask_for_visitors(ctx, config, exchange)
    if is_first(ctx, exchange, header_limits.is_refused):
        await header_limits.try_headers(ctx, config, exchange, ctx.target.path)


@probe(after=Exchange, needs=WebServerConfig)
async def page_limited_behind(
    ctx: ProbeContext, exchange: Exchange, config: WebServerConfig
) -> None:
    """Do the same behind Apache, Caddy or HAProxy."""
    if ctx.target.symptom is None and exchange.status != HEADER_TOO_LARGE:
        return
    from diagnose.probes.inside import header_limits, header_limits_behind

    if is_first(ctx, exchange, header_limits.is_refused):
        await header_limits_behind.try_headers(ctx, config, exchange)


@probe(after=FailedRequests, needs=NginxConfig)
async def header_refused(ctx: ProbeContext, failure: FailedRequests, config: NginxConfig) -> None:
    """Look for the limit at a page that visitors do not get for their header, by nginx's log."""
    pages = [page for page in ctx.observed(Exchange) if page.is_page_of(ctx.target)]
    is_refusal = failure.status == HEADER_TOO_LARGE or failure.is_large_header
    if pages and is_refusal and (failure.server, failure.method) == ("nginx", "GET"):
        from diagnose.probes.inside.header_limits import try_headers

        await try_headers(ctx, config, pages[0], failure.path)


@probe(after=FailedRequests, needs=WebServerConfig)
async def header_refused_behind(
    ctx: ProbeContext, failure: FailedRequests, config: WebServerConfig
) -> None:
    """Do the same at the target's page, by the log of Apache, Caddy or HAProxy."""
    pages = [page for page in ctx.observed(Exchange) if page.is_page_of(ctx.target)]
    refusal = (failure.server, failure.method, failure.status)
    is_own = failure.path == ctx.target.path_without_query
    if pages and is_own and refusal == (config.product, "GET", HEADER_TOO_LARGE):
        from diagnose.probes.inside.header_limits_behind import try_headers

        await try_headers(ctx, config, pages[0])


@probe(after=ResponseBody, needs=NginxConfig)
async def page_cut(ctx: ProbeContext, body: ResponseBody, config: NginxConfig) -> None:
    """Ask after the first body that was cut, or that stopped before its announced end."""
    if not is_first(ctx, body, _is_short):
        return
    route = upstream_routes.find_route(ctx, config, ctx.target.path)
    if route is None or not (ctx.options.wants("upstream") or ctx.options.wants("http")):
        return
    read = _read_directly if ctx.machine.via == "local" else _read_by_curl
    await read(ctx, route, "application")
    own = [
        response_body
        for response_body in ctx.observed(ResponseBody)
        if response_body.request == "application"
    ]
    if own and own[-1].stops_before(body.announced):
        await read(ctx, route, "application")
    elif own and own[-1].end != "cut" and _asks_for_upgrade(route):
        await read(ctx, route, "upgrade")


def _is_short(_: ProbeContext, body: ResponseBody) -> bool:
    if body.request == "target" and body.stops_before(body.announced):
        return True
    return body.request in {"target", "browser"} and body.end == "cut"


def _asks_for_upgrade(route: UpstreamRoute) -> bool:
    """Return whether nginx asks the application for an upgrade whatever the visitor's request
    says."""
    line = proxy_set_header_of(route.place, "Connection")
    return line is not None and [word.lower() for word in line.args[1:]] == ["upgrade"]


def _fields(ctx: ProbeContext, route: UpstreamRoute, request: BodyRequest) -> dict[str, str]:
    """Return the header fields as nginx sends them; but only "upgrade" asks for an upgrade."""
    host = header_parser.forwarded_host(route.place, route.upstream, ctx.target)
    fields = header_parser.forwarded_fields(route.place, route.upstream, ctx.target)
    connection = "upgrade" if request == "upgrade" else "close"
    return {"Host": host or ctx.target.authority, **dict(fields), "Connection": connection}


async def _read_directly(ctx: ProbeContext, route: UpstreamRoute, request: BodyRequest) -> None:
    from diagnose.net.http import Http1Connection, send_get
    from diagnose.net.http_body import read_rest

    opened = await upstream_routes.open_first_stream(ctx, route)
    if opened is None:
        return
    endpoint, stream = opened
    at, connection = ctx.elapsed(), Http1Connection(stream, PATIENCE)
    try:
        url = f"http://{ctx.target.authority}{route.upstream_path}"
        answer = await send_get(connection, url, _fields(ctx, route, request), PATIENCE)
        if answer.body_read is None:
            return
        body = await read_rest(connection, answer.headers, answer.body_read)
    finally:
        connection.close()
    length = header(answer.headers, "Content-Length") or ""
    _emit(ctx, route, request, endpoint, at, body.end, body.received, body.failure, length)


async def _read_by_curl(ctx: ProbeContext, route: UpstreamRoute, request: BodyRequest) -> None:
    """Read the page with the server's own curl, which says how many bytes came."""
    at, endpoint = ctx.elapsed(), route.upstream.endpoints[0]
    *words, url = _curl_argv(ctx, route, endpoint, request)
    argv = [*words, "-w", "%{size_download} %{http_code}", url]
    result = await run_curl(ctx.machine, argv, PATIENCE + 4.0)
    size, _, status = result.out.strip().partition(" ")
    if not size.isdigit() or status == "000":
        return
    reason = _CUT_STATUSES.get(result.status or 0)
    end: BodyEnd = "cut" if reason else "unread" if result.status else "complete"
    failure = Failure("closed", reason, result.status) if reason else None
    _emit(ctx, route, request, endpoint, at, end, int(size), failure, "")


def _curl_argv(
    ctx: ProbeContext, route: UpstreamRoute, endpoint: Endpoint, request: BodyRequest
) -> list[str]:
    base_url, options = upstream_routes.curl_target(ctx, route, endpoint)
    argv = ["curl", "-sSk", "-m", f"{PATIENCE:.0f}", "-o", "/dev/null"]
    argv += ["--max-filesize", _BYTES, *options]
    for name, value in _fields(ctx, route, request).items():
        argv += ["-H", f"{name}: {value}"]
    return [*argv, f"{base_url}{route.upstream_path}"]


def _emit(
    ctx: ProbeContext,
    route: UpstreamRoute,
    request: BodyRequest,
    endpoint: Endpoint,
    at: float,
    end: BodyEnd,
    received: int,
    failure: Failure | None,
    length: str,
) -> None:
    base_url, _ = upstream_routes.curl_target(ctx, route, endpoint)
    address, port = upstream_routes.peer_of(endpoint)
    ctx.emit(
        ResponseBody(
            vantage=Vantage.SERVER,
            at=at,
            took=ctx.elapsed() - at,
            equivalent=shown_command(_curl_argv(ctx, route, endpoint, request)),
            failure=failure,
            url=f"{base_url}{route.upstream_path}",
            address=address,
            port=port,
            request=request,
            received=received,
            announced=int(length) if length.isascii() and length.isdigit() else None,
            end=end,
        )
    )
