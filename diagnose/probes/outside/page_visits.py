"""Requests a page like a browser: the page with its whole body, then the files that it loads."""

from diagnose.model.http import Exchange
from diagnose.net.http import HttpConnection, HttpResult
from diagnose.probes import ProbeContext
from diagnose.probes.outside.http_bodies import read_body, visit_as_browser
from diagnose.probes.outside.http_requests import PageRequest, request_with_body


async def visit_page(
    ctx: ProbeContext, http_connection: HttpConnection, page: PageRequest
) -> Exchange:
    """Request a page, emit the exchange, and start to load its files. The connection is closed, or
    used for the files."""
    exchange, answer = await request_with_body(ctx, http_connection, page)
    if ctx.target.uses_tls:
        ctx.start(visit_as_browser(ctx, exchange))
    if exchange.status == 200 and "<" in answer.text:
        # Only a page needs the module.
        from diagnose.probes.outside.page_assets import is_own_page, load_page_files

        if is_own_page(ctx, exchange):
            await read_body(ctx, http_connection, exchange, answer)
            ctx.start(load_page_files(ctx, http_connection, page, exchange, answer))
            return exchange
    # A redirect is followed meanwhile.
    ctx.start(_read_to_the_end(ctx, http_connection, exchange, answer))
    return exchange


async def _read_to_the_end(
    ctx: ProbeContext, http_connection: HttpConnection, exchange: Exchange, answer: HttpResult
) -> None:
    await read_body(ctx, http_connection, exchange, answer)
    http_connection.close()
