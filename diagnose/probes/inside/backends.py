"""Probes for the applications behind Apache, Caddy and HAProxy, after the target's page has failed.

Where a site passes requests on with TLS, or gets no answer without it, the handshake is done from
the server; where plain HTTP is refused with 400, the page is then asked over TLS too. Where a page
loops, leads to http or is refused, the application is asked directly, with the headers that a proxy
should pass on and without them. HAProxy's own tries are in `haproxy_backends`.
"""

import asyncio
import errno
import shlex
from collections.abc import Awaitable, Callable
from dataclasses import replace

from diagnose.model import Vantage
from diagnose.model.addresses import bracketed
from diagnose.model.backends import BackendAnswer, BackendHandshake, BackendSocket
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.logs import ServerRequestError
from diagnose.model.program_logs import FailedUnit
from diagnose.model.web_servers import SiteRoute, WebServer, WebServerConfig
from diagnose.parsers import pem
from diagnose.parsers.host_addresses import addresses_of
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.openssl_output import verify_result
from diagnose.parsers.own_scheme import plain_addresses
from diagnose.parsers.redirects import leads_to_http, leads_to_itself
from diagnose.parsers.web_sites import inner_path, routes_of_error, routes_of_name
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside.remote_curl import UPGRADE_FIELDS, CurlResponse
from diagnose.probes.inside.unanswered import curl_or_unseen, emit_unanswered

#: Seconds for one handshake or request.
PATIENCE = 3

#: A visitor's address in X-Forwarded-For (RFC 5737: nobody's).
VISITOR = "192.0.2.1"

#: Why a connection to a Unix socket fails (connect(2)): no file, nobody listens, no right.
_SOCKET_ERRORS = {errno.ENOENT, errno.ECONNREFUSED, errno.EACCES}

#: Statuses with which an application refuses a request for its headers.
REFUSALS = frozenset({400, 403, 404, 421})

#: Whether a visitor's page failed, and what is asked then.
Question = Callable[[ProbeContext, Exchange], bool]
Ask = Callable[[ProbeContext, WebServerConfig], Awaitable[None]]


@probe(after=WebServerConfig)
async def backends_of_config(ctx: ProbeContext, config: WebServerConfig) -> None:
    await _ask(ctx, config)
    for upgrade in ctx.observed(Upgrade):
        await _ask_websockets(ctx, config, upgrade)


@probe(after=Exchange)
async def backends_of_page(ctx: ProbeContext, exchange: Exchange) -> None:
    await ask_after_first(ctx, exchange, _has_failed, _ask)


async def ask_after_first(
    ctx: ProbeContext, exchange: Exchange, has_failed: Question, ask: Ask
) -> None:
    """Ask once, of each server's configuration: after the first page that failed."""
    failed = [page for page in ctx.observed(Exchange) if has_failed(ctx, page)]
    if failed and failed[0] is exchange:
        for config in ctx.observed(WebServerConfig):
            await ask(ctx, config)


@probe(after=Upgrade)
async def backends_of_websocket(ctx: ProbeContext, upgrade: Upgrade) -> None:
    for config in ctx.observed(WebServerConfig):
        await _ask_websockets(ctx, config, upgrade)


async def _ask_websockets(ctx: ProbeContext, config: WebServerConfig, upgrade: Upgrade) -> None:
    """Where a server replaces the Host, ask for a refused WebSocket with both names: applications
    compare the Origin with the Host."""
    answered_paths = {answer.path for answer in ctx.observed(BackendAnswer) if answer.websocket}
    if (
        not upgrade.is_visit
        or upgrade.accepted
        or upgrade.path in answered_paths
        or not is_holder(ctx, config)
    ):
        return
    if upgrade.status not in REFUSALS:
        return
    path = upgrade.path.partition("?")[0]
    for route in routes_of_name(config, ctx.target.port, ctx.target.host, path, websocket=True):
        if route.host and not route.keeps_host and route.scheme in {"ws", "http"}:
            own = route.replacement_host
            origin = upgrade.origin or ctx.target.origin
            for host in (ctx.target.authority, own):
                await _ask_websocket(ctx, route, upgrade.path, host, origin)


