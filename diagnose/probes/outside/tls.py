"""Probes for the TLS handshake as a browser performs it and, after a failure, for its cause.

A healthy site gets two connections: the visitor's and, concurrently on one address, a ClientHello
for TLS 1.1, to see whether obsolete versions are still offered. All other comparisons happen
after a failure, on the first address that shows it.
"""

import asyncio
import ssl
from collections.abc import Callable
from typing import Literal, assert_never

from diagnose.model import Failure, Observation, Unseen, Vantage
from diagnose.model.tcp import Connection
from diagnose.model.tls import Certificate, Handshake, HandshakeVariant
from diagnose.net import DEFAULT_TIMEOUT, ConnectResult, Stream, tls_controls
from diagnose.net import tls as net_tls
from diagnose.net.tls import HandshakeResult, Trust, secure, trust
from diagnose.parsers import tls as tls_parser
from diagnose.parsers.hostnames import is_address
from diagnose.probes import ProbeContext, probe
from diagnose.processes import parser_process

#: A name that no server has (RFC 6761 section 6.4).
UNKNOWN_NAME = "nothing.invalid"

#: The handshakes that are made to compare a failed one with.
_Comparison = Literal[
    "any-cipher", "plain", "no-sni", "other-sni", "lenient", "no-dhe", "small-hello", "tls1.2"
]
#: Failures in which the server gave no reason, so that comparisons are needed.
_SILENT_FAILURES = {"reset", "closed", "timeout"}

#: Seconds for a handshake that serves only for comparison: a server that answers visitors at once
#: but not this must not delay a healthy run.
_CONTROL_PATIENCE = 1.0


@probe()
async def roots(ctx: ProbeContext) -> None:
    """Start loading the trusted roots and the certificate parser while connections open."""
    if not _in_scope(ctx):
        return
    trust_store = await asyncio.wrap_future(trust(ctx.options.cafile))
    if trust_store.problem:
        _emit_not_observed(ctx, "--cafile", trust_store.problem, "")
    if trust_store.empty:
        _emit_not_observed(ctx, "trusted roots", "this machine has none", "--cafile FILE")
    await _parse_certificates(())


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
            _send_client_hello(
                ctx, connection, "old", tls_parser.TLS1_1, _control_timeout(connection)
            )
        )
    handshake = await _visitor_handshake(ctx, connection, stream, "normal", await _trust_store(ctx))
    if handshake.failure is None:
        # Without a responder's address no server can staple a response, so none is requested.
        if handshake.chain and handshake.chain[0].must_staple and handshake.chain[0].ocsp_urls:
            ctx.start(_check_stapling(ctx, connection))
    elif handshake.failure.kind == "certificate":
        await _retry(ctx, connection, "unverified", net_tls.client_context())
    elif handshake.failure.kind in _SILENT_FAILURES and connection.vantage is Vantage.SERVER:
        # The comparisons find causes on the path, and from the server there is no path.
        return
    elif handshake.failure.kind in _SILENT_FAILURES:
        _start_controls(ctx, connection, handshake, ("small-hello", "no-sni", "other-sni", "plain"))
        await _retry(ctx, connection, "again", (await _trust_store(ctx)).context)
    elif handshake.received:
        _start_controls(ctx, connection, handshake, ("plain",))
    else:
        variants: tuple[_Comparison, ...] = (
            "any-cipher",
            "tls1.2",
            "no-sni",
            "other-sni",
            "lenient",
        )
        _start_controls(
            ctx,
            connection,
            handshake,
            (*variants, "no-dhe") if _is_dhe_failure(handshake) else variants,
        )


def _is_dhe_failure(handshake: Handshake) -> bool:
    return bool(handshake.failure and (handshake.failure.name or "").startswith("DH_"))


def _in_scope(ctx: ProbeContext) -> bool:
    secured = ctx.target.scheme in {"https", "wss"}
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


def _control_timeout(connection: Connection) -> float:
    return _CONTROL_PATIENCE + 4 * connection.took


async def _trust_store(ctx: ProbeContext) -> Trust:
    return await asyncio.wrap_future(trust(ctx.options.cafile))


def _server_name(ctx: ProbeContext) -> str | None:
    """Return the SNI to send: the host, or None for an address (RFC 6066 section 3)."""
    return None if is_address(ctx.target.host) else ctx.target.host


async def _parse_certificates(ders: tuple[bytes, ...]) -> tuple[Certificate, ...]:
    """Parse certificates in the parser process; importing the library takes 20 ms, once."""
    certificates: tuple[Certificate, ...] = await parser_process.call(
        "diagnose.parsers.x509:parse_chain", ders
    )
    return certificates


