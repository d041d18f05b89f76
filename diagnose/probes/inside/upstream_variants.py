"""Probes that talk to applications in several ways: with or without TLS, with other server names.

They show what nginx does, what fails, and what works instead.

On this machine they use our own sockets. Over SSH they use the server's curl with addresses, so
that it sends no SNI that nginx would not send.
"""

import asyncio
import shlex
from collections.abc import Awaitable
from dataclasses import replace

from diagnose.machine import CommandResult
from diagnose.machine.script_files import read_script
from diagnose.model import Failure, Unseen, Vantage
from diagnose.model.addresses import bracketed
from diagnose.model.frozen import frozen
from diagnose.model.upstream import UpstreamTalk
from diagnose.net import DEFAULT_TIMEOUT, Stream
from diagnose.parsers import curl_output
from diagnose.parsers.curl_output import CurlAttempt
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.nginx.upstreams import Endpoint
from diagnose.probes import ProbeContext, emit_not_observed
from diagnose.probes.inside import upstream_routes
from diagnose.probes.inside.upstream_routes import UpstreamRoute

TRY_SCRIPT = read_script(__file__, "try_upstream.sh")


@frozen
class Conversation:
    """One way to talk to one server of an upstream.

    `address` is one of the server's, "" for a Unix socket and for all addresses of its name. With
    `secure`, TLS is spoken with `server_name` as SNI, or without one for "". `as_nginx` is True if
    nginx is configured to do the same. If it `asks`, the page is requested after the handshake too.
    """

    route: UpstreamRoute
    endpoint: Endpoint
    address: str
    secure: bool
    server_name: str = ""
    as_nginx: bool = False
    asks: bool = False

    def started(self, at: float) -> UpstreamTalk:
        """Return the observation of this conversation, without its outcome."""
        return UpstreamTalk(
            vantage=Vantage.SERVER,
            at=at,
            target=self.route.upstream.target,
            host=self.endpoint.host,
            port=self.endpoint.port,
            address=self.address,
            socket=self.endpoint.socket,
            speaks="https" if self.secure else "http",
            server_name=self.server_name,
            as_nginx=self.as_nginx,
        )

    def curl_command(self, host: str) -> str:
        """Return the equivalent curl command; `host` is the Host field."""
        argv = ["curl", "-sSik", "-m", "5", "-H", f"Host: {host}"]
        argv += ["--unix-socket", self.endpoint.socket] if self.endpoint.socket else []
        address = bracketed(self.address or self.endpoint.host)
        authority = "localhost" if self.endpoint.socket else f"{address}:{self.endpoint.port}"
        scheme = "https" if self.secure else "http"
        return shlex.join([*argv, f"{scheme}://{authority}{self.route.upstream_path}"])

    def openssl_command(self) -> str:
        """Return the equivalent command for the handshake."""
        peer = f"{bracketed(self.address)}:{self.endpoint.port}"
        peer = f"unix:{self.endpoint.socket}" if self.endpoint.socket else peer
        sni = ("-servername", self.server_name) if self.server_name else ("-noservername",)
        return shlex.join(("openssl", "s_client", "-connect", peer, *sni)) + " </dev/null"


async def try_endpoint(ctx: ProbeContext, route: UpstreamRoute, endpoint: Endpoint) -> None:
    """Connect to each address of one server; perform the TLS handshake if nginx would."""
    if ctx.machine.via != "local":
        await _try_by_curl(ctx, route, endpoint)
        return
    addresses = (
        ("",) if endpoint.socket else await upstream_routes.resolve_addresses(ctx, endpoint.host)
    )
    await asyncio.gather(*(_try_address(ctx, route, endpoint, address) for address in addresses))


async def _try_address(
    ctx: ProbeContext, route: UpstreamRoute, endpoint: Endpoint, address: str
) -> None:
    at = ctx.elapsed()
    attempt = await upstream_routes.connect(ctx, endpoint, address)
    ctx.emit(
        replace(
            upstream_routes.upstream_try_of(route, endpoint, address, at),
            took=attempt.took,
            equivalent=upstream_routes.connect_command(endpoint, address),
            failure=attempt.failure,
        )
    )
    if attempt.stream is None:
        return
    if not route.upstream.secure:
        attempt.stream.close()
        return
    name = upstream_routes.server_name(ctx, route)
    conversation = Conversation(route, endpoint, address, True, name, as_nginx=True)
    variant = await _try_handshake(ctx, conversation, attempt.stream)
    await try_variants(ctx, route, endpoint, variant)


