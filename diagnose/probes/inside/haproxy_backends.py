"""Probes for what stands behind and before HAProxy.

After the site has failed they read HAProxy's statistics, and send the page's request and the health
check's to the servers of the backend. Where the configuration waits for a PROXY protocol header, or
chooses a backend by a name in TLS before it may be there, that is tried as well.
"""

import asyncio
import shlex
from dataclasses import replace
from typing import Literal

from diagnose.machine.script_files import read_script
from diagnose.model import Failure, Vantage
from diagnose.model.addresses import bracketed
from diagnose.model.frozen import frozen
from diagnose.model.haproxy import HandshakeSeries, HaproxyStatus, HaproxyTry
from diagnose.model.http import Exchange
from diagnose.model.tls import Handshake
from diagnose.model.web_servers import SiteSocket, WebServer, WebServerConfig
from diagnose.parsers.haproxy.addresses import (
    BackendServer,
    mixed_servers,
    servers_of,
    sockets_of,
)
from diagnose.parsers.haproxy.config import Configuration, Proxy
from diagnose.parsers.haproxy.health_checks import HttpCheck, http_check
from diagnose.parsers.haproxy.statistics import parse_statistics
from diagnose.parsers.haproxy.view import TargetProxies, parsed, target_proxies
from diagnose.parsers.http import GATEWAY_FAILURES
from diagnose.probes import ProbeContext, emit_not_observed, probe
from diagnose.probes.inside.nginx_certificates import fingerprint
from diagnose.probes.inside.unanswered import curl_or_unseen, emit_unanswered

STATISTICS = read_script(__file__, "haproxy_statistics.sh")

#: Seconds; the number of servers that are asked, and of handshakes.
PATIENCE, MAX_SERVERS, SERIES = 3, 3, 6


#: Methods that change nothing (RFC 9110 section 9.2.1). A health check may use others.
_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


@probe(after=WebServerConfig)
async def haproxy_config(ctx: ProbeContext, config: WebServerConfig) -> None:
    proxies = _proxies(ctx, config)
    if proxies is None:
        return
    await _try_name(ctx, proxies)
    await _try_protocols(ctx, proxies)
    visits: list[Exchange | Handshake] = [*ctx.observed(Handshake), *ctx.observed(Exchange)]
    if any(_is_failure(ctx, visit, _sends_header(proxies)) for visit in visits):
        await _look_behind(ctx, proxies)
    elif any(_is_internal_error(ctx, visit) for visit in ctx.observed(Exchange)):
        await _emit_statistics(ctx, proxies.config, proxies.backend)


@probe(after=Exchange)
async def page_failed(ctx: ProbeContext, exchange: Exchange) -> None:
    await _after_failure(ctx, exchange)
    errors = (page for page in ctx.observed(Exchange) if _is_internal_error(ctx, page))
    if next(errors, None) is not exchange:
        return
    for config in ctx.observed(WebServerConfig):
        if (proxies := _proxies(ctx, config)) and not ctx.observed(HaproxyStatus):
            await _emit_statistics(ctx, proxies.config, proxies.backend)


@probe(after=Handshake)
async def handshake_failed(ctx: ProbeContext, handshake: Handshake) -> None:
    await _after_failure(ctx, handshake)


async def _after_failure(ctx: ProbeContext, observation: Exchange | Handshake) -> None:
    """Look once: after the first failure of its kind."""
    if not _is_failure(ctx, observation, True):
        return
    for config in ctx.observed(WebServerConfig):
        proxies = _proxies(ctx, config)
        if proxies is None or ctx.observed(HaproxyTry):
            continue
        sends, visits = _sends_header(proxies), ctx.observed(type(observation))
        if next((visit for visit in visits if _is_failure(ctx, visit, sends)), None) is observation:
            await _look_behind(ctx, proxies)


def _sends_header(proxies: TargetProxies) -> bool:
    """Return whether a server of the backend gets a PROXY header."""
    servers = servers_of(proxies.backend) if proxies.backend else ()
    return any(server.proxy_protocol for server in servers)