async def _visitor_handshake(
    ctx: ProbeContext,
    connection: Connection,
    stream: Stream,
    variant: HandshakeVariant,
    trusted: Trust,
) -> Handshake:
    start_time, name = ctx.elapsed(), _server_name(ctx)
    tls_result = await secure(stream, trusted.context, name)
    if tls_controls.wants_http2(tls_result):
        start_time, tls_result = await _retry_with_http2(
            ctx, connection, start_time, tls_result, trusted
        )
    handshake = await _build_handshake(
        ctx, connection, variant, name, start_time, tls_result, trusted.empty
    )
    return ctx.emit(handshake, live_stream=tls_result.stream)


async def _retry_with_http2(
    ctx: ProbeContext,
    connection: Connection,
    start_time: float,
    tls_result: HandshakeResult,
    trusted: Trust,
) -> tuple[float, HandshakeResult]:
    """Repeat the handshake with HTTP/2 offered, as browsers do.

    If this succeeds, it is the visitor's handshake and the first one becomes the comparison
    "http/1.1"; otherwise this one is the comparison.
    """
    name, second_start = _server_name(ctx), ctx.elapsed()
    attempt = await ctx.net.connect(connection.address, connection.port)
    if attempt.stream is None:
        return start_time, tls_result
    ssl_context = net_tls.client_context(net_tls.HTTP2)
    if trusted.context.verify_mode is not ssl.CERT_NONE:
        ssl_context = (await asyncio.wrap_future(trust(ctx.options.cafile, net_tls.HTTP2))).context
    second_result = await secure(attempt.stream, ssl_context, name)
    if second_result.failure is None or second_result.failure.kind == "certificate":
        ctx.emit(
            await _build_handshake(
                ctx, connection, "http/1.1", name, start_time, tls_result, unjudged=True
            )
        )
        return second_start, second_result
    ctx.emit(
        await _build_handshake(
            ctx, connection, "h2", name, second_start, second_result, unjudged=True
        )
    )
    return start_time, tls_result


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


