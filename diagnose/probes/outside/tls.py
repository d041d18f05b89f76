"""Probes for the TLS handshake as a browser performs it and, after a failure, for its cause.

A healthy site gets two connections: the visitor's and, concurrently on one address, a ClientHello
for TLS 1.1, to see whether obsolete versions are still offered. If the certificate names an OCSP
responder, a third to that address asks for the response that the server may send along. All other
comparisons happen after a failure, on the first address that shows it.
"""

import asyncio
import ssl
from dataclasses import replace

from diagnose.model import Failure, Unseen, Vantage
from diagnose.model.symptom import WITHOUT_NAME
from diagnose.model.tcp import Connection
from diagnose.model.tls import Handshake, HandshakeVariant
from diagnose.net import Stream, tls_controls
from diagnose.net import tls as net_tls
from diagnose.net.tls import HandshakeResult, secure
from diagnose.net.trusted_roots import Trust, trust
from diagnose.parsers import tls as tls_parser
from diagnose.probes import ProbeContext, probe
from diagnose.probes.outside.tls_attempts import Attempt, parse_certificates, server_name
from diagnose.probes.outside.tls_comparisons import (
    Comparison,
    check_browser_key,
    check_stapling,
    control_timeout,
    look_at_staple,
    send_client_hello,
    start_controls,
)

#: Failures in which the server gave no reason, so that comparisons are needed.
_SILENT_FAILURES = {"reset", "closed", "timeout"}
#: What an older client says, as pasted, that the server does not let in.
_OLD_CLIENTS = {"tls", "tls-parameters", "closed", "reset"}
#: What a client says of an outdated OCSP response that came along: GnuTLS has one word for
#: every fault of a certificate.
_ABOUT_CERTIFICATES = {"certificate-status", "certificate-untrusted", "certificate"}


@probe()
async def roots(ctx: ProbeContext) -> None:
    """Start loading the trusted roots and the certificate parser while connections open."""
    if not _in_scope(ctx):
        return
    trust_store = await asyncio.wrap_future(trust(ctx.options.cafile))
    if trust_store.problem:
        ctx.emit(Unseen(at=ctx.elapsed(), what="--cafile", why=trust_store.problem))
    if trust_store.empty:
        reason, enable = "this machine has none", "--cafile FILE"
        ctx.emit(Unseen(at=ctx.elapsed(), what="trusted roots", why=reason, enable=enable))
    await parse_certificates(())


@probe(after=Connection)
async def handshake(ctx: ProbeContext, connection: Connection) -> None:
    """Perform a visitor's handshake on each address, then what its outcome requires."""
    if connection.failure or connection.purpose != "target" or not _in_scope(ctx):
        return
    stream = ctx.take_stream(connection)
    if stream is None:
        return
    if _is_first(ctx, connection):
        ctx.start(
            send_client_hello(
                ctx, connection, "old", tls_parser.TLS1_1, control_timeout(connection)
            )
        )
    handshake = await _visitor_handshake(ctx, connection, stream, "normal", await _trust_store(ctx))
    if handshake.failure is None:
        _examine_further(ctx, connection, handshake)
    else:
        await _find_reason(ctx, connection, handshake, handshake.failure)


def _examine_further(ctx: ProbeContext, connection: Connection, handshake: Handshake) -> None:
    """Start what a handshake without a failure leaves open: the OCSP response, and what other
    clients are offered."""
    leaf = next(iter(handshake.chain), None)
    symptom = ctx.target.symptom
    # Without a responder's address no server is likely to staple a response, and none is asked for,
    # unless a program complains about one.
    if leaf and leaf.ocsp_urls and leaf.must_staple:
        ctx.start(check_stapling(ctx, connection))
    elif (symptom is not None and symptom.kind in _ABOUT_CERTIFICATES) or (
        leaf and leaf.ocsp_urls and _is_first(ctx, connection)
    ):
        ctx.start(look_at_staple(ctx, connection))
    if leaf and not (leaf.has_browser_key and handshake.has_browser_group):
        ctx.start(check_browser_key(ctx, connection))
    if handshake.takes_dhe:
        start_controls(ctx, connection, handshake, ("no-dhe",))
    if symptom is not None and symptom.kind in _OLD_CLIENTS:
        start_controls(ctx, connection, handshake, ("tls1.2", "p-256"))
    if symptom is not None and symptom.kind in WITHOUT_NAME:
        start_controls(ctx, connection, handshake, ("no-sni",))


