"""Opens the connections for redirects: address, TCP, and TLS for https URLs."""

import asyncio

from diagnose.model import Failure
from diagnose.model.http import Exchange
from diagnose.model.tls import Certificate
from diagnose.net.http import HttpConnection, connection_for
from diagnose.net.tls import HTTP1, HTTP2, HandshakeResult, secure, shared_context
from diagnose.net.tls_controls import wants_http2
from diagnose.net.trusted_roots import trust
from diagnose.parsers.hostnames import covers, is_address
from diagnose.parsers.urls import Url
from diagnose.probes import ProbeContext
from diagnose.processes import parser_process


async def find_address(
    ctx: ProbeContext, host: str, previous: Exchange
) -> tuple[str, Failure | None]:
    """Return an address of another host, if possible of the same family, or the failure."""
    if is_address(host):
        return host, None
    families = (6, 4) if ":" in previous.address else (4, 6)
    failure = None
    for family in families:
        lookup = await ctx.net.resolve(host, family)
        if lookup.addresses:
            return lookup.addresses[0], None
        failure = failure or lookup.failure
    return "", failure or Failure("resolution", "no address")


async def open_http(
    ctx: ProbeContext, address: str, url: Url, judged: bool, wait: float
) -> tuple[HttpConnection | None, Failure | None]:
    """Open a connection for a URL; for https, perform the handshake too.

    `judged` tells whether to verify the certificate: True for another site, False for the target,
    whose certificate was verified earlier. `wait` is the timeout in seconds.
    """
    if not url.secure:
        attempt = await ctx.net.connect(address, url.port)
        stream, failure = attempt.stream, attempt.failure
        return (connection_for(stream, "", wait) if stream else None), failure
    tls_result, failure = await connect_tls(ctx, address, url, judged, HTTP1)
    if tls_result is not None and wants_http2(tls_result):
        tls_result, failure = await connect_tls(ctx, address, url, judged, HTTP2)
    if failure is None and judged and tls_result is not None:
        failure = await _name_mismatch(url.host, tls_result)
    if failure is not None or tls_result is None or tls_result.stream is None:
        if tls_result is not None and tls_result.stream is not None:
            tls_result.stream.close()
        return None, failure
    return connection_for(tls_result.stream, tls_result.alpn, wait), None


async def connect_tls(
    ctx: ProbeContext, address: str, url: Url, judged: bool, alpn: tuple[str, ...]
) -> tuple[HandshakeResult | None, Failure | None]:
    """Connect and shake hands with an address. Return the result, None without a connection, and
    why it failed. `judged` is whether the certificate has to be trusted."""
    attempt = await ctx.net.connect(address, url.port)
    if attempt.stream is None:
        return None, attempt.failure
    ssl_context = shared_context(alpn)
    if judged:
        ssl_context = (await asyncio.wrap_future(trust(ctx.options.cafile, alpn))).context
    name = None if is_address(url.host) else url.host
    tls_result = await secure(attempt.stream, ssl_context, name)
    return tls_result, tls_result.failure


async def _name_mismatch(host: str, tls_result: HandshakeResult) -> Failure | None:
    certificates = await parser_process.call("diagnose.parsers.x509:parse_chain", tls_result.chain)
    leaf: Certificate | None = next(iter(certificates), None)
    if leaf is None or covers(host, leaf.dns_names, leaf.addresses):
        return None
    return Failure("certificate", f"the certificate is not for {host}")
