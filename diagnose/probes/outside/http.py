"""Probes for the site's responses, on each address, over TLS and on port 80, and its redirects.

They use the streams that the handshake and the connection to port 80 left open. If port 80
redirects, a path that does not exist is requested too, to see whether the redirect keeps it. If
the certificate is due for renewal, the path of ACME challenges is requested on one address; if an
ACME client's message was pasted, or the target's address is a challenge's, on all. In the latter
case a path that does not exist shows what the site answers elsewhere.
"""

import os
from datetime import UTC, datetime

from diagnose.model import Vantage
from diagnose.model.http import Exchange
from diagnose.model.renewal import CHALLENGES
from diagnose.model.tcp import Connection
from diagnose.model.tls import Handshake
from diagnose.net.http import Http1Connection, HttpConnection, connection_for
from diagnose.parsers.filing_blocks import filing_block
from diagnose.parsers.hostnames import covers, is_address
from diagnose.parsers.http import is_error
from diagnose.parsers.redirects import redirect_target
from diagnose.parsers.urls import Url, parse_url, polled_socketio_path
from diagnose.probes import ProbeContext, is_first, probe
from diagnose.probes.outside.http_redirects import follow_redirects
from diagnose.probes.outside.http_requests import (
    PageRequest,
    patience,
    request_anew,
    request_page,
)
from diagnose.probes.outside.page_visits import visit_page

_MOST_CHALLENGE_REDIRECTS = 2


@probe(after=Handshake)
async def target(ctx: ProbeContext, handshake: Handshake) -> None:
    """Request the target itself, over TLS."""
    if handshake.variant not in {"normal", "again", "unverified"} or not _in_scope(ctx):
        return
    stream = ctx.take_stream(handshake)
    if stream is None:
        return
    url = f"https://{ctx.target.authority}{ctx.target.path}"
    http_connection = connection_for(stream, handshake.alpn, patience(ctx))
    page = PageRequest(url, handshake.address, "target", _verified(ctx, handshake))
    await _visit(ctx, http_connection, page)


@probe(after=Connection)
async def plain(ctx: ProbeContext, connection: Connection) -> None:
    """Request the page over http: on port 80 for an https target, or as the target itself."""
    uses_tls = ctx.target.uses_tls
    if (
        connection.failure
        or connection.purpose != ("plain" if uses_tls else "target")
        or not _in_scope(ctx)
    ):
        return
    stream = ctx.take_stream(connection)
    if stream is None:
        return
    is_first = _is_first_open(ctx, connection)
    is_due = uses_tls and is_first and any(map(_is_renewal_due, ctx.observed(Handshake)))
    # An authority asks on port 80 (RFC 8555 section 8.3).
    is_port_of_challenges = uses_tls or connection.port == 80
    is_challenge = ctx.target.path.startswith(CHALLENGES)
    if is_due or (is_port_of_challenges and (is_challenge or _reports_challenge(ctx))):
        ctx.start(_request_challenge(ctx, connection))
    http_connection = Http1Connection(stream, patience(ctx))
    url = _plain_url(ctx, connection, ctx.target.path)
    page = PageRequest(url, connection.address, connection.purpose)
    if not uses_tls:
        await _visit(ctx, http_connection, page)
        if is_first and is_challenge:
            await _request_unknown_path(ctx, connection, http_connection)
        return
    answer = await request_page(ctx, http_connection, page)
    _follow(ctx, answer)
    if is_first and ctx.target.path == "/" and redirect_target(answer):
        await _request_unknown_path(ctx, connection, http_connection)
    http_connection.close()


@probe(after=Exchange)
async def one_address_fails(ctx: ProbeContext, exchange: Exchange) -> None:
    """Repeat the request if one address of several fails: the application behind all of them may
    fail at times. Repeat it after a pause if it may have met a limit of requests."""
    if exchange.purpose == "target" and exchange.vantage is Vantage.HERE and _in_scope(ctx):
        if exchange.status in {429, 503}:
            from diagnose.probes.outside.address_comparisons import repeat_after_pause

            ctx.start(repeat_after_pause(ctx, exchange))
        pages = [item for item in ctx.observed(Exchange) if item.purpose == "target"]
        if len(pages) > 1 and any(map(is_error, pages)) and not all(map(is_error, pages)):
            from diagnose.probes.outside.address_comparisons import repeat_at_two_addresses

            await repeat_at_two_addresses(ctx, pages)