async def _find_reason(
    ctx: ProbeContext, connection: Connection, handshake: Handshake, failure: Failure
) -> None:
    """Start the comparisons that may show why a handshake failed."""
    if failure.kind == "certificate":
        await _retry(ctx, connection, "unverified", net_tls.client_context())
    elif failure.kind in _SILENT_FAILURES and connection.vantage is Vantage.SERVER:
        # The comparisons find causes on the path, and from the server there is no path.
        return
    elif failure.kind in _SILENT_FAILURES:
        start_controls(ctx, connection, handshake, ("small-hello", "no-sni", "other-sni", "plain"))
        if failure.kind == "reset":
            from diagnose.probes.outside.name_trials import try_names

            ctx.start(try_names(ctx, handshake))
        await _retry(ctx, connection, "again", (await _trust_store(ctx)).context)
    elif handshake.received:
        start_controls(ctx, connection, handshake, ("plain",))
    else:
        no_dhe: tuple[Comparison, ...] = ("no-dhe",) if _is_dhe_failure(failure) else ()
        variants: tuple[Comparison, ...] = ("any-cipher", "tls1.2", "no-sni", "other-sni")
        start_controls(ctx, connection, handshake, (*variants, "lenient", *no_dhe))


def _is_dhe_failure(failure: Failure) -> bool:
    return (failure.name or "").startswith("DH_")


def _in_scope(ctx: ProbeContext) -> bool:
    secured = ctx.target.uses_tls
    layers = ("tls", "certificate", "http", "websocket")
    return secured and any(ctx.options.wants(layer) for layer in layers)


def _is_first(ctx: ProbeContext, connection: Connection) -> bool:
    """Whether this is the first open connection to the target's port."""
    open_connections = (
        candidate
        for candidate in ctx.observed(Connection)
        if candidate.purpose == "target" and not candidate.failure
    )
    return next(open_connections) is connection


async def _trust_store(ctx: ProbeContext) -> Trust:
    return await asyncio.wrap_future(trust(ctx.options.cafile))


async def _visitor_handshake(
    ctx: ProbeContext,
    connection: Connection,
    stream: Stream,
    variant: HandshakeVariant,
    trusted: Trust,
) -> Handshake:
    name, judged = server_name(ctx), not trusted.empty
    attempt = Attempt(connection, variant, name, ctx.elapsed(), judged)
    tls_result = await secure(stream, trusted.context, name)
    if tls_controls.wants_http2(tls_result):
        attempt, tls_result = await _retry_with_http2(ctx, attempt, tls_result, trusted)
    return ctx.emit(await attempt.completed(tls_result), live_stream=tls_result.stream)


async def _retry_with_http2(
    ctx: ProbeContext, first: Attempt, first_result: HandshakeResult, trusted: Trust
) -> tuple[Attempt, HandshakeResult]:
    """Repeat the handshake with HTTP/2 offered, as browsers do.

    If this succeeds, it is the visitor's handshake and the first one becomes the comparison
    "http/1.1"; otherwise this one is the comparison.
    """
    second, connection = replace(first, at=ctx.elapsed()), first.connection
    opened = await ctx.net.connect(connection.address, connection.port)
    if opened.stream is None:
        return first, first_result
    ssl_context = net_tls.client_context(net_tls.HTTP2)
    if trusted.context.verify_mode is not ssl.CERT_NONE:
        ssl_context = (await asyncio.wrap_future(trust(ctx.options.cafile, net_tls.HTTP2))).context
    second_result = await secure(opened.stream, ssl_context, first.name)
    if second_result.failure is None or second_result.failure.kind == "certificate":
        comparison = replace(first, variant="http/1.1", judged=False)
        ctx.emit(await comparison.completed(first_result))
        return second, second_result
    comparison = replace(second, variant="h2", judged=False)
    ctx.emit(await comparison.completed(second_result))
    return first, first_result


async def _retry(
    ctx: ProbeContext,
    connection: Connection,
    variant: HandshakeVariant,
    ssl_context: ssl.SSLContext,
) -> None:
    """Perform a handshake on a new connection, which later probes may use."""
    attempt = await ctx.net.connect(connection.address, connection.port)
    if attempt.stream is not None:
        trusted = Trust(ssl_context, empty=ssl_context.verify_mode is ssl.CERT_NONE)
        await _visitor_handshake(ctx, connection, attempt.stream, variant, trusted)
