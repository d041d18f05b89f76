"""Probe for what a browser loads with the site's page: its style sheets and scripts.

They are requested after the page itself, on its connection where that stays open, from the site's
own origin only, and within the run's budget (`FurtherRequests`). Addresses on other origins are
listed and not requested.
"""

import re

from diagnose.model.http import Exchange
from diagnose.model.pages import Page, PageFile, PageFileResponse
from diagnose.net.http import HttpConnection, HttpResult
from diagnose.parsers.base_paths import names_from_root, urls_below_page
from diagnose.parsers.browser_types import refusal
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.request_fields import MASKED, is_own_origin
from diagnose.probes import ProbeContext
from diagnose.probes.outside.http_requests import (
    PageRequest,
)
from diagnose.probes.outside.known_applications import emit_application
from diagnose.probes.outside.page_file_loader import PageFileLoader, emit_opened
from diagnose.probes.outside.page_reading import (
    is_worth_saying,
    read_page,
)
from diagnose.probes.outside.requested_files import (
    app_files,
    frames,
    images,
    media,
    requested_files,
    sheet_files,
)

#: Maximum number of paths from which a page reads data that are requested.
MAX_DATA = 2


#: What a text has that needs a permission at another origin: a font, a request of a script, a
#: picture or a file with `crossorigin`.
_NEEDS_ELSEWHERE = lazy_pattern(
    r"@font-face|(?<![\w.$])fetch\(|\baxios\b|\.open\(|EventSource\(|\.ajax\(|\.getJSON\("
    r"|baseURL|crossorigin|as=[\"']?font",
    re.IGNORECASE,
)

#: What a style sheet has that loads another file.
_NAMES_FILES = lazy_pattern(r"url\(|@import", re.IGNORECASE)


def is_own_page(ctx: ProbeContext, exchange: Exchange) -> bool:
    """Whether a response is the site's page, as a browser would show it, and the first of its
    kind: its files are requested once."""
    return (
        exchange.is_of_visit
        and exchange.status == 200
        and exchange.verified
        and exchange.failure is None
        and (exchange.header("Content-Type") or "").lower().startswith("text/html")
        and is_own_origin(ctx.target, exchange.url)
        and not ctx.target.is_websocket
        and not ctx.observed(Page)
    )


async def load_page_files(
    ctx: ProbeContext,
    connection: HttpConnection,
    request: PageRequest,
    exchange: Exchange,
    answer: HttpResult,
) -> None:
    """Emit what the page loads, then request its files, in the order in which a page needs them.

    The connection is closed at the end.
    """
    loader = PageFileLoader(ctx, connection, request, exchange)
    if is_own_page(ctx, exchange):
        page = read_page(ctx, exchange, answer)
        if is_worth_saying(page):
            ctx.emit(page)
        emit_application(ctx, answer.text, exchange.headers, exchange.url)
        emit_opened(ctx, answer.text, exchange.url)
        loader.look_for_program(answer.text)
        for file in requested_files(ctx.target, page.files):
            await loader.load(file)
        for file in (
            *app_files(ctx.target, page.files, loader.worker, loader.module, loader.streamed),
            *images(ctx.target, page.files),
            *media(ctx.target, page.files),
            *frames(ctx.target, page.files),
        ):
            await loader.load(file)
        await _load_files_of_sheets(loader, ctx)
        await _try_below_the_page(loader, page, answer.text)
        await _begin_login(loader, ctx, page)
        await _read_data(loader, ctx, page)
        await _ask_elsewhere(loader, ctx, page, answer.text)
    loader.close()


async def load_part(
    ctx: ProbeContext, connection: HttpConnection, request: PageRequest, exchange: Exchange
) -> None:
    """Request a part of the film or the recording that the target is."""
    loader = PageFileLoader(ctx, connection, request, exchange)
    await loader.load(PageFile("media", exchange.url, True))
    loader.close()


async def _load_files_of_sheets(loader: PageFileLoader, ctx: ProbeContext) -> None:
    """Request fonts, pictures and other style sheets that the page's own style sheets name, from
    folders of the site from which nothing has come yet."""
    served = [response.url for response in loader.responses if response.status == 200]
    for kind, sheet, text in tuple(loader.texts):
        if kind != "stylesheet" or not _NAMES_FILES.search(text):
            continue
        # Imported late: most style sheets name no file.
        from diagnose.parsers.page_uses import files_in_sheet

        for file in sheet_files(ctx.target, files_in_sheet(text, sheet), served):
            served.append(file.url)
            await loader.load(file, sheet)


async def _try_below_the_page(loader: PageFileLoader, page: Page, text: str) -> None:
    """Try the first file that browsers do not use below the page's own path: an application in a
    sub-folder may name its files from the root."""
    for response in loader.responses:
        if response.failure or response.status in {429, 503} or not _is_refused(page, response):
            continue
        for url, prefix in urls_below_page(page.url, response.url):
            is_absolute = bool(response.sheet) or names_from_root(text, response.url)
            if await loader.try_url(response, url, prefix, is_absolute, page.quirks):
                break
        return


async def _begin_login(loader: PageFileLoader, ctx: ProbeContext, page: Page) -> None:
    """Begin a login to which the page links, once, after a message about the address to which it
    leads back. Nothing of the answer is followed."""
    symptom = ctx.target.symptom
    own = [url for url in page.logins if is_own_origin(ctx.target, url) and MASKED not in url]
    if symptom is not None and symptom.kind == "login-address" and own:
        await loader.visit(own[0], "login")


async def _read_data(loader: PageFileLoader, ctx: ProbeContext, page: Page) -> None:
    """Request what the page's scripts read, if the page shows nothing without it: its own document
    may come in the place of data. Data itself is not kept."""
    if not page.is_empty:
        return
    scripts = (path for response in loader.responses for path in response.data_paths)
    own_path = page.url.removeprefix(ctx.target.origin).partition("?")[0]
    paths = dict.fromkeys((*page.data_paths, *scripts))
    for path in [path for path in paths if path != own_path][:MAX_DATA]:
        if await loader.visit(f"{ctx.target.origin}{path}", "data"):
            # Imported late: data comes from most interfaces.
            from diagnose.model.other_requests import OtherRequest

            ctx.further_requests.diagnose_later(
                OtherRequest(at=ctx.elapsed(), path=path, source="script", by_browser=True)
            )


async def _ask_elsewhere(loader: PageFileLoader, ctx: ProbeContext, page: Page, text: str) -> None:
    """Ask for what the page needs from another origin of its own server."""
    texts = [("page", page.base or page.url, ctx.options.request.mask_secrets(text)), *loader.texts]
    has_files = any(
        (file.cors or file.kind == "stylesheet") and not is_own_origin(ctx.target, file.url)
        for file in page.files
    )
    if has_files or any("://" in each and _NEEDS_ELSEWHERE.search(each) for _, _, each in texts):
        # Imported late: most pages need nothing elsewhere.
        from diagnose.probes.outside.cross_origin_uses import ReadText, ask_elsewhere

        await ask_elsewhere(ctx, page, [ReadText(*each) for each in texts])


def _is_refused(page: Page, response: PageFileResponse) -> bool:
    return bool(
        refusal(
            response.file_kind, response.status or 0, response.headers, page.quirks,
            response.is_html,
        )
    )  # fmt: skip
