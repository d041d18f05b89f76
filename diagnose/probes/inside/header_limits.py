"""Asks the application of a page how large a request's header may be, with a cookie that grows.

Only after a message about a header that is too large, or where visitors get 431 (RFC 6585 section
5) by the page or by nginx's log: nginx itself answers 400 or 494. Where nginx speaks no HTTP with
the application (uwsgi_pass), nginx is asked, with cookies that fit into its own buffers. Where
the application takes the largest, nginx itself is asked. At most fourteen GET requests.
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from diagnose.model import Vantage
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.nginx import NginxConfig
from diagnose.model.requests import HeaderTrial
from diagnose.parsers.nginx.proxied_request import ProxiedRequest
from diagnose.parsers.urls import parse_url
from diagnose.probes import ProbeContext
from diagnose.probes.inside import upstream_routes
from diagnose.probes.inside.application_requests import send_request
from diagnose.probes.inside.remote_curl import run_curl
from diagnose.probes.inside.upstream_comparisons import nginx_request
from diagnose.probes.inside.upstream_routes import UpstreamRoute

#: Request Header Fields Too Large (RFC 6585 section 5).
TOO_LARGE = 431

#: Bytes of the cookie, beside the fields that every request has. Programs take 4, 8, 16 or 32 kB in
#: all; the first fit into the smallest, and nginx's own buffers have 8.
SIZES, SIZES_OF_NGINX = (1500, 3600, 7500, 15500, 31500), (1500, 3600, 7500)

#: Statuses with which a message may tell it.
_STATUSES = frozenset({400, 414, TOO_LARGE, 494})
_WORDS = re.compile(r"header|cookie|request block size|请求头", re.IGNORECASE)

#: Seconds after which no further request is begun, and for one of them.
MAX_SECONDS, PATIENCE = 6.0, 3.0


#: Returns the status with a cookie of this size, None if the connection was closed.
Ask = Callable[[int], Awaitable[int | None]]


@frozen
class AskedSizes:
    """The status without a cookie, the largest cookie that was served the same, and the first that
    was not, with its status."""

    normal: int
    served: int
    refused: int | None = None
    status: int | None = None

    @property
    def last(self) -> int:
        """The largest cookie that was sent."""
        return self.refused or self.served


def is_refused(ctx: ProbeContext, exchange: Exchange) -> bool:
    """Whether the header of a page's request is too large, by its answer or by a message."""
    is_page = exchange.is_page_of(ctx.target) and exchange.method != "POST"
    return is_page and (exchange.status == TOO_LARGE or _is_told(ctx))


def _is_told(ctx: ProbeContext) -> bool:
    symptom = ctx.target.symptom
    if symptom is None:
        return False
    is_status = symptom.kind == "status" and symptom.number in _STATUSES
    is_own = symptom.kind == "status" and symptom.number == TOO_LARGE
    return is_own or (
        (is_status or symptom.kind == "request-header") and _WORDS.search(symptom.text) is not None
    )


async def try_headers(
    ctx: ProbeContext, config: NginxConfig, exchange: Exchange, path: str
) -> None:
    """Ask without a cookie, and then with larger ones until the answer is another one."""
    route = upstream_routes.find_route(ctx, config, path, over_http=False)
    in_scope = ctx.options.wants("upstream") or ctx.options.wants("http")
    if route is None or not in_scope or not ctx.further_requests.begin("the limit of headers"):
        return
    is_direct = route.upstream.speaks_http
    if not is_direct and route.upstream.scheme != "uwsgi":
        return
    request = nginx_request(ctx, route, replace(ctx.target, path=path), exchange)
    if request is None:
        return
    trial = await _trial(
        ctx,
        route,
        lambda size: _status(ctx, route, request, exchange, size),
        SIZES if is_direct else SIZES_OF_NGINX,
        lambda size: _command(route, exchange, is_direct, size),
    )
    if trial is None:
        return
    ctx.emit(replace(trial, is_direct=is_direct))
    if not is_direct or trial.refused is not None or path != exchange_path(exchange):
        return
    own_trial = await _trial(
        ctx,
        route,
        lambda size: status_of_server(ctx, exchange, path, size),
        SIZES,
        lambda size: command_with_cookie(size, exchange.url),
    )
    if own_trial is not None:
        ctx.emit(replace(own_trial, server="nginx"))