async def _ask_websocket(
    ctx: ProbeContext, route: SiteRoute, path: str, host: str, origin: str
) -> None:
    # A server in front says how visitors came; an application may redirect a handshake without it.
    proto = "https" if ctx.target.uses_tls else "http"
    question = replace(_question(ctx, route, path, host), websocket=True, proto=proto)
    forwarded = f"X-Forwarded-Proto: {proto}"
    fields = (f"Host: {host}", forwarded, *UPGRADE_FIELDS, f"Origin: {origin}")
    inner = inner_path(route, path)
    url = f"http://{route.authority}{inner}"
    response = await curl_or_unseen(ctx, url, fields, ("--noproxy", "*"))
    _emit_answer(ctx, question, response)


def _has_failed(ctx: ProbeContext, exchange: Exchange) -> bool:
    """Return whether a visitor got an error, a refusal, or a redirect to the same URL or to
    http."""
    if not exchange.is_page_of(ctx.target):
        return False
    status = exchange.status or 0
    return (
        exchange.failure is not None
        or status >= 500
        or status in REFUSALS
        or leads_to_itself(exchange)
        or leads_to_http(exchange)
    )


async def _ask(ctx: ProbeContext, config: WebServerConfig) -> None:
    failed = [exchange for exchange in ctx.observed(Exchange) if _has_failed(ctx, exchange)]
    if failed and (failed[0].status == 400 or leads_to_itself(failed[0])):
        # Imported late: few pages are refused so.
        from diagnose.probes.inside.repeated_fields import try_repeated_fields

        await try_repeated_fields(ctx, config, VISITOR)
    if not failed or not is_holder(ctx, config):
        return
    # A redirect and a refusal are answers of the application; an error is one of the server.
    is_answer = failed[0].failure is None and (failed[0].status or 0) < 500
    path = ctx.target.path_without_query
    is_error = (failed[0].status or 0) > 500
    routes = (
        routes_of_error(config, ctx.target.port, ctx.target.host, path)
        if is_error
        else routes_of_name(config, ctx.target.port, ctx.target.host, path, False)
    )
    for route in routes[:2]:
        if route.socket and not is_answer:
            await _ask_socket(ctx, route)
        if not route.host:
            continue
        # 502 over plain HTTP: an application that wants TLS may end the connection without a word.
        is_secure = route.scheme in {"https", "wss"}
        if (is_secure and not is_answer) or (route.scheme == "http" and failed[0].status == 502):
            is_done = await shake(ctx, route, route.server_name or route.host)
            # A server of many names may refuse visitors who name none.
            names = dict.fromkeys(filter(None, (ctx.target.host, route.sent_host)))
            for name in names if is_secure and not route.server_name else ():
                if not is_done:
                    is_done = await shake(ctx, route, name)
        elif route.scheme == "http" and is_answer:
            await asyncio.gather(
                _compare(ctx, route, failed[0].method), _ask_over_tls(ctx, route, failed[0])
            )
        elif route.scheme == "https":
            await _compare(ctx, route, failed[0].method)
        elif route.scheme == "http" and config.product == "haproxy":
            # Its health check may have been refused, so that it has no server.
            await _ask_over_tls(ctx, route, failed[0])


async def _ask_over_tls(ctx: ProbeContext, route: SiteRoute, page: Exchange) -> None:
    """Try TLS where plain HTTP is refused, as at a port of TLS: whoever asks again in plain HTTP
    repeats the mistake of the server in front."""
    if page.status not in {400, 503} or page.method == "POST":
        return
    if not await shake(ctx, route, route.host, is_page_asked=True) and is_address(route.host):
        await shake(ctx, route, ctx.target.host, is_page_asked=True)


def is_holder(ctx: ProbeContext, config: WebServerConfig) -> bool:
    """Return whether the server of this configuration has the target's port."""
    return any(
        server.product == config.product and ctx.target.port in server.ports and not server.foreign
        for server in ctx.observed(WebServer)
    )


