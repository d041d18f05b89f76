"""Tries other paths after a WebSocket was refused: those that the site's page and its scripts name,
those that the refusal names, and the same path with or without its last slash.

All on the target's own origin, at most a few, and within the run's budget (`FurtherRequests`). For
a target that is a WebSocket the page is requested here, because nothing else does.
"""

from collections.abc import Awaitable, Callable, Iterator
from urllib.parse import urljoin

from diagnose.model.http import Upgrade
from diagnose.model.pages import WebSocketPath
from diagnose.net.http import HttpResult, send_get
from diagnose.parsers.html_page import parse_page
from diagnose.parsers.redirects import REDIRECTS
from diagnose.parsers.request_fields import is_own_origin
from diagnose.parsers.urls import parse_url
from diagnose.probes import ProbeContext
from diagnose.probes.outside.http_connections import open_http
from diagnose.probes.outside.known_applications import emit_application
from diagnose.probes.outside.page_file_loader import MAX_SCRIPT, emit_opened

#: Maximum number of other paths in a run, and of scripts of the page that are read.
MAX_PATHS, MAX_SCRIPTS = 4, 3

#: Bytes of a page, and of the answer to a handshake.
_MAX_PAGE, _MAX_ANSWER = 256 << 10, 4 << 10


#: Performs the handshake that was refused at another path.
TryHandshake = Callable[[ProbeContext, Upgrade, str], Awaitable[None]]


async def find_paths(ctx: ProbeContext, upgrade: Upgrade, try_handshake: TryHandshake) -> None:
    """Try the paths that are known by now; for a WebSocket as target, read its site's page."""
    for path in _likely_paths(upgrade):
        await try_path(ctx, upgrade, path, try_handshake)
    for named in ctx.observed(WebSocketPath):
        await try_path(ctx, upgrade, named.path, try_handshake)
    if ctx.target.is_websocket and ctx.further_requests.begin("page of the WebSocket"):
        await read_page(ctx, upgrade.address)


async def try_path(
    ctx: ProbeContext, upgrade: Upgrade, path: str, try_handshake: TryHandshake
) -> None:
    """Perform the refused handshake at another path, once in a run."""
    own_path = upgrade.path.partition("?")[0]
    number = sum(tried_upgrade.variant == "other-path" for tried_upgrade in ctx.observed(Upgrade))
    if path in {own_path, *ctx.target.websockets} or number >= MAX_PATHS:
        return
    url = f"{ctx.target.origin}{path}"
    if not ctx.further_requests.begin(f"WebSocket {own_path} {path}"):
        return
    allowance = ctx.further_requests.reserve(ctx, url, _MAX_ANSWER, "websocket")
    if allowance is not None:
        await try_handshake(ctx, upgrade, path)


def _likely_paths(upgrade: Upgrade) -> Iterator[str]:
    """Yield what the refusal itself points to: SockJS names itself, and its raw endpoint lies
    below (SockJS protocol, "Base URL"). A last slash more or less is a common mistake."""
    path = upgrade.path.partition("?")[0]
    if "Welcome to SockJS" in upgrade.body:
        yield f"{path.rstrip('/')}/websocket"
    if path != "/":
        yield path.rstrip("/") if path.endswith("/") else f"{path}/"


# The page of a site whose WebSocket is the target


async def read_page(ctx: ProbeContext, address: str) -> None:
    """Read the page at the site's root, and its own scripts, for the paths that they name."""
    url = f"{ctx.target.origin}/"
    answer = await _get(ctx, address, url, _MAX_PAGE)
    location = _redirect(answer, url) if answer else ""
    if location and is_own_origin(ctx.target, location):
        url, answer = location, await _get(ctx, address, location, _MAX_PAGE)
    if answer is None or answer.status != 200:
        return
    emit_application(ctx, answer.text, answer.headers, url)
    emit_opened(ctx, answer.text, url)
    files = parse_page(answer.text, url).files
    scripts = [file.url for file in files if file.is_script]
    own = [script for script in scripts if is_own_origin(ctx.target, script)]
    for script in own[:MAX_SCRIPTS]:
        response = await _get(ctx, address, script, MAX_SCRIPT)
        if response is not None and response.status == 200:
            emit_opened(ctx, response.text, script)


def _redirect(answer: HttpResult, url: str) -> str:
    location = next((value for name, value in answer.headers if name.lower() == "location"), "")
    try:
        return urljoin(url, location) if answer.status in REDIRECTS and location else ""
    except ValueError:
        return ""


async def _get(ctx: ProbeContext, address: str, url: str, max_bytes: int) -> HttpResult | None:
    """Request a page or a script of the own origin, without the user's secrets."""
    allowance = ctx.further_requests.reserve(ctx, url, max_bytes, "websocket")
    parsed_url = parse_url(url)
    if allowance is None or parsed_url is None:
        return None
    connection, _ = await open_http(ctx, address, parsed_url, False, allowance.seconds)
    if connection is None:
        return None
    fields = {"Accept-Encoding": "gzip"}
    answer = await send_get(connection, url, fields, allowance.seconds, max_body=allowance.bytes)
    connection.close()
    ctx.further_requests.give_back(allowance, answer.size)
    return answer