def exchange_path(exchange: Exchange) -> str:
    """Return the path of a request, with its query."""
    url = parse_url(exchange.url)
    return url.path if url else ""


async def _trial(
    ctx: ProbeContext,
    route: UpstreamRoute,
    ask: Ask,
    sizes: Sequence[int],
    command: Callable[[int], str],
) -> HeaderTrial | None:
    """Return what the answers to growing cookies say; None if they say nothing."""
    at = ctx.elapsed()
    asked = await ask_sizes(ctx, ask, sizes)
    if asked is None:
        return None
    address, port = upstream_routes.peer_of(route.upstream.endpoints[0])
    return HeaderTrial(
        vantage=Vantage.SERVER,
        at=at,
        took=ctx.elapsed() - at,
        equivalent=command(asked.last),
        target=route.upstream.target,
        path=route.path,
        address=address,
        port=port,
        normal=asked.normal,
        served=asked.served,
        refused=asked.refused,
        status=asked.status,
    )


async def ask_sizes(ctx: ProbeContext, ask: Ask, sizes: Sequence[int]) -> AskedSizes | None:
    """Ask without a cookie, then with larger ones until the answer is another one, and with the
    last one that was served again. None if there is no answer to compare with, or if it fails by
    turns."""
    until = min(ctx.elapsed() + MAX_SECONDS, ctx.options.timeout - 1.5)
    normal = await ask(0)
    if normal is None or normal == TOO_LARGE or normal >= 500:
        return None
    served = 0
    for size in sizes:
        if ctx.elapsed() >= until:
            break
        status = await ask(size)
        if status != normal:
            is_steady = await ask(served) == normal
            return AskedSizes(normal, served, size, status) if is_steady else None
        served = size
    return AskedSizes(normal, served)


async def _status(
    ctx: ProbeContext, route: UpstreamRoute, request: ProxiedRequest, exchange: Exchange, size: int
) -> int | None:
    """Return the status with a cookie of this size, None if the connection was closed."""
    if not route.upstream.speaks_http:
        return await status_of_server(ctx, exchange, route.path, size)
    sized = request.with_field("Cookie", cookie_field(size)) if size else request.without("Cookie")
    answer = await send_request(ctx, route, sized)
    return answer.head.status if answer else None


def cookie_field(size: int) -> str:
    return "diagnose=" + "x" * (size - len("Cookie: diagnose=\r\n"))


async def status_of_server(
    ctx: ProbeContext, exchange: Exchange, path: str, size: int
) -> int | None:
    """Return what the web server answers: the field goes through it to the application."""
    target = ctx.target
    door = f"::{exchange.address}:" if ":" not in exchange.address else f"::[{exchange.address}]:"
    argv = ["curl", "-sSk", "-m", f"{PATIENCE:.0f}", "-o", "/dev/null", "-w", "%{http_code}"]
    argv += ["--connect-to", door, *(("-H", f"Cookie: {cookie_field(size)}") if size else ())]
    scheme = "https" if target.uses_tls else "http"
    result = await run_curl(ctx.machine, [*argv, f"{scheme}://{target.authority}{path}"], PATIENCE)
    status = result.out.strip()
    return int(status) if _is_status(status) else None


def _is_status(text: str) -> bool:
    return re.fullmatch(r"[1-5]\d\d", text, re.ASCII) is not None


def _command(route: UpstreamRoute, exchange: Exchange, is_direct: bool, size: int) -> str:
    """Return a command that asks with a cookie of this size."""
    import shlex

    endpoint = route.upstream.endpoints[0]
    if not is_direct:
        return command_with_cookie(size, exchange.url)
    socket = f" --unix-socket {shlex.quote(endpoint.socket)}" if endpoint.socket else ""
    base = "localhost" if endpoint.socket else str(endpoint)
    url = f"{route.upstream.scheme}://{base}{route.upstream_path}"
    return command_with_cookie(size, url, socket)


def command_with_cookie(size: int, url: str, options: str = "") -> str:
    """Return a command that asks for a URL with a cookie of this size."""
    import shlex

    field = f"\"Cookie: diagnose=$(head -c {size} /dev/zero | tr '\\0' x)\""
    start = f"curl -sSk -o /dev/null -w '%{{http_code}}\\n' -H {field}"
    return f"{start}{options} {shlex.quote(url)}"
