"""Asks the application behind a web server twice on one connection, after visitors got no answer of
it, or a message about that: web servers keep connections, and a direct question has a new one.

A program may answer the first request of a connection alone. The control is the same request on a
connection of its own. After a 400, or a message about one, the application is asked as nginx asks
that says "Connection: close" on connections which it keeps: a program may refuse what comes next.
"""

from collections.abc import Iterator

from diagnose.model import Vantage
from diagnose.model.backends import KeptConnection
from diagnose.model.containers import NginxContainer
from diagnose.model.http import Exchange
from diagnose.model.nginx import NginxConfig
from diagnose.model.web_servers import WebServerConfig
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside.backends import is_holder

#: Seconds for one answer.
PATIENCE = 3
#: What a server answers for an application from which it got no answer.
_FAILED = frozenset({502, 503, 504})
#: The messages that say so.
_TOLD = frozenset({"server-application-slow", "upstream-closed"})

_CLOSE = "Connection: close"

#: Where an application is, and the path and the header lines that it gets.
_Asked = tuple[str, str, tuple[str, ...]]


@probe(after=WebServerConfig)
async def behind_a_server(ctx: ProbeContext, config: WebServerConfig) -> None:
    await _ask(ctx)


@probe(after=NginxConfig)
async def behind_nginx(ctx: ProbeContext, config: NginxConfig) -> None:
    await _ask(ctx)


@probe(after=Exchange)
async def after_a_page(ctx: ProbeContext, page: Exchange) -> None:
    await _ask(ctx)


async def _ask(ctx: ProbeContext) -> None:
    symptom = ctx.target.symptom
    is_told = symptom is not None and symptom.kind in _TOLD
    pages = [page for page in ctx.observed(Exchange) if page.is_page_of(ctx.target)]
    is_failed = any(page.status in _FAILED for page in pages if page.method == "GET")
    is_refused = _is_refused(ctx, pages)
    if not (is_told and pages) and not is_failed and not is_refused:
        return
    for authority, path, fields in _applications(ctx):
        if is_refused and _CLOSE not in fields:
            return
        if ctx.further_requests.begin(f"two requests on one connection {authority}"):
            await _ask_twice(ctx, authority, path, fields)
        return


def _is_refused(ctx: ProbeContext, pages: list[Exchange]) -> bool:
    """Return whether the page was refused with 400, or a message says so of some requests."""
    symptom = ctx.target.symptom
    is_told = symptom is not None and (symptom.kind, symptom.number) == ("status", 400)
    return bool(pages) and (is_told or any(page.status == 400 for page in pages))


def _applications(ctx: ProbeContext) -> Iterator[_Asked]:
    """Yield the place of each application that a server of this machine asks over plain HTTP for
    the target's page, and the path and the fields that it gets."""
    from diagnose.parsers.sent_fields import sent_fields
    from diagnose.parsers.web_sites import inner_path, routes_of_name

    path = ctx.target.path_without_query
    for config in ctx.observed(WebServerConfig):
        if not is_holder(ctx, config):
            continue
        for route in routes_of_name(config, ctx.target.port, ctx.target.host, path, False):
            inner = inner_path(route, path)
            if route.host and route.scheme == "http" and inner.startswith("/"):
                host = ctx.target.authority if route.keeps_host else route.replacement_host
                sent = [f"{field.name}: {field.value}" for field in sent_fields(config, route)]
                yield (
                    route.authority,
                    inner,
                    (f"Host: {host}", f"X-Forwarded-Proto: {ctx.target.scheme}", *sent),
                )
    for nginx in () if ctx.observed(NginxContainer) else ctx.observed(NginxConfig):
        yield from _kept_by_nginx(ctx, nginx, path)


def _kept_by_nginx(ctx: ProbeContext, config: NginxConfig, path: str) -> Iterator[_Asked]:
    """Yield those to which nginx keeps connections (ngx_http_upstream_module, "keepalive")."""
    from diagnose.parsers.nginx import proxy_headers, upstreams
    from diagnose.parsers.nginx.config import children
    from diagnose.parsers.nginx.final_requests import final_request
    from diagnose.probes.inside.answering_blocks import answering_blocks

    for _, server in answering_blocks(ctx, config):
        match, own = final_request(server, path)
        variables = upstreams.route_variables(ctx.target, match, own)
        proxied = upstreams.proxy_target_of(match, variables)
        if proxied is None or proxied.scheme != "http" or proxied.group is None:
            continue
        inner = upstreams.requested_path(match, proxied, own)
        endpoint = next((each for each in proxied.endpoints if each.port), None)
        if children(proxied.group, "keepalive") and endpoint and inner.startswith("/"):
            host = proxy_headers.forwarded_host(match, proxied, ctx.target)
            sent = proxy_headers.forwarded_fields(match, proxied, ctx.target)
            fields = [f"{name}: {value}" for name, value in sent]
            fields += [_CLOSE] if proxy_headers.sends_close(match) else []
            yield str(endpoint), inner, (f"Host: {host or ctx.target.authority}", *fields)


async def _ask_twice(ctx: ProbeContext, authority: str, path: str, fields: tuple[str, ...]) -> None:
    from diagnose.parsers.kept_connections import WRITTEN, parse_answers
    from diagnose.probes.inside.remote_curl import run_curl, shown_command

    at, url = ctx.elapsed(), f"http://{authority}{path}"
    asking = ["curl", "-sg", "-m", str(PATIENCE), "--http1.1", "--noproxy", "*", "-D", "-"]
    ending = ["-w", WRITTEN, "-o", "/dev/null", url]
    argv = [*asking, *_header_words(fields), *ending]
    twice = [*argv, "-o", "/dev/null", url]
    result = await run_curl(ctx.machine, twice, 2 * PATIENCE + 3)
    answers = parse_answers(result.out)
    if len(answers) != 2:
        return
    first, second = answers
    fresh = unclosed = None
    is_refused = _CLOSE in fields and second.status == 400 != first.status
    if first.status and (not second.status or is_refused):
        control = await run_curl(ctx.machine, argv, PATIENCE + 3)
        fresh = next((answer.status for answer in parse_answers(control.out)), None)
    if is_refused:
        kept = [*asking, *_header_words(tuple(f for f in fields if f != _CLOSE)), *ending]
        control = await run_curl(ctx.machine, [*kept, "-o", "/dev/null", url], 2 * PATIENCE + 3)
        others = parse_answers(control.out)
        unclosed = others[1].status if len(others) == 2 and not others[1].opened else None
    ctx.emit(
        KeptConnection(
            vantage=Vantage.SERVER,
            at=at,
            took=ctx.elapsed() - at,
            equivalent=shown_command(twice),
            target=f"http://{authority}",
            path=path,
            first=first.status,
            second=second.status,
            fresh=fresh,
            waited=second.seconds,
            reused=second.opened == 0,
            says_close=first.says_close,
            idle=first.idle,
            sends_close=_CLOSE in fields,
            unclosed=unclosed,
        )
    )


def _header_words(fields: tuple[str, ...]) -> list[str]:
    return [word for field in fields for word in ("-H", field)]
