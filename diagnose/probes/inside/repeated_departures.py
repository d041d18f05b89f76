"""Request a page once more after which visitors did not come back, to see where it leads."""

import contextlib

from diagnose.model.http import Exchange
from diagnose.model.other_requests import OtherRequest
from diagnose.net.deadline import deadline
from diagnose.net.http_errors import MAX_BODY
from diagnose.parsers.departures import leads_astray
from diagnose.parsers.html_page import parse_page
from diagnose.parsers.redirects import redirect_target
from diagnose.parsers.urls import parse_url
from diagnose.probes import ProbeContext
from diagnose.probes.further_requests import MAX_LOGGED
from diagnose.probes.outside.http_connections import open_http
from diagnose.probes.outside.http_requests import PageRequest, fetch_page, patience


async def may_lead_astray(ctx: ProbeContext, page: Exchange, request: OtherRequest) -> bool:
    """Send a GET for the path to the address of a page that was answered, and return whether it
    redirects to a doubtful address, or links to a login that is to lead back to one; False if it
    was sent already, or cannot be."""
    url = ctx.target.origin + request.path
    if not ctx.further_requests.begin(f"logged request {request.path}"):
        return False
    allowance = ctx.further_requests.reserve(ctx, url, MAX_BODY, total=MAX_LOGGED)
    if allowance is None:
        return False
    addresses: tuple[str, ...] = ()
    received = 0
    with contextlib.suppress(TimeoutError):
        async with deadline(allowance.seconds):
            addresses, received = await _addresses(ctx, page, url)
    ctx.further_requests.give_back(allowance, received)
    return leads_astray(addresses, ctx.target)


async def _addresses(ctx: ProbeContext, page: Exchange, url: str) -> tuple[tuple[str, ...], int]:
    """Return where a page leads: by its redirect, or by its links to logins; and the bytes of its
    body that were read."""
    parsed_url = parse_url(url)
    if parsed_url is None:
        return (), 0
    http_connection, _ = await open_http(ctx, page.address, parsed_url, False, patience(ctx))
    if http_connection is None:
        return (), 0
    request = PageRequest(url, page.address, "logged", page.verified)
    exchange, answer = await fetch_page(ctx, http_connection, request)
    http_connection.close()
    onward = redirect_target(exchange)
    if onward is not None:
        return (onward,), answer.size
    is_html = (exchange.header("Content-Type") or "").lower().startswith("text/html")
    return (parse_page(answer.text, url).logins if is_html else ()), answer.size
