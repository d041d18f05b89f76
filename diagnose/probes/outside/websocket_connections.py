"""Connections for the opening handshake of a WebSocket."""

import asyncio
import ssl

from diagnose.model.frozen import frozen
from diagnose.model.tcp import Connection
from diagnose.net import Stream
from diagnose.net import tls as net_tls
from diagnose.net.trusted_roots import trust
from diagnose.parsers.hostnames import covers, is_address
from diagnose.probes import ProbeContext
from diagnose.probes.outside.tcp import connection_of
from diagnose.processes import parser_process


@frozen
class OpenConnection:
    """An open connection; `trusted` is True if the user's added fields may be sent on it."""

    stream: Stream
    trusted: bool


async def connect(ctx: ProbeContext, address: str) -> OpenConnection | None:
    """Open a connection for one handshake over HTTP/1.1, where browsers upgrade.

    Any certificate is accepted, but secrets of the user require the site's own valid one.
    """
    if not ctx.target.uses_tls:
        stream = await _open(ctx, address)
        return OpenConnection(stream, True) if stream else None
    if ctx.options.request.has_secrets:
        trusted = await asyncio.wrap_future(trust(ctx.options.cafile))
        tls_result = None if trusted.empty else await _connect_tls(ctx, address, trusted.context)
        if tls_result is not None and tls_result.stream is not None:
            certificates = await parser_process.call(
                "diagnose.parsers.x509:parse_chain", tls_result.chain
            )
            name_matches = bool(certificates) and covers(
                ctx.target.host, certificates[0].dns_names, certificates[0].addresses
            )
            return OpenConnection(tls_result.stream, name_matches)
    tls_result = await _connect_tls(ctx, address, net_tls.client_context())
    return OpenConnection(tls_result.stream, False) if tls_result and tls_result.stream else None


async def _connect_tls(
    ctx: ProbeContext, address: str, ssl_context: ssl.SSLContext
) -> net_tls.HandshakeResult | None:
    stream = await _open(ctx, address)
    if stream is None:
        return None
    name = None if is_address(ctx.target.host) else ctx.target.host
    return await net_tls.secure(stream, ssl_context, name)


async def _open(ctx: ProbeContext, address: str) -> Stream | None:
    """Connect to the target's port. A failure is emitted if an earlier connection succeeded: then
    the port answers at times only, or a rule limits new connections."""
    start_time, port = ctx.elapsed(), ctx.target.port
    attempt = await ctx.net.connect(address, port)
    if attempt.failure is not None and any(
        (connection.address, connection.port) == (address, port) and not connection.failure
        for connection in ctx.observed(Connection)
    ):
        ctx.emit(connection_of(ctx, attempt, (address, port), "again", start_time))
    return attempt.stream
