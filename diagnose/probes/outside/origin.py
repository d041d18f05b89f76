"""A probe that asks the server behind a CDN or a balancer for the same page (`--origin-address`).

The name's own addresses are asked as ever; this is one more visit at another address, with the same
SNI and Host. It is made again after a failure or an error. The user's header fields are not sent:
the certificate of an origin is often none that proves who answers.
"""

from dataclasses import replace

from diagnose.model import Failure
from diagnose.model.origin import OriginVisit
from diagnose.net import Stream
from diagnose.net.http import connection_for, get
from diagnose.net.tls import HTTP1, HTTP2, HandshakeResult, client_context, secure
from diagnose.net.tls_controls import wants_http2
from diagnose.parsers.request_fields import RequestFields
from diagnose.probes import ProbeContext, probe
from diagnose.probes.outside.http_requests import curl_command, patience
from diagnose.probes.outside.tls_attempts import parse_certificates, server_name


@probe()
async def origin(ctx: ProbeContext) -> None:
    address = ctx.options.origin_address
    if address and ctx.options.wants("http"):
        first = await _visit(ctx, address, is_repeated=False)
        if first.status is None or first.status >= 400:
            await _visit(ctx, address, is_repeated=True)


async def _visit(ctx: ProbeContext, address: str, is_repeated: bool) -> OriginVisit:
    at, target = ctx.elapsed(), ctx.target
    url = f"{target.origin}{target.path}"
    visit = OriginVisit(
        at=at,
        equivalent=curl_command(url, address, verified=False),
        url=url,
        address=address,
        port=target.port,
        again=is_repeated,
        anonymous=ctx.options.request != RequestFields(),
    )
    attempt = await ctx.net.connect(address, target.port)
    if attempt.stream is None:
        visit = replace(visit, failure=attempt.failure)
    elif target.uses_tls:
        visit = await _visit_over_tls(ctx, replace(visit, connected=True), attempt.stream)
    else:
        visit = await _request(ctx, replace(visit, connected=True), attempt.stream, "")
    return ctx.emit(replace(visit, took=ctx.elapsed() - at))


async def _visit_over_tls(ctx: ProbeContext, visit: OriginVisit, stream: Stream) -> OriginVisit:
    tls_result = await _secure(ctx, visit.address, stream)
    visit = replace(
        visit, failure=tls_result.failure, chain=await parse_certificates(tls_result.chain[:4])
    )
    if tls_result.stream is None:
        return visit
    return await _request(ctx, replace(visit, secured=True), tls_result.stream, tls_result.alpn)


async def _request(ctx: ProbeContext, visit: OriginVisit, stream: Stream, alpn: str) -> OriginVisit:
    http_connection = connection_for(stream, alpn, patience(ctx))
    answer = await get(http_connection, visit.url, patience(ctx))
    http_connection.close()
    failure = None if answer.status else answer.failure or Failure("closed", "no answer")
    return replace(visit, failure=failure, status=answer.status, headers=answer.headers)


async def _secure(ctx: ProbeContext, address: str, stream: Stream) -> HandshakeResult:
    """Perform a handshake that accepts any certificate, with HTTP/2 if the server has nothing
    else."""
    tls_result = await secure(stream, client_context(HTTP1), server_name(ctx))
    if not wants_http2(tls_result):
        return tls_result
    attempt = await ctx.net.connect(address, ctx.target.port)
    if attempt.stream is None:
        return tls_result
    return await secure(attempt.stream, client_context(HTTP2), server_name(ctx))
