"""The Origin of a WebSocket at a port of its own. The page that opens it may be at the usual port
of the same name, or at this very port: the pages there decide which Origin is the visitor's."""

import asyncio
from dataclasses import replace
from urllib.parse import urljoin

from diagnose.model.http import Upgrade
from diagnose.model.target import TLS_SCHEMES
from diagnose.net.http import send_get
from diagnose.parsers.redirects import REDIRECTS
from diagnose.parsers.urls import parse_url
from diagnose.parsers.websocket_refusal import other_origins
from diagnose.probes import ProbeContext
from diagnose.probes.outside.http_connections import open_http
from diagnose.probes.outside.websocket_connections import OpenConnection
from diagnose.probes.outside.websocket_handshakes import HandshakeAttempt, try_handshake

#: Statuses with which an application may refuse an Origin.
_REFUSALS = {400, 401, 403, 404}

#: Bytes of the answer to a handshake.
_MAX_ANSWER = 4 << 10

#: Seconds for a page, and bytes of it.
_PAGE_WAIT, _MAX_PAGE = 3.0, 64 << 10


async def try_with_usual_origin(
    ctx: ProbeContext, normal: HandshakeAttempt, open_connection: OpenConnection | None
) -> Upgrade | None:
    """Perform the handshake. If it is refused with the Origin of the target's own port, try that of
    a page at the usual port: if it opens, that is the visitor's, and the first one a variant. Where
    the own port has a page, its Origin is what browsers send, and the refusal stands."""
    upgrade = await try_handshake(ctx, normal, open_connection, lambda seen: not _is_refused(seen))
    if upgrade is None or not _is_refused(upgrade):
        return upgrade
    # A page over https opens nothing but wss (Mixed Content, W3C); one over http may open both.
    schemes = ("https", "http") if ctx.target.scheme in TLS_SCHEMES else ("http",)
    retries = []
    for scheme in schemes:
        origin = f"{scheme}://{_name(ctx.target.authority)}"
        attempt = replace(normal, variant="usual-port", origin=origin)
        retry = await try_handshake(ctx, attempt, is_worth_emitting=lambda _: False)
        if retry is None:
            break
        if retry.accepted and not await _opened_by_own_page(ctx, normal.address, origin):
            ctx.emit(replace(upgrade, variant="with-port"))
            return ctx.emit(replace(retry, variant="normal"))
        retries.append(retry)
        if retry.accepted:
            break
    for each in (upgrade, *retries):
        ctx.emit(each)
    return upgrade


def _is_refused(upgrade: Upgrade) -> bool:
    return not upgrade.accepted and upgrade.status in _REFUSALS


def _name(authority: str) -> str:
    return authority.rpartition(":")[0]


async def _opened_by_own_page(ctx: ProbeContext, address: str, usual_origin: str) -> bool:
    """Return whether the WebSocket's own port serves a page, and the one at the usual port does not
    name this port."""
    urls = (f"{ctx.target.origin}/", f"{usual_origin}/")
    own, usual = await asyncio.gather(*(_page_in_time(ctx, address, url) for url in urls))
    return _has_program(own) and f":{ctx.target.port}" not in usual


def _has_program(page: str) -> bool:
    """Return whether a page may open a WebSocket, or is the login before such a page. The greeting
    of a server of WebSockets has neither."""
    text = page.lower()
    return "<script" in text or "<form" in text


async def _page_in_time(ctx: ProbeContext, address: str, url: str) -> str:
    """Return the page, "" if there is none, or none soon: a firewall may drop the usual port."""
    try:
        return await asyncio.wait_for(_page(ctx, address, url), _PAGE_WAIT)
    except TimeoutError:
        return ""


async def _page(ctx: ProbeContext, address: str, url: str) -> str:
    """Return the page at a URL or behind its redirect within the same origin, "" if there is
    none."""
    origin = url
    for _ in range(2):
        parsed_url = parse_url(url)
        connection, _failure = (
            await open_http(ctx, address, parsed_url, False, _PAGE_WAIT)
            if parsed_url
            else (None, None)
        )
        if connection is None:
            return ""
        answer = await send_get(connection, url, {}, _PAGE_WAIT, max_body=_MAX_PAGE)
        connection.close()
        fields = {name.lower(): value for name, value in answer.headers}
        if answer.status == 200:
            return answer.text if "html" in fields.get("content-type", "") else ""
        location = fields.get("location", "") if answer.status in REDIRECTS else ""
        try:
            url = urljoin(url, location)
        except ValueError:
            return ""
        if not location or not url.startswith(origin):
            return ""
    return ""


async def takes_another_origin(
    ctx: ProbeContext, normal: HandshakeAttempt, upgrade: Upgrade
) -> bool:
    """Return whether a handshake that was refused with 403 is accepted without its Origin, or with
    another: then it lacks no login. Nothing of it is kept."""
    if upgrade.status != 403 or not upgrade.origin:
        return False
    variants = (("no-origin", None), *other_origins(upgrade.origin))
    for variant, origin in variants:
        if not ctx.further_requests.reserve(ctx, upgrade.url, _MAX_ANSWER, "websocket"):
            return False
        attempt = replace(normal, variant=variant, origin=origin)
        retry = await try_handshake(ctx, attempt, is_worth_emitting=lambda _: False)
        if retry is None or retry.accepted:
            return retry is not None
    return False