def _is_failure(
    ctx: ProbeContext, observation: Exchange | Handshake, sends_header: bool = False
) -> bool:
    """Return whether a visitor's connection or page failed. With a PROXY header that the server did
    not expect, a page is answered by 400, or by another error where the server passes over the
    line (`sends_header`)."""
    if observation.port != ctx.target.port:
        return False
    if isinstance(observation, Handshake):
        # A certificate that is not trusted is no failure of the connection.
        return observation.is_browser_like and not observation.chain and _failed(observation)
    if observation.purpose != "target":
        return False
    is_refused = sends_header and (observation.status or 0) >= 400
    return _failed(observation) or is_refused or observation.status in {400, *GATEWAY_FAILURES}


def _is_internal_error(ctx: ProbeContext, page: Exchange) -> bool:
    """Return whether the page got 500, which may be HAProxy's own: its counters say so."""
    return page.is_page_of(ctx.target) and page.status == 500


def _failed(observation: Exchange | Handshake) -> bool:
    return observation.failure is not None


def _proxies(ctx: ProbeContext, config: WebServerConfig) -> TargetProxies | None:
    """Return the proxies for the target, if HAProxy has its port."""
    servers = [s for s in ctx.observed(WebServer) if s.product == config.product == "haproxy"]
    if not any(ctx.target.port in server.ports for server in servers):
        return None
    return target_proxies(parsed(config), ctx.target)


async def _look_behind(ctx: ProbeContext, proxies: TargetProxies) -> None:
    await _emit_statistics(ctx, proxies.config, proxies.backend)
    await _try_front(ctx, proxies)
    backend = proxies.backend
    if backend is None:
        return
    servers = [server for server in servers_of(backend) if not server.disabled][:MAX_SERVERS]
    check = http_check(backend)
    await asyncio.gather(*(_try_server(ctx, proxies, server, check) for server in servers))


async def _emit_statistics(ctx: ProbeContext, config: Configuration, backend: Proxy | None) -> None:
    path = stats_socket(config)
    if not path:
        return
    at = ctx.elapsed()
    result = await ctx.machine.run("sh", "-c", STATISTICS, "sh", path)
    statistics = parse_statistics(result.out)
    words = f"echo 'show stat' | sudo socat stdio {shlex.quote(path)}"
    if statistics is None:
        if "Permission denied" in result.err:
            emit_not_observed(ctx, f"HAProxy's statistics ({path})", "needs root", words, at=at)
        elif result.status is None:
            emit_unanswered(ctx, f"HAProxy's statistics ({path})", result, words)
        return
    # Imported late: few sites fail.
    from diagnose.probes.inside.haproxy_names import with_current_addresses

    ctx.emit(
        HaproxyStatus(
            vantage=Vantage.SERVER,
            at=at,
            took=result.took,
            equivalent=words,
            path=path,
            servers=await with_current_addresses(ctx, statistics.servers, backend),
            counts=statistics.counts,
            invalid=statistics.invalid,
            failed_rewrites=statistics.failed_rewrites,
        )
    )


def stats_socket(config: Configuration) -> str:
    """Return the path of the first stats socket on a Unix socket ("stats socket"), or ""."""
    words = (line.words[2] for line in config.global_lines("stats", "socket") if line.words[2:])
    paths = (word.removeprefix("unix@") for word in words)
    return next((path for path in paths if path.startswith("/")), "")


