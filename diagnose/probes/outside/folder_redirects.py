"""Asks for the page of a redirect below the folder of the target: an application in a sub-folder
that does not know of it redirects to `/login`, and its page is `/app/login`. A path that no site
has is the control.
"""

import re
from urllib.parse import SplitResult, urlsplit

from diagnose.model.http import Exchange, RequestPurpose
from diagnose.parsers.request_fields import is_own_origin
from diagnose.parsers.urls import parse_url
from diagnose.probes import ProbeContext
from diagnose.probes.outside.http_connections import open_http
from diagnose.probes.outside.http_requests import (
    PageRequest,
    fetch_page,
    patience,
    request_anew,
)
from diagnose.probes.outside.known_applications import emit_named_application

#: Maximum number of segments of a folder, each of which is tried.
MAX_DEPTH = 2
#: A folder of words: what has an ending is a file.
_FOLDER = re.compile(r"/[\w~-]{1,60}", re.ASCII)
_UNKNOWN = "-no-such-page"


def folders_left(path: str, onward: str) -> tuple[str, ...]:
    """Return the folders above a path, "/app/", that a redirect leaves, the shortest first."""
    folders, folder = list[str](), ""
    for match in _FOLDER.finditer(path):
        if match.start() != len(folder) or len(folders) == MAX_DEPTH:
            break
        folder += match[0]
        is_above = path.startswith(f"{folder}/")
        if is_above and onward.startswith("/") and not f"{onward}/".startswith(f"{folder}/"):
            folders.append(f"{folder}/")
    return tuple(folders)


async def request_below_folder(ctx: ProbeContext, page: Exchange) -> None:
    """Request the page to which the target redirects below each of its folders, until it is there,
    then the control."""
    source, onward = urlsplit(page.redirected_from or ""), urlsplit(page.url)
    folders = folders_left(source.path, onward.path)
    if not folders or not _is_first_step(ctx, page):
        return
    if not ctx.further_requests.begin("the redirect below the folder"):
        return
    for folder in folders:
        path = f"{folder.rstrip('/')}{onward.path}"
        served = await _request(ctx, page, onward._replace(path=path))
        if served is not None and served.status == 200:
            control = f"{path.removesuffix('/')}{_UNKNOWN}"
            await _request(ctx, page, onward._replace(path=control), is_control=True)
            return


def _is_first_step(ctx: ProbeContext, page: Exchange) -> bool:
    """Return whether the target itself redirected to this page, within the site."""
    return is_own_origin(ctx.target, page.url) and any(
        target.url == page.redirected_from and target.is_page_of(ctx.target)
        for target in ctx.observed(Exchange)
    )


async def _request(
    ctx: ProbeContext, page: Exchange, url: SplitResult, is_control: bool = False
) -> Exchange | None:
    purpose: RequestPurpose = "unknown" if is_control else "folder"
    request = PageRequest(url.geturl(), page.address, purpose, page.verified)
    parsed = parse_url(request.url)
    if is_control or parsed is None:
        return await request_anew(ctx, request)
    connection, _ = await open_http(ctx, page.address, parsed, False, patience(ctx))
    if connection is None:
        return None
    exchange, answer = await fetch_page(ctx, connection, request)
    connection.close()
    if exchange.status == 200:
        # Visitors get no page that says whose it is.
        emit_named_application(ctx, exchange.headers, exchange.url, answer.text)
    return exchange
