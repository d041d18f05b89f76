"""What follows the answer of the target's page: the rest of its body, and a visit like a browser's.

A browser offers HTTP/2 and compression, and some faults hit only its requests. It is visited once,
after the answer, on the first address that answers.
"""

from dataclasses import replace

from diagnose.model import Unseen
from diagnose.model.http import BodyRequest, BrowserVisit, Exchange, ResponseBody, header
from diagnose.net.http import HttpConnection, HttpResult, connection_for, get
from diagnose.net.http_body import MAX_RECEIVED, BodyRead, read_rest
from diagnose.net.tls import HTTP2
from diagnose.parsers.urls import parse_url
from diagnose.probes import ProbeContext
from diagnose.probes.further_requests import Allowance
from diagnose.probes.outside.http_connections import connect_tls
from diagnose.probes.outside.http_requests import curl_command

#: The codings that Chrome, Firefox and Safari accept over TLS.
_BROWSER_CODINGS = "gzip, deflate, br, zstd"

#: Maximum bytes of the page that a visit reads. The usual request reads further.
_MAX_VISIT_BYTES = 262144

#: An answer to such a request over HTTP/2 is asked for again over HTTP/1.1 (RFC 9113 section 7).
HTTP_1_1_REQUIRED = 13

#: Responses without a page: they have no body that could be cut (RFC 9110 section 6.4.1).
_NO_BODY = {204, 205, 304}


async def read_body(
    ctx: ProbeContext, http_connection: HttpConnection, exchange: Exchange, answer: HttpResult
) -> None:
    """Read the rest of the target's body and emit how far it came."""
    at = ctx.elapsed()
    if answer.body_read is None or exchange.status in _NO_BODY:
        return
    body = await read_rest(http_connection, exchange.headers, answer.body_read)
    response_body = ctx.emit(_response_body(exchange, "target", body, at, ctx.elapsed() - at))
    if response_body.is_page_without_end:
        size = MAX_RECEIVED >> 20
        is_long = body.received >= MAX_RECEIVED
        why = f"it has more than {size} MiB" if is_long else "it had not ended after some seconds"
        ctx.emit(
            Unseen(
                at=ctx.elapsed(),
                what=f"the rest of {exchange.url}",
                why=why,
                enable=response_body.equivalent,
            )
        )


def _response_body(
    response: Exchange | BrowserVisit, request: BodyRequest, body: BodyRead, at: float, took: float
) -> ResponseBody:
    length = header(response.headers, "Content-Length") or ""
    chunked = header(response.headers, "Transfer-Encoding") is not None
    is_length = length.isascii() and length.isdigit() and len(length) < 18 and not chunked
    return ResponseBody(
        at=at,
        took=took,
        equivalent=response.equivalent.replace("-sSi", "-sS -o /dev/null -v"),
        failure=body.failure,
        url=response.url,
        address=response.address,
        port=response.port,
        request=request,
        status=response.status,
        version=response.version,
        received=body.received,
        announced=int(length) if is_length else None,
        end=body.end,
        coding=header(response.headers, "Content-Encoding") or "",
        media_type=(header(response.headers, "Content-Type") or "").partition(";")[0].strip(),
        coding_fault=body.coding_fault,
    )


async def visit_as_browser(ctx: ProbeContext, exchange: Exchange) -> None:
    """Request the page as browsers do, if it was answered; after a failure once more."""
    if not _is_question(ctx, exchange):
        return
    for attempt in (1, 2):
        allowance = ctx.further_requests.reserve(ctx, exchange.url, _MAX_VISIT_BYTES)
        if allowance is None:
            return
        visit = await _visit(ctx, exchange, attempt, allowance)
        if visit is None or visit.failure is None or visit.failure.code == HTTP_1_1_REQUIRED:
            return


def _is_question(ctx: ProbeContext, exchange: Exchange) -> bool:
    """Whether a browser would get as far as this, and no other address was visited."""
    first = next(
        (
            candidate
            for candidate in ctx.observed(Exchange)
            if candidate.purpose == "target" and candidate.status is not None
        ),
        None,
    )
    return (
        first is exchange
        and exchange.verified
        and not ctx.target.is_websocket
        and (exchange.status or 500) < 500
    )


async def _visit(
    ctx: ProbeContext, exchange: Exchange, attempt: int, allowance: Allowance
) -> BrowserVisit | None:
    at, url = ctx.elapsed(), parse_url(exchange.url)
    if url is None:
        return None
    tls_result, failure = await connect_tls(ctx, exchange.address, url, False, HTTP2)
    visit = BrowserVisit(
        at=at,
        took=ctx.elapsed() - at,
        equivalent=curl_command(exchange.url, exchange.address).replace(
            "curl -sSi", "curl -sSi --http2 --compressed"
        ),
        failure=failure,
        url=exchange.url,
        address=exchange.address,
        port=exchange.port,
        alpn=tls_result.alpn if tls_result else "",
        attempt=attempt,
    )
    if tls_result is None or tls_result.stream is None:
        return ctx.emit(visit)
    http_connection = connection_for(tls_result.stream, tls_result.alpn, allowance.seconds)
    try:
        return await _request(ctx, http_connection, visit, allowance)
    finally:
        http_connection.close()


async def _request(
    ctx: ProbeContext, http_connection: HttpConnection, visit: BrowserVisit, allowance: Allowance
) -> BrowserVisit:
    fields = {"Accept-Encoding": _BROWSER_CODINGS}
    answer = await get(http_connection, visit.url, allowance.seconds, fields)
    has_status = answer.status is not None
    visit = ctx.emit(
        replace(
            visit,
            took=ctx.elapsed() - visit.at,
            failure=None if has_status else answer.failure,
            version=answer.version,
            status=answer.status,
            reason=answer.reason,
            headers=answer.headers,
            header_faults=tuple(fault for fault, _ in answer.header_faults),
            faulty_fields=tuple(name for _, name in answer.header_faults),
        )
    )
    if answer.body_read is not None and answer.status not in _NO_BODY:
        at = ctx.elapsed()
        limit = min(allowance.bytes, MAX_RECEIVED)
        body = await read_rest(http_connection, visit.headers, answer.body_read, limit)
        ctx.further_requests.give_back(allowance, body.received)
        ctx.emit(_response_body(visit, "browser", body, at, ctx.elapsed() - at))
    return visit