async def _try_server(
    ctx: ProbeContext,
    proxies: TargetProxies,
    server: BackendServer,
    check: HttpCheck | None,
) -> None:
    """Ask a server for the page, with and without a PROXY header, and as the health check does."""
    is_passed_on = proxies.passes_tls_on and not server.tls and ctx.target.uses_tls
    header, page = server.proxy_protocol, _page_request(ctx, proxies.own_host)
    first = await _emit_try(ctx, server, page, header, is_unread=is_passed_on)
    if first is not None and first.status is None and first.failure is not None:
        if first.failure.kind != "refused":
            await _emit_try(ctx, server, page, not header, is_unread=is_passed_on)
            await _try_other_protocol(ctx, proxies, server, page)
    elif first is not None:
        if header or (first.status == 400 and not is_passed_on):
            await _emit_try(ctx, server, page, not header, is_unread=is_passed_on)
        if first.status == 400 and not is_passed_on:
            await _try_other_protocol(ctx, proxies, server, page)
    if check is not None and server.check and check.method in _SAFE_METHODS:
        request = _check_request(check, "check-ssl" in server.options)
        answer = await _emit_try(ctx, server, request, server.proxy_protocol)
        named = _named_check(request, proxies.own_host or ctx.target.authority)
        is_refused = answer is not None and not (answer.status and check.accepts(answer.status))
        if is_refused and named.fields != request.fields:
            await _emit_try(ctx, server, named, server.proxy_protocol)


async def _try_other_protocol(
    ctx: ProbeContext, proxies: TargetProxies, server: BackendServer, page: "_Request"
) -> None:
    """In mode tcp a server may speak TLS where HAProxy passes plain HTTP on, or the other way
    round: HAProxy knows neither."""
    if proxies.frontend.mode != "tcp" or server.tls or not ctx.target.uses_tls:
        return
    is_unread = not proxies.passes_tls_on
    await _emit_try(ctx, server, page, server.proxy_protocol, is_unread=is_unread)


async def _try_protocols(ctx: ProbeContext, proxies: TargetProxies) -> None:
    """Where some servers of a backend get TLS and others none, ask each as HAProxy does, and one
    that does not answer so in the other way too."""
    page = replace(_page_request(ctx, proxies.own_host), purpose="protocol")
    for server in mixed_servers(proxies.backend)[:MAX_SERVERS]:
        answer = await _emit_try(ctx, server, page, server.proxy_protocol)
        if answer is not None and answer.status in {None, 400}:
            other = replace(server, tls=not server.tls)
            await _emit_try(ctx, other, page, server.proxy_protocol)


@frozen
class _Request:
    """A request to a server behind HAProxy. `version` is that of HTTP ("1.0", "1.1"), `fields` are
    header fields ("Host: shop.example.com"). `tls` is True if it goes over TLS to a server that
    gets the requests of visitors as they are."""

    purpose: Literal["page", "check", "named-check", "protocol"]
    method: str
    path: str
    version: str
    fields: tuple[str, ...]
    tls: bool = False


def _page_request(ctx: ProbeContext, host: str) -> _Request:
    """Return the request; `host` is the Host field that HAProxy sets, "" if it passes it on."""
    fields = (f"Host: {host or ctx.target.authority}", "X-Forwarded-Proto: https")
    return _Request("page", "GET", ctx.target.path, "1.1", fields)


def _check_request(check: HttpCheck, tls: bool) -> _Request:
    fields = tuple(f"{name}: {value}" for name, value in check.fields)
    has_host = any(name.lower() == "host" for name, _ in check.fields)
    own_fields = (*fields, *(() if has_host else ("Host:",)))
    return _Request("check", check.method, check.path, check.version, own_fields, tls)


def _named_check(request: _Request, host: str) -> _Request:
    """Return the request of a health check with the site's own name: without it, applications that
    know names refuse it (RFC 9112 section 3.2)."""
    others = (field for field in request.fields if not field.lower().startswith("host:"))
    fields = (*others, f"Host: {host}")
    return replace(request, purpose="named-check", version="1.1", fields=fields)


