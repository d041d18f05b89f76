"""Handshakes, and what takes their place, that are compared with a visitor's handshake."""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import replace
from typing import Literal, assert_never

from diagnose.model import Failure
from diagnose.model.tcp import Connection
from diagnose.model.tls import Alert, Handshake, HandshakeVariant, Revocation
from diagnose.net import DEFAULT_TIMEOUT, tls_controls
from diagnose.net import tls as net_tls
from diagnose.net.tls import secure
from diagnose.parsers import tls as tls_parser
from diagnose.probes import ProbeContext
from diagnose.probes.outside.tls_attempts import Attempt, server_name
from diagnose.processes import parser_process

#: The handshakes that are made to compare a failed one with.
Comparison = Literal[
    "any-cipher",
    "plain",
    "no-sni",
    "other-sni",
    "lenient",
    "no-dhe",
    "small-hello",
    "tls1.2",
    "p-256",
]

#: A name that no server has (RFC 6761 section 6.4).
UNKNOWN_NAME = "nothing.invalid"

#: Seconds for a handshake that serves only for comparison: a server that answers visitors at once
#: but not this must not delay a healthy run.
_CONTROL_PATIENCE = 1.0


def control_timeout(connection: Connection) -> float:
    return _CONTROL_PATIENCE + 4 * connection.took


def start_controls(
    ctx: ProbeContext,
    connection: Connection,
    handshake: Handshake,
    variants: tuple[Comparison, ...],
) -> None:
    """Start the comparisons for a failure, unless another address did for the same failure."""
    same_failures = [
        candidate
        for candidate in ctx.observed(Handshake)
        if candidate.variant == "normal"
        and _failure_kind(candidate.failure) == _failure_kind(handshake.failure)
    ]
    if same_failures[0] is not handshake:
        return
    for variant in variants:
        ctx.start(_try_variant(ctx, connection, variant))


def _failure_kind(failure: Failure | None) -> tuple[str, int | None] | None:
    return (failure.kind, failure.code) if failure else None


async def _try_variant(ctx: ProbeContext, connection: Connection, variant: Comparison) -> None:
    name = server_name(ctx)
    match variant:
        case "any-cipher":
            await send_client_hello(ctx, connection, variant, tls_parser.TLS1_2, DEFAULT_TIMEOUT)
        case "plain":
            await _send_plain_request(ctx, connection)
        case "no-sni" | "other-sni":
            if name is not None:
                sni = None if variant == "no-sni" else UNKNOWN_NAME
                await _comparison_handshake(ctx, connection, variant, net_tls.client_context(), sni)
        case "lenient":
            await _comparison_handshake(
                ctx, connection, variant, tls_controls.lenient_context(), name
            )
        case "no-dhe":
            await _comparison_handshake(
                ctx, connection, variant, tls_controls.no_dhe_context(), name
            )
        case "small-hello":
            await _comparison_handshake(
                ctx, connection, variant, net_tls.small_hello_context(), name
            )
        case "tls1.2":
            await _comparison_handshake(ctx, connection, variant, net_tls.tls12_context(), name)
        case "p-256":
            await _comparison_handshake(ctx, connection, variant, tls_controls.p256_context(), name)
        case _:
            assert_never(variant)


async def _comparison_handshake(
    ctx: ProbeContext,
    connection: Connection,
    variant: HandshakeVariant,
    ssl_context: ssl.SSLContext,
    name: str | None,
) -> None:
    """Perform a handshake for comparison; its stream is not used further."""
    attempt = Attempt(connection, variant, name, ctx.elapsed())
    opened = await ctx.net.connect(connection.address, connection.port)
    if opened.stream is None:
        ctx.emit(replace(attempt.started(), took=opened.took, failure=opened.failure))
        return
    tls_result = await secure(opened.stream, ssl_context, name)
    if tls_result.stream is not None:
        tls_result.stream.close()
    ctx.emit(await attempt.completed(tls_result))


async def send_client_hello(
    ctx: ProbeContext,
    connection: Connection,
    variant: HandshakeVariant,
    version: int,
    timeout: float,
) -> None:
    """Send a hand-written ClientHello and emit how far the server answered it.

    The answer ends with the server's first flight, after which it is the client's turn.
    """
    attempt = Attempt(connection, variant, server_name(ctx), ctx.elapsed())
    reply = await _reply_to(
        ctx,
        connection,
        tls_parser.client_hello(attempt.name, version, staple=variant == "stapling"),
        lambda data: tls_parser.flight(data).complete or not tls_parser.looks_like_tls(data),
        timeout,
    )
    if reply is None:
        return
    data, failure = reply
    flight = tls_parser.flight(data)
    if flight.alert is not None:
        failure = _alert_failure(flight.alert)
    elif not tls_parser.looks_like_tls(data):
        failure = Failure("protocol", tls_parser.printable(data))
    elif failure is None and not flight.version:
        failure = Failure("protocol", "no ServerHello came")
    stapled = tls_parser.CERTIFICATE_STATUS in flight.messages if variant == "stapling" else None
    ctx.emit(
        replace(
            attempt.started(),
            took=ctx.elapsed() - attempt.at,
            failure=failure,
            protocol=flight.version,
            cipher=flight.cipher,
            alert=flight.alert,
            bytes_received=len(data),
            stapled=stapled if failure is None else None,
            wants_client_certificate=tls_parser.CERTIFICATE_REQUEST in flight.messages,
        )
    )
    if stapled:
        await _read_staple(ctx, data)


