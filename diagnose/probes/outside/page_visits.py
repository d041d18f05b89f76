"""Requests a page like a browser: first the page, then the files that it loads."""

from diagnose.model.http import Exchange
from diagnose.model.pages import Page, PageFileResponse, PhpMessage
from diagnose.net.http import HttpConnection, HttpResult
from diagnose.parsers.request_fields import is_own_origin
from diagnose.probes import ProbeContext
from diagnose.probes.outside.http_bodies import read_body, visit_as_browser
from diagnose.probes.outside.http_requests import PageRequest, fetch_page

#: How a message of PHP's begins above a page, with html_errors and without (main/main.c).
_PHP_MESSAGES = (
    "<br />", "<b>Warning", "<b>Notice", "<b>Deprecated", "Warning: ", "Notice: ", "Deprecated: ",
    "PHP Warning: ",
)  # fmt: skip


async def visit_page(
    ctx: ProbeContext, http_connection: HttpConnection, page: PageRequest
) -> Exchange:
    """Request a page, emit the exchange, and start what follows it. The connection is used for
    that, and closed."""
    exchange, answer = await fetch_page(ctx, http_connection, page)
    if page.purpose == "target" and page.url.startswith("https:") and exchange.method == "GET":
        # A visit needs a round trip for each step, and reading the body mostly none.
        ctx.start(visit_as_browser(ctx, exchange))
    ctx.start(_complete_visit(ctx, http_connection, page, exchange, answer))
    return exchange


async def _complete_visit(
    ctx: ProbeContext,
    http_connection: HttpConnection,
    page: PageRequest,
    exchange: Exchange,
    answer: HttpResult,
) -> None:
    """Read the target's body to its end, then load the files of the page."""
    if page.purpose == "target":
        await read_body(ctx, http_connection, exchange, answer)
    if page.purpose == "target" and (ctx.target.symptom or "/." in ctx.target.path):
        from diagnose.probes.outside.hidden_files import request_named_file

        await request_named_file(ctx, exchange)
    if exchange.body.lstrip()[:40].startswith(_PHP_MESSAGES):
        _emit_php_warning(ctx, exchange)
    if _is_media(ctx, exchange):
        from diagnose.probes.outside.page_assets import load_part

        await load_part(ctx, http_connection, page, exchange)
    elif exchange.status == 200 and exchange.method == "GET" and "<" in answer.text:
        # Only a page needs the module.
        from diagnose.probes.outside.page_assets import is_own_page, load_page_files

        if is_own_page(ctx, exchange):
            await load_page_files(ctx, http_connection, page, exchange, answer)
            await _try_other_ports(ctx, exchange)
    elif exchange.status == 426:
        from diagnose.probes.outside.websocket_only import emit_own_websocket

        emit_own_websocket(ctx, exchange)
    elif _is_withheld(ctx, exchange):
        from diagnose.probes.outside.known_applications import emit_named_application

        emit_named_application(ctx, exchange.headers, exchange.url)
    http_connection.close()


def _emit_php_warning(ctx: ProbeContext, exchange: Exchange) -> None:
    """Emit the warning of PHP's with which a page of the site begins."""
    from dataclasses import asdict

    from diagnose.parsers.php_warnings import page_warning

    warning = page_warning(exchange.body) if is_own_origin(ctx.target, exchange.url) else None
    if warning is not None and exchange.is_of_visit:
        ctx.emit(
            PhpMessage(
                at=ctx.elapsed(),
                equivalent=exchange.equivalent,
                url=exchange.url,
                address=exchange.address,
                port=exchange.port,
                status=exchange.status,
                **asdict(warning),
            )
        )


def _is_withheld(ctx: ProbeContext, exchange: Exchange) -> bool:
    """Whether a program refuses its page to a visitor who has not logged in, as Jenkins does with
    403: the fields of the answer may name it."""
    return (
        exchange.is_of_visit
        and exchange.status in {401, 403}
        and exchange.verified
        and is_own_origin(ctx.target, exchange.url)
        and not ctx.target.is_websocket
    )


def _is_media(ctx: ProbeContext, exchange: Exchange) -> bool:
    """Whether the target is a film or a recording, of which no part was requested yet."""
    media_type = (exchange.header("Content-Type") or "").lower()
    return (
        exchange.purpose == "target"
        and exchange.status == 200
        and exchange.method == "GET"
        and exchange.verified
        and media_type.startswith(("video/", "audio/"))
        and not ctx.observed(PageFileResponse)
    )


async def _try_other_ports(ctx: ProbeContext, exchange: Exchange) -> None:
    responses, pages = ctx.observed(PageFileResponse), ctx.observed(Page)
    mentions = (*exchange.mentions, *(text for item in responses for text in item.mentions))
    is_named = any(text.startswith("wss:") for text in mentions) and ctx.options.wants("websocket")
    upgrades = any(page.upgrades and page.url.startswith("http:") for page in pages)
    urls = (
        url
        for page in pages
        for url in (*(file.url for file in page.files), *page.images, *page.portless, *page.posts)
    )
    has_others = any(not url.startswith(f"{ctx.target.origin}/") for url in urls)
    if is_named or upgrades or has_others:
        from diagnose.probes.outside.page_ports import try_mentioned_ports

        await try_mentioned_ports(ctx, exchange)