@probe(after=Exchange)
async def refused(ctx: ProbeContext, exchange: Exchange) -> None:
    """Ask as a browser does, if a program is refused, for the other spelling of a path that is not
    found and the page of an application above it, and with a token where one is missed."""
    if exchange.purpose == "target" and exchange.vantage is Vantage.HERE and _in_scope(ctx):
        if exchange.failure is None and (exchange.status or 0) < 400:
            return
        from diagnose.probes.outside.browser_requests import is_refusal, request_as_browser

        if is_refusal(ctx, exchange):
            await request_as_browser(ctx, exchange)
        if is_first(ctx, exchange, _is_not_found):
            from diagnose.probes.outside.path_spellings import request_other_spelling

            await request_other_spelling(ctx, exchange)
            from diagnose.probes.outside.client_routes import request_front_page

            await request_front_page(ctx, exchange)
        if is_first(ctx, exchange, _is_unauthorized):
            from diagnose.probes.outside.token_requests import request_with_token

            await request_with_token(ctx, exchange)


@probe(after=Exchange)
async def asked_for_session(ctx: ProbeContext, page: Exchange) -> None:
    """Open sessions of Socket.IO where the address asked is the request that begins one: its answer
    is right, and the next request may reach another server that does not know the session."""
    path = polled_socketio_path(ctx.target.path)
    if path and page.is_page_of(ctx.target) and page.status in {200, 400}:
        from diagnose.probes.outside.websocket import try_sessions

        await try_sessions(ctx, path)


@probe(after=Exchange)
async def left_folder(ctx: ProbeContext, exchange: Exchange) -> None:
    """Ask for the page of a redirect below the target's folder, if it is not where the redirect
    leads, or if a message complains."""
    if exchange.purpose != "redirect" or exchange.vantage is not Vantage.HERE:
        return
    is_told = exchange.status == 200 and ctx.target.symptom is not None
    if (exchange.status == 404 or is_told) and ctx.target.path != "/" and _in_scope(ctx):
        from diagnose.probes.outside.folder_redirects import request_below_folder

        await request_below_folder(ctx, exchange)


@probe(after=Exchange)
async def blocked(ctx: ProbeContext, exchange: Exchange) -> None:
    """Ask as another site's page does, after a message that says that its browser blocks it, or
    where the page allows other sites."""
    symptom = ctx.target.symptom
    is_open = symptom is None and exchange.header("Access-Control-Allow-Origin") is not None
    is_told = symptom is not None and symptom.kind == "cors"
    if (is_open or is_told) and is_first(ctx, exchange, _is_answered):
        from diagnose.probes.outside.cross_origin import (
            is_worth_a_preflight,
            origin_to_ask_with,
            request_with_origin,
        )

        if is_worth_a_preflight(ctx, exchange):
            origin = ctx.options.request.origin or ""
            await request_with_origin(ctx, exchange, origin, "OPTIONS")
        elif origin := origin_to_ask_with(ctx, exchange):
            await request_with_origin(ctx, exchange, origin)


@probe(after=Exchange)
async def told(ctx: ProbeContext, exchange: Exchange) -> None:
    """Send the request that a message tells of, where this run's own is answered, or the site
    refuses it."""
    if ctx.target.symptom is None or not is_first(ctx, exchange, _is_answered):
        return
    if (exchange.status or 0) < 500 and ctx.options.request.method == "GET":
        from diagnose.probes.outside.told_requests import send_told_request

        await send_told_request(ctx, exchange)


def _is_answered(ctx: ProbeContext, exchange: Exchange) -> bool:
    is_here = exchange.vantage is Vantage.HERE and _in_scope(ctx)
    return is_here and exchange.is_page_of(ctx.target) and exchange.status is not None


def _is_unauthorized(_: ProbeContext, exchange: Exchange) -> bool:
    return exchange.purpose == "target" and exchange.status in {401, 403}


def _is_not_found(ctx: ProbeContext, exchange: Exchange) -> bool:
    return exchange.is_page_of(ctx.target) and exchange.status == 404