async def _try_by_curl(ctx: ProbeContext, route: UpstreamRoute, endpoint: Endpoint) -> None:
    at, secure = ctx.elapsed(), route.upstream.secure
    name = upstream_routes.server_name(ctx, route)
    conversation = Conversation(route, endpoint, "", secure, name, as_nginx=True)
    result, command = await _run_curl(ctx, conversation, "/")
    if result.status == 127:
        _emit_no_curl(ctx, at)
        return
    for curl_attempt in curl_output.attempts(result.out):
        is_named = not endpoint.socket and is_address(curl_attempt.address)
        address = curl_attempt.address if is_named else ""
        ctx.emit(
            replace(
                upstream_routes.upstream_try_of(route, endpoint, address, at),
                took=result.took,
                equivalent=command,
                failure=_connect_failure(curl_attempt, endpoint),
            )
        )
        if secure and curl_attempt.connected:
            variant = _ended(replace(conversation, address=address).started(at), curl_attempt)
            variant = ctx.emit(replace(variant, took=result.took, equivalent=command))
            await try_variants(ctx, route, endpoint, variant)


def _connect_failure(curl_attempt: CurlAttempt, endpoint: Endpoint) -> Failure | None:
    """Return why TCP did not connect. EACCES of a Unix socket is about its permissions."""
    failure = None if curl_attempt.connected else curl_attempt.failure
    if failure and failure.kind == "unreachable" and failure.code == 13 and endpoint.socket:
        return Failure("denied", failure.message, 13, "EACCES")
    return failure


def _emit_no_curl(ctx: ProbeContext, at: float) -> None:
    subject, reason = "the applications behind nginx", "the server has no curl"
    if not any(not_observed.what == subject for not_observed in ctx.observed(Unseen)):
        emit_not_observed(ctx, subject, reason, "run diagnose on the server", at=at)


async def try_variants(
    ctx: ProbeContext, route: UpstreamRoute, endpoint: Endpoint, variant: UpstreamTalk
) -> None:
    """If nginx's handshake failed, try without TLS and with other server names."""
    if variant.failure is None:
        return
    work: list[Awaitable[object]] = []
    if variant.failure.kind in {"protocol", "timeout", "closed", "reset"}:
        work.append(_converse(ctx, Conversation(route, endpoint, variant.address, secure=False)))
    if variant.failure.kind in {"alert", "closed", "reset"}:
        work.append(try_server_names(ctx, route, endpoint, variant.address, variant.server_name))
    await asyncio.gather(*work)


async def try_server_names(
    ctx: ProbeContext,
    route: UpstreamRoute,
    endpoint: Endpoint,
    address: str,
    sent: str | None,
    asks: bool = False,
) -> None:
    """Try handshakes with server names that the application may expect, until one succeeds.

    If `sent` is None, first try without a name; do nothing if the endpoint was tried before.
    If it `asks`, request the page too, and stop where the port does not speak TLS.
    """
    known_keys = {
        (variant.target, variant.host, variant.port, variant.socket)
        for variant in ctx.observed(UpstreamTalk)
    }
    if (
        sent is None
        and (route.upstream.target, endpoint.host, endpoint.port, endpoint.socket) in known_keys
    ):
        return
    names = upstream_routes.other_names(ctx, route, endpoint, sent or "")
    for name in ("", *names) if sent is None else names:
        conversation = Conversation(route, endpoint, address, True, name, asks=asks)
        variant = await _converse(ctx, conversation)
        failure = variant.failure
        if failure is None or (asks and failure.kind not in {"alert", "closed", "reset"}):
            break