async def _read_staple(ctx: ProbeContext, data: bytes) -> None:
    """Emit what the stapled OCSP response says; one that cannot be read says nothing."""
    from diagnose.parsers.ocsp import stapled_response

    at = ctx.elapsed()
    try:
        revocation: Revocation = await parser_process.call(
            "diagnose.parsers.ocsp:parse_response", stapled_response(data)
        )
    except ValueError:
        return
    ctx.emit(replace(revocation, at=at))


def _alert_failure(alert: Alert) -> Failure:
    return Failure("alert", alert.name.replace("_", " "), alert.code, alert.name)


async def check_browser_key(ctx: ProbeContext, connection: Connection) -> None:
    """Ask for a certificate with the curves and signature algorithms of Chromium.

    A server may have a second certificate, which only other clients do not see.
    """
    attempt = Attempt(connection, "browser-key", server_name(ctx), ctx.elapsed())
    reply = await _reply_to(
        ctx,
        connection,
        tls_parser.browser_hello(attempt.name),
        lambda data: bool(tls_parser.flight(data).version or tls_parser.flight(data).alert),
        control_timeout(connection),
    )
    if reply is None:
        return
    data, failure = reply
    flight = tls_parser.flight(data)
    if flight.alert is not None:
        failure = _alert_failure(flight.alert)
    elif not flight.version:
        failure = failure or Failure("protocol", "no ServerHello came")
    ctx.emit(
        replace(
            attempt.started(),
            took=ctx.elapsed() - attempt.at,
            failure=failure,
            alert=flight.alert,
            bytes_received=len(data),
        )
    )


async def look_at_staple(ctx: ProbeContext, connection: Connection) -> None:
    """Ask once for the OCSP response that belongs to the certificate: it may be too old."""
    await send_client_hello(
        ctx, connection, "stapling", tls_parser.TLS1_2, control_timeout(connection)
    )


async def check_stapling(ctx: ProbeContext, connection: Connection) -> None:
    """Check whether an OCSP response is stapled to the certificate.

    nginx fetches one only after a client first requests it, so the second handshake counts.
    """
    await send_client_hello(
        ctx, connection, "stapling", tls_parser.TLS1_2, control_timeout(connection)
    )
    if any(handshake.stapled is False for handshake in ctx.observed(Handshake)):
        await asyncio.sleep(1.0)
        await send_client_hello(
            ctx, connection, "stapling", tls_parser.TLS1_2, control_timeout(connection)
        )


async def _send_plain_request(ctx: ProbeContext, connection: Connection) -> None:
    """Send an HTTP request instead of a handshake; its response is as small as possible."""
    attempt = Attempt(connection, "plain", ctx.target.host, ctx.elapsed())
    request = f"GET / HTTP/1.1\r\nHost: {ctx.target.host}\r\nConnection: close\r\n\r\n"
    reply = await _reply_to(
        ctx, connection, request.encode("ascii"), lambda data: b"\n" in data, DEFAULT_TIMEOUT
    )
    if reply is None:
        return
    data, failure = reply
    alert = tls_parser.flight(data).alert if tls_parser.looks_like_tls(data) else None
    ctx.emit(
        replace(
            attempt.started(),
            took=ctx.elapsed() - attempt.at,
            failure=None if data and not alert else failure,
            server_name=None,
            alert=alert,
            received="" if tls_parser.looks_like_tls(data) else tls_parser.printable(data),
            bytes_received=len(data),
        )
    )


async def _reply_to(
    ctx: ProbeContext,
    connection: Connection,
    data: bytes,
    is_complete: Callable[[bytes], bool],
    timeout: float,
) -> tuple[bytes, Failure | None] | None:
    """Return the reply to these bytes on a new connection, or None if it cannot be opened."""
    attempt = await ctx.net.connect(connection.address, connection.port, timeout)
    if attempt.stream is None:
        return None
    return await net_tls.send_and_receive(attempt.stream, data, is_complete, timeout)