def _start_controls(
    ctx: ProbeContext,
    connection: Connection,
    handshake: Handshake,
    variants: tuple[_Comparison, ...],
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


async def _try_variant(ctx: ProbeContext, connection: Connection, variant: _Comparison) -> None:
    name = _server_name(ctx)
    match variant:
        case "any-cipher":
            await _send_client_hello(ctx, connection, variant, tls_parser.TLS1_2, DEFAULT_TIMEOUT)
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
    start_time = ctx.elapsed()
    attempt = await ctx.net.connect(connection.address, connection.port)
    if attempt.stream is None:
        _emit_failed_connection(ctx, connection, variant, name, start_time, attempt)
        return
    tls_result = await secure(attempt.stream, ssl_context, name)
    if tls_result.stream is not None:
        tls_result.stream.close()
    ctx.emit(
        await _build_handshake(
            ctx, connection, variant, name, start_time, tls_result, unjudged=True
        )
    )


async def _send_client_hello(
    ctx: ProbeContext,
    connection: Connection,
    variant: HandshakeVariant,
    version: int,
    timeout: float,
) -> None:
    """Send a hand-written ClientHello and emit how far the server answered it.

    The answer ends with the server's first flight, after which it is the client's turn.
    """
    start_time, name = ctx.elapsed(), _server_name(ctx)
    reply = await _reply_to(
        ctx,
        connection,
        tls_parser.client_hello(name, version, staple=variant == "stapling"),
        lambda data: tls_parser.flight(data).complete or not tls_parser.looks_like_tls(data),
        timeout,
    )
    if reply is None:
        return
    data, failure = reply
    flight = tls_parser.flight(data)
    if flight.alert is not None:
        alert = flight.alert
        failure = Failure("alert", alert.name.replace("_", " "), alert.code, alert.name)
    elif not tls_parser.looks_like_tls(data):
        failure = Failure("protocol", tls_parser.printable(data))
    elif failure is None and not flight.version:
        failure = Failure("protocol", "no ServerHello came")
    stapled = tls_parser.CERTIFICATE_STATUS in flight.messages if variant == "stapling" else None
    ctx.emit(
        Handshake(
            at=start_time,
            took=ctx.elapsed() - start_time,
            equivalent=_equivalent(connection, variant, name),
            failure=failure,
            address=connection.address,
            port=connection.port,
            server_name=name,
            variant=variant,
            protocol=flight.version,
            cipher=flight.cipher,
            alert=flight.alert,
            bytes_received=len(data),
            stapled=stapled if failure is None else None,
            wants_client_certificate=tls_parser.CERTIFICATE_REQUEST in flight.messages,
        )
    )


async def _check_stapling(ctx: ProbeContext, connection: Connection) -> None:
    """Check whether an OCSP response is stapled to the certificate.

    nginx fetches one only after a client first requests it, so the second handshake counts.
    """
    await _send_client_hello(
        ctx, connection, "stapling", tls_parser.TLS1_2, _control_timeout(connection)
    )
    if any(handshake.stapled is False for handshake in ctx.observed(Handshake)):
        await asyncio.sleep(1.0)
        await _send_client_hello(
            ctx, connection, "stapling", tls_parser.TLS1_2, _control_timeout(connection)
        )


async def _send_plain_request(ctx: ProbeContext, connection: Connection) -> None:
    """Send an HTTP request instead of a handshake; its response is as small as possible."""
    start_time = ctx.elapsed()
    request = f"GET / HTTP/1.1\r\nHost: {ctx.target.host}\r\nConnection: close\r\n\r\n"
    reply = await _reply_to(
        ctx, connection, request.encode("ascii"), lambda data: b"\n" in data, DEFAULT_TIMEOUT
    )
    if reply is None:
        return
    data, failure = reply
    alert = tls_parser.flight(data).alert if tls_parser.looks_like_tls(data) else None
    ctx.emit(
        Handshake(
            at=start_time,
            took=ctx.elapsed() - start_time,
            equivalent=_equivalent(connection, "plain", ctx.target.host),
            failure=None if data and not alert else failure,
            address=connection.address,
            port=connection.port,
            variant="plain",
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


async def _build_handshake(
    ctx: ProbeContext,
    connection: Connection,
    variant: HandshakeVariant,
    name: str | None,
    start_time: float,
    tls_result: HandshakeResult,
    unjudged: bool,
) -> Handshake:
    return Handshake(
        at=start_time,
        took=tls_result.took,
        equivalent=_equivalent(connection, variant, name),
        failure=tls_result.failure,
        address=connection.address,
        port=connection.port,
        server_name=name,
        variant=variant,
        protocol=tls_result.protocol,
        cipher=tls_result.cipher,
        alpn=tls_result.alpn,
        verify_code=None if unjudged else tls_result.verify_code,
        verify_message=tls_result.verify_message,
        chain=await _parse_certificates(tls_result.chain) if tls_result.chain else (),
        alert=tls_result.alert,
        received=""
        if tls_parser.looks_like_tls(tls_result.first)
        else tls_parser.printable(tls_result.first),
        bytes_received=tls_result.received,
        wants_client_certificate=tls_result.wants_client_certificate,
    )


def _emit_failed_connection(
    ctx: ProbeContext,
    connection: Connection,
    variant: HandshakeVariant,
    name: str | None,
    start_time: float,
    attempt: ConnectResult,
) -> None:
    ctx.emit(
        Handshake(
            at=start_time,
            took=attempt.took,
            equivalent=_equivalent(connection, variant, name),
            failure=attempt.failure,
            address=connection.address,
            port=connection.port,
            server_name=name,
            variant=variant,
        )
    )


def _emit_not_observed(ctx: ProbeContext, subject: str, reason: str, enable: str) -> Observation:
    return ctx.emit(Unseen(at=ctx.elapsed(), what=subject, why=reason, enable=enable))


_OPTIONS = {
    "old": ("-tls1_1", "-cipher", "ALL:@SECLEVEL=0"),
    "any-cipher": ("-tls1_2", "-cipher", "ALL:@SECLEVEL=0"),
    "tls1.2": ("-tls1_2",),
    "small-hello": ("-groups", "X25519"),
    "stapling": ("-tls1_2", "-status"),
    "lenient": ("-legacy_server_connect", "-cipher", "ALL:@SECLEVEL=0"),
    "no-dhe": ("-cipher", "DEFAULT:!kDHE"),
    "http/1.1": ("-alpn", "http/1.1"),
    "h2": ("-alpn", "h2,http/1.1"),
}


def _equivalent(connection: Connection, variant: HandshakeVariant, name: str | None) -> str:
    """Return the equivalent command."""
    import shlex

    host = f"[{connection.address}]" if ":" in connection.address else connection.address
    if variant == "plain":
        argv = ["curl", "-sS", "-g", "-H", f"Host: {name}", f"http://{host}:{connection.port}/"]
    else:
        sni = ["-servername", name] if name else ["-noservername"]
        options = _OPTIONS.get(variant, ())
        argv = ["openssl", "s_client", "-connect", f"{host}:{connection.port}", *sni, *options]
        argv += ["-showcerts"]
    return shlex.join(argv) + (" </dev/null" if variant != "plain" else "")