async def shake(
    ctx: ProbeContext, route: SiteRoute, name: str, is_page_asked: bool = False
) -> bool:
    """Emit a handshake with this name; return whether it was completed, or the port has no TLS.
    Where plain HTTP was refused (`is_page_asked`), the page is asked over TLS."""
    at = ctx.elapsed()
    place = route.authority
    # Nobody sends an address as the name (RFC 6066 section 3).
    sent = ["-noservername"] if not name or is_address(name) else ["-servername", name]
    argv = ["openssl", "s_client", "-connect", place, *sent, "-showcerts"]
    argv += ["-CAfile", route.authorities] if route.authorities else []
    # Its standard input is empty, so it ends after the handshake.
    result = await ctx.machine.run(*argv, timeout=PATIENCE)
    if result.failure is not None and result.failure.kind == "missing":
        emit_unanswered(ctx, f"the TLS handshake with {place}", result)
        return True
    code, text = verify_result(result.out)
    chain, _ = await asyncio.to_thread(pem.certificates, result.out)
    is_asked = (code is None or route.scheme == "http") and not is_page_asked
    plain = is_asked and await _answers_plain(ctx, place)
    status = (
        await _status_over_tls(ctx, route, name) if is_page_asked and code is not None else None
    )
    ctx.emit(
        BackendHandshake(
            vantage=Vantage.SERVER,
            at=at,
            took=ctx.elapsed() - at,
            equivalent=f"{shlex.join(argv)} </dev/null",
            target=route.target,
            host=route.host,
            port=route.port,
            server_name=name,
            verify_code=code,
            verify_text=text,
            plain=plain,
            status=status,
            chain=chain if code is not None else (),
        )
    )
    return plain or code is not None


async def _status_over_tls(ctx: ProbeContext, route: SiteRoute, name: str) -> int | None:
    """Return the status of the target's page over TLS with this name, with the Host that the
    server sends; None without an answer."""
    host = ctx.target.authority if route.keeps_host else route.replacement_host
    options, base = ["-k", "--noproxy", "*"], route.authority
    if not is_address(name) and name != route.host:
        base = f"{name}:{route.port}"
        options += ["--connect-to", f"{base}:{route.authority}"]
    url = f"https://{base}{inner_path(route, ctx.target.path)}"
    fields = (f"Host: {host}", "X-Forwarded-Proto: https")
    response = await curl_or_unseen(ctx, url, fields, tuple(options), PATIENCE)
    return response.status if response else None


async def _ask_socket(ctx: ProbeContext, route: SiteRoute) -> None:
    at = ctx.elapsed()
    files = await ctx.machine.glob(route.socket)
    status, command = None, f"ls -l {shlex.quote(route.socket)}"
    if not files:
        # A list of files over a slow connection is empty too.
        listing = await ctx.machine.run("ls", "-l", route.socket)
        if listing.failure is not None and listing.failure.kind == "timeout":
            emit_unanswered(ctx, route.socket, listing, command)
            return
    if files and route.scheme in {"http", "https"}:
        options = ("--unix-socket", route.socket)
        fields = (f"Host: {ctx.target.authority}",)
        url = f"{route.scheme}://localhost{inner_path(route, ctx.target.path)}"
        response = await curl_or_unseen(ctx, url, fields, options, PATIENCE)
        status = response.status if response else None
        command = response.equivalent if response else command
    ctx.emit(
        BackendSocket(
            vantage=Vantage.SERVER,
            at=at,
            took=ctx.elapsed() - at,
            equivalent=command,
            target=route.target,
            path=route.socket,
            exists=bool(files),
            status=status,
        )
    )
    server = next(
        (
            web_server
            for web_server in ctx.observed(WebServer)
            if ctx.target.port in web_server.ports
        ),
        None,
    )
    if server is not None and server.pid and not server.container:
        # Imported late: few applications have a socket.
        from diagnose.probes.inside.upstream_access import emit_socket_of

        await emit_socket_of(ctx, server.pid, route.socket)