async def _emit_try(
    ctx: ProbeContext,
    server: BackendServer,
    request: _Request,
    proxied: bool,
    is_unread: bool = False,
) -> HaproxyTry | None:
    """Send a request to a server, behind a PROXY header if it is `proxied`. `is_unread` is True if
    HAProxy passes TLS on as it is."""
    at = ctx.elapsed()
    host = bracketed(server.host) if server.host not in {"", "*"} else "127.0.0.1"
    port = server.port or ctx.target.port
    options = _options(request.method, proxied, server.socket)
    url = f"{'https' if server.tls or request.tls else 'http'}://{host}:{port}{request.path}"
    if is_unread:
        # The TLS of visitors is passed on: so is the name in it.
        options += ("--connect-to", f"::{host}:{port}", "--noproxy", "*")
        url = f"{ctx.target.origin}{request.path}"
    response = await curl_or_unseen(ctx, url, request.fields, options, PATIENCE, request.version)
    if response is None:
        return None
    return ctx.emit(
        HaproxyTry(
            vantage=Vantage.SERVER,
            at=at,
            took=response.took,
            equivalent=response.equivalent,
            failure=None if response.status else response.failure or _NO_ANSWER,
            backend=server.backend,
            name=server.name,
            address=server.socket or server.host,
            port=0 if server.socket else port,
            purpose=request.purpose,
            path=request.path,
            proxied=proxied,
            tls=url.startswith("https:"),
            status=response.status,
        )
    )


_NO_ANSWER = Failure("protocol", "no HTTP answer")


def _options(method: str, proxied: bool, socket: str = "") -> tuple[str, ...]:
    """Return curl's options."""
    verb = ("-I",) if method == "HEAD" else () if method == "GET" else ("-X", method)
    header = ("--haproxy-protocol",) if proxied else ()
    return (*verb, *header, *(("--unix-socket", socket) if socket else ()))


async def _try_name(ctx: ProbeContext, proxies: TargetProxies) -> None:
    """Repeat the handshake where the name in it is read too early. A site that works now may fail
    at the next visit."""
    for socket in _own_sockets(ctx, proxies):
        if proxies.sni_too_early and not socket.tls:
            await _repeat_handshakes(ctx, socket.address or "127.0.0.1")


async def _try_front(ctx: ProbeContext, proxies: TargetProxies) -> None:
    """Ask HAProxy itself with a PROXY header and without, where it waits for one."""
    for socket in _own_sockets(ctx, proxies):
        if "accept-proxy" in proxies.bind.words:
            await _ask_front(ctx, socket.address or "127.0.0.1", False)
            await _ask_front(ctx, socket.address or "127.0.0.1", True)


def _own_sockets(ctx: ProbeContext, proxies: TargetProxies) -> tuple[SiteSocket, ...]:
    """Return the first socket of the frontend on the target's port."""
    sockets = (socket for socket, _ in sockets_of(proxies.frontend))
    return tuple(socket for socket in sockets if socket.port == ctx.target.port)[:1]


async def _ask_front(ctx: ProbeContext, address: str, proxied: bool) -> None:
    at, target = ctx.elapsed(), ctx.target
    connect_to = f"{target.host}:{target.port}:{bracketed(address)}"
    options = ("--resolve", connect_to, "--noproxy", "*", *_options("GET", proxied))
    url = f"{target.origin}{target.path}"
    response = await curl_or_unseen(ctx, url, (), options, PATIENCE)
    if response is None:
        return
    ctx.emit(
        HaproxyTry(
            vantage=Vantage.SERVER,
            at=at,
            took=response.took,
            equivalent=response.equivalent,
            failure=None if response.status else response.failure or _NO_ANSWER,
            backend="",
            name="",
            address=address,
            port=target.port,
            purpose="front",
            path=target.path,
            proxied=proxied,
            status=response.status,
        )
    )


async def _repeat_handshakes(ctx: ProbeContext, address: str) -> None:
    """Do several handshakes at once: each may get another backend."""
    at, target = ctx.elapsed(), ctx.target
    place = f"{bracketed(address)}:{target.port}"
    argv = ("openssl", "s_client", "-connect", place, "-servername", target.host)
    # Its standard input is empty, so it ends after the handshake.
    results = await asyncio.gather(
        *(ctx.machine.run(*argv, timeout=PATIENCE) for _ in range(SERIES))
    )
    if any(result.failure and result.failure.kind == "missing" for result in results):
        return
    ctx.emit(
        HandshakeSeries(
            vantage=Vantage.SERVER,
            at=at,
            took=ctx.elapsed() - at,
            equivalent=shlex.join(argv),
            name=target.host,
            address=address,
            port=target.port,
            certificates=tuple(fingerprint(result.out) for result in results),
        )
    )