async def _converse(ctx: ProbeContext, conversation: Conversation) -> UpstreamTalk:
    """Try the upstream with another scheme or SNI."""
    if ctx.machine.via != "local":
        return await _converse_by_curl(ctx, conversation)
    if conversation.secure:
        return await _try_handshake(ctx, conversation)
    return await _try_plain(ctx, conversation)


async def _converse_by_curl(ctx: ProbeContext, conversation: Conversation) -> UpstreamTalk:
    at, path = ctx.elapsed(), conversation.route.upstream_path
    result, command = await _run_curl(ctx, conversation, path)
    failure = result.failure or Failure("other", "no answer")
    curl_attempt = next(iter(curl_output.attempts(result.out)), CurlAttempt(failure=failure))
    variant = _ended(conversation.started(at), curl_attempt, conversation.asks)
    return ctx.emit(replace(variant, took=result.took, equivalent=command))


async def _try_plain(ctx: ProbeContext, conversation: Conversation) -> UpstreamTalk:
    """Request nginx's path without TLS."""
    at, route = ctx.elapsed(), conversation.route
    host = upstream_routes.host_header(ctx, route)
    opened = await upstream_routes.open_stream(
        ctx, conversation.endpoint, conversation.address, False, ""
    )
    status, failure = None, opened if isinstance(opened, Failure) else None
    if not isinstance(opened, Failure):
        status, _, failure, *_ = await upstream_routes.request_page(
            opened, route.upstream_path, host, 2.0
        )
    return ctx.emit(
        replace(
            conversation.started(at),
            took=ctx.elapsed() - at,
            equivalent=conversation.curl_command(host),
            failure=failure,
            status=status,
        )
    )


async def _try_handshake(
    ctx: ProbeContext, conversation: Conversation, opened: Stream | None = None
) -> UpstreamTalk:
    """Perform a TLS handshake on the `opened` stream, or on a new one."""
    from diagnose.net import tls as net_tls

    at, failure, protocol, status = ctx.elapsed(), None, "", None
    stream = opened or await upstream_routes.open_stream(
        ctx, conversation.endpoint, conversation.address, False, ""
    )
    if isinstance(stream, Failure):
        failure = stream
    else:
        tls_result = await net_tls.secure(
            stream, net_tls.client_context(), conversation.server_name or None, DEFAULT_TIMEOUT
        )
        failure, protocol = tls_result.failure, tls_result.protocol
        if tls_result.stream and conversation.asks:
            route, host = conversation.route, upstream_routes.host_header(ctx, conversation.route)
            status, _, failure, *_ = await upstream_routes.request_page(
                tls_result.stream, route.upstream_path, host, 2.0
            )
        elif tls_result.stream:
            tls_result.stream.close()
    return ctx.emit(
        replace(
            conversation.started(at),
            took=ctx.elapsed() - at,
            equivalent=conversation.openssl_command(),
            failure=failure,
            status=status,
            protocol=protocol,
        )
    )


def _ended(variant: UpstreamTalk, curl_attempt: CurlAttempt, asks: bool = False) -> UpstreamTalk:
    """Return a conversation with the outcome that curl prints.

    If a TLS handshake succeeded, later failures do not count, unless the page was asked for.
    """
    is_handshake = variant.speaks == "https" and curl_attempt.secured and not asks
    return replace(
        variant,
        failure=None if is_handshake else curl_attempt.failure,
        status=curl_attempt.status,
        protocol=curl_attempt.protocol,
    )


async def _run_curl(
    ctx: ProbeContext, conversation: Conversation, path: str
) -> tuple[CommandResult, str]:
    """Run the server's curl for one address, or for all addresses of a name."""
    endpoint, address = conversation.endpoint, conversation.address
    host = upstream_routes.host_header(ctx, conversation.route)
    addresses = (address,) if address else (endpoint.host,) if is_address(endpoint.host) else ()
    addresses = (endpoint.socket,) if endpoint.socket else addresses
    scheme, name = "https" if conversation.secure else "http", conversation.server_name
    words = (endpoint.host, str(endpoint.port), scheme, path, name, host)
    result = await ctx.machine.run("sh", "-c", TRY_SCRIPT, "sh", *words, *addresses, timeout=14.0)
    return result, conversation.curl_command(host)