@probe(after=ServerRequestError)
async def socket_of_error(ctx: ProbeContext, error: ServerRequestError) -> None:
    """Look at the Unix socket to which Apache's log says that it could not connect: who may use it,
    the sockets on which programs listen, and where nobody listens on this one the pool of PHP-FPM
    and the services that do not run."""
    if error.reason != "socket" or error.errno not in _SOCKET_ERRORS:
        return
    server = next(
        (
            web_server
            for web_server in ctx.observed(WebServer)
            if ctx.target.port in web_server.ports
        ),
        None,
    )
    if server is not None and server.container:
        return
    # Imported late: few applications have a socket.
    from diagnose.probes.inside.upstream_access import emit_socket_of

    await emit_socket_of(ctx, (server.pid if server else None) or 0, error.file)
    is_known = any(unit.endpoint == error.file for unit in ctx.observed(FailedUnit))
    if error.errno != errno.EACCES and not is_known:
        from diagnose.probes.inside.failed_services import look_at_units

        await look_at_units(ctx, error.file)


async def _answers_plain(ctx: ProbeContext, place: str) -> bool:
    """Return whether the port speaks plain HTTP. A TLS server may answer that with 400, to say that
    it wants TLS."""
    options = ("--noproxy", "*")
    response = await curl_or_unseen(ctx, f"http://{place}/", (), options, PATIENCE)
    if response is None or response.status is None:
        return False
    return response.status != 400 or "HTTPS" not in response.body


async def _compare(ctx: ProbeContext, route: SiteRoute, method: str) -> None:
    """Ask for the page as a proxy should, without X-Forwarded-Proto, with the application's own
    address as Host, and as a visitor's proxy with X-Forwarded-For."""
    own = route.replacement_host
    for host, proto, visitor in (
        (ctx.target.authority, "https", ""),
        (ctx.target.authority, "", ""),
        (own, "https", ""),
        (ctx.target.authority, "https", VISITOR),
    ):
        await ask_application(ctx, route, host, proto, visitor, method)


async def ask_application(
    ctx: ProbeContext,
    route: SiteRoute,
    host: str,
    proto: str,
    visitor: str = "",
    method: str = "GET",
) -> None:
    """Emit the application's answer to the target's page with these values of Host,
    X-Forwarded-Proto and X-Forwarded-For ("" for a field that is not sent)."""
    path = inner_path(route, ctx.target.path)
    question = replace(_question(ctx, route, path, host), proto=proto, forwarded_for=bool(visitor))
    fields = [f"Host: {host}", *((f"X-Forwarded-Proto: {proto}",) if proto else ())]
    fields += [f"X-Forwarded-For: {visitor}"] if visitor else []
    # Who is behind it the server in front has verified, or does not want to.
    options = ["--noproxy", "*", *(["-k"] if route.scheme == "https" else [])]
    if method == "POST":
        # A POST without a body, as the user asked for it (ADR 41).
        fields += [f"Origin: {ctx.target.origin}", "Content-Length: 0"]
        options += ["-X", "POST"]
    authority = route.authority
    if route.scheme == "https" and route.server_name not in {"", route.host}:
        # The name in TLS is the one that the server in front sends.
        options += ["--connect-to", f"::{authority}"]
        authority = f"{bracketed(route.server_name)}:{route.port}"
    url = f"{route.scheme}://{authority}{path}"
    response = await curl_or_unseen(ctx, url, tuple(fields), tuple(options), PATIENCE)
    _emit_answer(ctx, question, response)


def _question(ctx: ProbeContext, route: SiteRoute, path: str, host: str) -> BackendAnswer:
    """Return the observation of a request to an application, as far as it is known before the
    answer."""
    return BackendAnswer(
        vantage=Vantage.SERVER, at=ctx.elapsed(), target=route.target, path=path, host=host
    )


def _emit_answer(ctx: ProbeContext, question: BackendAnswer, response: CurlResponse | None) -> None:
    if response is not None:
        ctx.emit(
            replace(
                question,
                took=response.took,
                equivalent=response.equivalent,
                failure=None if response.status else response.failure,
                status=response.status,
                location=response.location,
                secure_cookies=response.secure_cookies,
                plain_addresses=plain_addresses(response.text, ctx.target.host),
                host_addresses=addresses_of(response.text, question.host),
            )
        )