@probe(after=Exchange)
async def other_names(ctx: ProbeContext, exchange: Exchange) -> None:
    """Compare with other names where a provider seems to answer in the site's place."""
    if exchange.vantage is Vantage.HERE and filing_block(exchange) is not None:
        from diagnose.probes.outside.name_trials import try_names

        await try_names(ctx, exchange)


def _in_scope(ctx: ProbeContext) -> bool:
    return ctx.options.wants("http") or ctx.options.wants("websocket")


def _is_first_open(ctx: ProbeContext, connection: Connection) -> bool:
    """Whether this is the first open connection with its purpose."""
    return (
        next(
            candidate
            for candidate in ctx.observed(Connection)
            if candidate.purpose == connection.purpose and not candidate.failure
        )
        is connection
    )


def _verified(ctx: ProbeContext, handshake: Handshake) -> bool:
    """Whether a browser would accept this handshake's certificate.

    Without trusted roots this is unknown, and True is returned.
    """
    name_matches = not handshake.chain or covers(
        ctx.target.host, handshake.chain[0].dns_names, handshake.chain[0].addresses
    )
    return handshake.variant != "unverified" and name_matches and not handshake.verify_code


def _plain_url(ctx: ProbeContext, connection: Connection, path: str) -> str:
    return str(Url("http", ctx.target.host, connection.port, path))


@probe(after=Handshake)
async def challenge(ctx: ProbeContext, handshake: Handshake) -> None:
    """Test whether an authority's ACME challenge would succeed, if a certificate is due for
    renewal and port 80 is open.

    Other sites are not tested, because the request adds a line to the server's error log.
    """
    due = [candidate for candidate in ctx.observed(Handshake) if _is_renewal_due(candidate)]
    opened = [
        connection
        for connection in ctx.observed(Connection)
        if connection.purpose == "plain" and not connection.failure
    ]
    if _reports_challenge(ctx):
        return  # every address of port 80 is asked, whether TLS works there or not
    if due and due[0] is handshake and opened and _in_scope(ctx):
        await _request_challenge(ctx, opened[0])


def _reports_challenge(ctx: ProbeContext) -> bool:
    """Whether a message of an ACME client was pasted."""
    symptom = ctx.target.symptom
    return symptom is not None and symptom.kind.startswith("acme")


def _is_renewal_due(handshake: Handshake) -> bool:
    return any(leaf.is_due(datetime.now(UTC)) for leaf in handshake.chain[:1])


async def _request_challenge(ctx: ProbeContext, connection: Connection) -> None:
    """Request a challenge that does not exist (RFC 8555 section 8.3): 404 is correct. An authority
    follows redirects, usually to https."""
    if is_address(ctx.target.host):
        return
    path = f"{CHALLENGES}diagnose-{os.urandom(6).hex()}"
    url = _plain_url(ctx, connection, path)
    for _ in range(_MOST_CHALLENGE_REDIRECTS + 1):
        answer = await request_anew(ctx, PageRequest(url, connection.address, "acme"))
        onward = parse_url(redirect_target(answer) or "") if answer is not None else None
        if onward is None or onward.host != ctx.target.host or onward.port not in {80, 443}:
            return
        url = str(onward)


async def _request_unknown_path(
    ctx: ProbeContext, connection: Connection, http_connection: Http1Connection
) -> None:
    """Request an unknown path on the same connection, if it is still open."""
    path = f"/diagnose-{os.urandom(6).hex()}?q=1"
    page = PageRequest(_plain_url(ctx, connection, path), connection.address, "path")
    if http_connection.reusable:
        await request_page(ctx, http_connection, page)
    else:
        await request_anew(ctx, page)
    http_connection.close()


async def _visit(ctx: ProbeContext, http_connection: HttpConnection, page: PageRequest) -> None:
    """Request the target itself, load its files, and follow its redirects."""
    _follow(ctx, await visit_page(ctx, http_connection, page))


def _follow(ctx: ProbeContext, exchange: Exchange) -> None:
    """Follow the redirects of a response.

    If several addresses redirect to the same URL, it is followed once.
    """
    same_redirect = [
        candidate
        for candidate in ctx.observed(Exchange)
        if candidate.purpose == exchange.purpose
        and redirect_target(candidate) == redirect_target(exchange)
    ]
    if same_redirect[0] is exchange:
        ctx.start(follow_redirects(ctx, exchange))
