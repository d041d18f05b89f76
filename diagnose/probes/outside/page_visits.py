"""Requests a page like a browser: first the page, then the files that it loads."""

from diagnose.model.http import Exchange
from diagnose.net.http import HttpConnection
from diagnose.probes import ProbeContext
from diagnose.probes.outside.http_requests import PageRequest, request_with_body


async def visit_page(
    ctx: ProbeContext, http_connection: HttpConnection, page: PageRequest
) -> Exchange:
    """Request a page, emit the exchange, and start to load its files. The connection is closed, or
    used for the files."""
    exchange, answer = await request_with_body(ctx, http_connection, page)
    if exchange.status == 200 and "<" in answer.text:
        # Only a page needs the module.
        from diagnose.probes.outside.page_assets import is_own_page, load_page_files

        if is_own_page(ctx, exchange):
            ctx.start(load_page_files(ctx, http_connection, page, exchange, answer))
            return exchange
    http_connection.close()
    return exchange
