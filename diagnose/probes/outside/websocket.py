"""Probes for a WebSocket's opening handshake, as a browser performs it, on each requested path.

It uses its own connection, opened as soon as there is an address, so that it costs a run no extra
round trip. Other probes report whether the server is reachable and its certificate valid: this
one emits nothing without a connection, and accepts any certificate.
"""

import asyncio
import importlib
from dataclasses import replace

from diagnose.model import Vantage
from diagnose.model.addresses import bracketed
from diagnose.model.dns import Resolution
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.pages import WebSocketPath
from diagnose.model.tcp import Connection
from diagnose.model.websocket_codes import POLICY_VIOLATION
from diagnose.parsers.request_fields import is_header_token
from diagnose.parsers.urls import socketio_path
from diagnose.parsers.websocket_ending import asks_for_subprotocol, other_subprotocols
from diagnose.parsers.websocket_refusal import (
    is_lost_session,
    is_origin_refusal,
    is_unknown_to_signalr,
    named_subprotocols,
    other_origins,
    subprotocols_by_path,
    unknown_session,
    upgrade_lost,
)
from diagnose.probes import ProbeContext, probe
from diagnose.probes.outside.address_comparisons import LIMIT_STATUSES, PAUSE
from diagnose.probes.outside.websocket_connections import OpenConnection, connect
from diagnose.probes.outside.websocket_handshakes import (
    HandshakeAttempt,
    try_handshake,
)

#: Statuses with which an application may refuse an Origin: most send 403, some are less precise.
_REFUSALS = {400, 401, 403, 404}
#: What a server in front says of an application that closes the connection.
_CLOSED_BEHIND = 502

#: How often a refused handshake is repeated as it was, if it opened with another Origin.
_REPEATS = 2

#: Maximum number of WebSockets of the page that are tried after a message about one.
MAX_REPORTED = 2


@probe(after=Resolution)
async def upgrade(ctx: ProbeContext, resolution: Resolution) -> None:
    """Try every requested path on the first address of each family that can be connected to."""
    if not ctx.target.websockets or not resolution.addresses or not ctx.options.wants("websocket"):
        return
    same_family = [
        candidate
        for candidate in ctx.observed(Resolution)
        if candidate.family == resolution.family and candidate.addresses
    ]
    if same_family[0] is not resolution:
        return
    # Importing the library takes 30 ms: do it in a thread while connections open.
    reading = asyncio.ensure_future(
        asyncio.to_thread(importlib.import_module, "diagnose.net.websocket")
    )
    for address in resolution.allowed_addresses:
        open_connection = await connect(ctx, address)
        await reading
        if open_connection is not None:
            first_path, *other_paths = ctx.target.websockets
            for path in other_paths:
                ctx.start(_try_path(ctx, address, path, None))
            await _try_path(ctx, address, first_path, open_connection)
            return
    await reading


@probe(after=Connection)
async def from_server(ctx: ProbeContext, connection: Connection) -> None:
    """Try the paths from the server, if its port is closed to this machine."""
    in_scope = ctx.target.websockets and ctx.options.wants("websocket")
    if connection.vantage is Vantage.SERVER and connection.purpose == "target" and in_scope:
        for path in ctx.target.websockets:
            ctx.start(_try_path(ctx, connection.address, path, None))


def connected_address(ctx: ProbeContext) -> str | None:
    """Return the first address of the target that took a connection."""
    addresses = (
        connection.address
        for connection in ctx.observed(Connection)
        if connection.purpose == "target" and connection.failure is None
        if connection.vantage is Vantage.HERE
    )
    return next(addresses, None)


async def try_named_path(ctx: ProbeContext, path: str) -> None:
    """Try a path that the page names, once, at the first address that took a connection."""
    address = connected_address(ctx)
    if address and ctx.further_requests.begin(f"WebSocket at the site {path}"):
        await _try_path(ctx, address, path, None)


async def try_unkept_path(ctx: ProbeContext, path: str) -> None:
    """Do the same, also where it was tried for a known application and its refusal not kept: by now
    it means something."""
    if any(upgrade.path == path and upgrade.is_visit for upgrade in ctx.observed(Upgrade)):
        return
    address = connected_address(ctx)
    if address and ctx.further_requests.begin(f"WebSocket at the site once more {path}"):
        await _try_path(ctx, address, path, None)


async def try_sessions(ctx: ProbeContext, path: str) -> None:
    """Open sessions of Socket.IO at a path that nobody named, once: clients may lose theirs."""
    address = connected_address(ctx)
    in_scope = ctx.options.wants("websocket") and ctx.options.outside and not ctx.target.websockets
    if address and in_scope and ctx.further_requests.begin(f"sessions at the site {path}"):
        from diagnose.probes.outside.websocket_sessions import start_sessions

        start_sessions(ctx, HandshakeAttempt(address, path), is_signalr=False)


def _is_reported(ctx: ProbeContext) -> bool:
    symptom = ctx.target.symptom
    return symptom is not None and symptom.kind.startswith("websocket")


@probe(after=WebSocketPath)
async def reported(ctx: ProbeContext, named_path: WebSocketPath) -> None:
    """Try what the page opens, if a person reported that a WebSocket fails, and named the page."""
    if not _is_reported(ctx) or ctx.target.websockets or not ctx.options.wants("websocket"):
        return
    slots = (f"WebSocket of the message {number}" for number in range(MAX_REPORTED))
    if ctx.options.outside and any(ctx.further_requests.begin(slot) for slot in slots):
        await try_named_path(ctx, named_path.path)


@probe(after=WebSocketPath)
async def unasked(ctx: ProbeContext, named_path: WebSocketPath) -> None:
    """Try a WebSocket that the site's application is known to need, or of which a script of the
    page names the whole path, though nobody asked for it."""
    if ctx.target.websockets or not ctx.options.outside or _is_reported(ctx):
        return
    # Imported late: few pages open a WebSocket.
    from diagnose.probes.outside.unasked_websockets import try_unasked

    if address := connected_address(ctx):
        await try_unasked(ctx, named_path, address, _retry_refused)


def _names_safari(ctx: ProbeContext) -> bool:
    """Return whether a person tells of Safari, or of the devices where each browser is it: it may
    not offer the extension that others do."""
    text = ctx.target.symptom.text if ctx.target.symptom else ""
    return any(word in text for word in ("Safari", "iPhone", "iPad", "iOS", "Invalid UTF-8"))


async def _first_handshake(
    ctx: ProbeContext, normal: HandshakeAttempt, open_connection: OpenConnection | None
) -> Upgrade | None:
    """Perform the handshake as a visitor's browser does."""
    target = ctx.target
    has_own_port = target.is_websocket and target.authority != bracketed(target.host)
    if has_own_port and not ctx.options.request.origin:
        # Imported late: few WebSockets are at a port of their own.
        from diagnose.probes.outside.websocket_origins import try_with_usual_origin

        return await try_with_usual_origin(ctx, normal, open_connection)
    return await try_handshake(ctx, normal, open_connection)


async def _try_path(
    ctx: ProbeContext, address: str, path: str, open_connection: OpenConnection | None
) -> None:
    """Perform the handshake; if it is refused, try the one variant that may show why."""
    if ctx.target.plain_sockets_in:
        from diagnose.probes.outside.plain_websockets import try_without_tls

        ctx.start(try_without_tls(ctx, address, path))
    normal = HandshakeAttempt(address, path)
    upgrade = await _first_handshake(ctx, normal, open_connection)
    if upgrade is None:
        return
    if upgrade.accepted:
        await _retry_ended(ctx, normal, upgrade)
        await _offer_as_page(ctx, upgrade)
        if "socket.io" in path or ctx.target.symptom is not None:
            # Imported late, as below: few WebSockets have sessions.
            from diagnose.probes.outside.websocket_sessions import start_own_sessions

            start_own_sessions(ctx, normal)
        if _names_safari(ctx) and upgrade.stayed_open:
            await try_handshake(ctx, replace(normal, variant="no-deflate"))
        return
    named = upgrade.subprotocol or ""
    if upgrade.fault == "subprotocol" and is_header_token(named):
        await _offer(ctx, normal, (named,))
    elif upgrade.fault == "extension":
        await try_handshake(ctx, replace(normal, variant="no-deflate"))
    elif upgrade.status in LIMIT_STATUSES:
        # The other requests of this run may have met a limit: repeat it alone.
        await asyncio.sleep(PAUSE)
        await try_handshake(ctx, replace(normal, variant="again"))
    elif upgrade.status == _CLOSED_BEHIND and not upgrade.offered:
        # Some brokers close the connection of a client that does not offer their subprotocol.
        if subprotocols := subprotocols_by_path(path):
            await _offer(ctx, normal, subprotocols)
    elif unknown_session(upgrade):
        from diagnose.probes.outside.websocket_sessions import start_sessions

        start_sessions(ctx, normal, is_signalr=is_unknown_to_signalr(upgrade))
    elif upgrade.status in _REFUSALS:
        if "?" in path:
            from diagnose.probes.outside.websocket_sessions import opens_without_id

            if await opens_without_id(ctx, normal):
                return
        await _retry_refused(ctx, normal, upgrade)


async def _retry_refused(ctx: ProbeContext, normal: HandshakeAttempt, upgrade: Upgrade) -> None:
    """Repeat a refused handshake with the subprotocols that the answer names, without an Origin,
    and with the Origins that an application behind a proxy may expect."""
    subprotocols = named_subprotocols(upgrade.body, upgrade.header("Sec-WebSocket-Protocol"))
    if not subprotocols and not upgrade.offered:
        subprotocols = subprotocols_by_path(normal.path)
    offer = await _offer(ctx, normal, subprotocols) if subprotocols else None
    without = await try_handshake(ctx, replace(normal, variant="no-origin"))
    is_explained = (offer and offer.accepted) or upgrade_lost(upgrade.status, upgrade.body)
    passes = without is not None and _passes_refusal(upgrade, without)
    if upgrade.origin and not is_explained:
        passes = await _try_origins(ctx, normal, upgrade) or passes
    if passes and not is_origin_refusal(upgrade):
        await _repeat_refused(ctx, normal)


def _passes_refusal(upgrade: Upgrade, retry: Upgrade) -> bool:
    """Return whether a changed handshake comes past what refused or closed the first."""
    return bool(retry.stayed_open if upgrade.accepted else retry.accepted)


async def _try_origins(ctx: ProbeContext, normal: HandshakeAttempt, upgrade: Upgrade) -> bool:
    """Try the Origins that an application accepts if the proxy does not tell it the visitor's
    scheme, or adds a port to Host. Return whether one passes."""
    for variant, origin in other_origins(upgrade.origin or ""):
        retry = await try_handshake(ctx, replace(normal, variant=variant, origin=origin))
        if retry is None or _passes_refusal(upgrade, retry):
            return retry is not None
    return False


async def _repeat_refused(ctx: ProbeContext, normal: HandshakeAttempt) -> None:
    """Repeat the refused handshake, until it opens: it may fail at times, whatever the Origin is.
    Two servers that take turns give each of them one of two requests."""
    for _ in range(_REPEATS):
        repeated_upgrade = await try_handshake(ctx, replace(normal, variant="again"))
        if repeated_upgrade is None or repeated_upgrade.accepted:
            return


async def _offer_as_page(ctx: ProbeContext, upgrade: Upgrade) -> None:
    """Offer the subprotocols that the page asks for, or that a message may be about."""
    symptom = ctx.target.symptom
    if symptom is not None and upgrade.accepted and "conn" in symptom.text.lower():
        # Imported late: few messages are about a broker.
        from diagnose.probes.outside.mqtt_brokers import ask_broker

        await ask_broker(ctx, upgrade)
    is_reported = symptom is not None and symptom.kind == "websocket-subprotocol"
    if is_reported or any(named.subprotocols for named in ctx.observed(WebSocketPath)):
        # Imported late: few pages ask for a subprotocol.
        from diagnose.probes.outside.websocket_offers import offer_to

        await offer_to(ctx, upgrade)


async def _offer(
    ctx: ProbeContext, normal: HandshakeAttempt, subprotocols: tuple[str, ...]
) -> Upgrade | None:
    """Repeat the handshake with these subprotocols."""
    return await try_handshake(ctx, replace(normal, variant="subprotocol", offered=subprotocols))


@probe(after=Upgrade)
async def refused(ctx: ProbeContext, upgrade: Upgrade) -> None:
    """Try the other paths that the page names, if a handshake was refused."""
    is_answered = any(
        exchange.purpose == "target" and exchange.status for exchange in ctx.observed(Exchange)
    )
    if is_answered and may_be_elsewhere(upgrade) and upgrade.path in ctx.target.websockets:
        from diagnose.probes.outside.websocket_paths import find_paths

        await find_paths(ctx, upgrade, try_other_path)


@probe(after=Exchange)
async def refused_before(ctx: ProbeContext, exchange: Exchange) -> None:
    """The same, if the page is answered later: further requests come after the main answer."""
    if exchange.purpose == "target" and exchange.status is not None:
        for upgrade in ctx.observed(Upgrade):
            await refused.work(ctx, upgrade)
            await _offer_as_page(ctx, upgrade)


@probe(after=Exchange)
async def lost_session(ctx: ProbeContext, exchange: Exchange) -> None:
    """Open sessions of this run's own where the site's answer is that of SignalR or Engine.IO to an
    id that its server did not give out: another server may have."""
    is_asked = exchange.purpose == "target" and exchange.vantage is Vantage.HERE
    if not is_asked or not ctx.options.outside or not is_lost_session(exchange):
        return
    path = exchange.url.partition("://")[2].partition("/")[2]
    address = connected_address(ctx)
    if address and ctx.options.wants("websocket") and ctx.further_requests.begin("own sessions"):
        from diagnose.probes.outside.websocket_sessions import start_sessions

        normal = HandshakeAttempt(address, f"/{path}")
        start_sessions(ctx, normal, is_signalr=exchange.status == 404)


@probe(after=WebSocketPath)
async def named(ctx: ProbeContext, named_path: WebSocketPath) -> None:
    """Try a path that the page names, if a handshake was refused before; offer an open WebSocket
    the subprotocols of the page's call."""
    for upgrade in ctx.observed(Upgrade):
        await _offer_as_page(ctx, upgrade)
    for upgrade in filter(may_be_elsewhere, ctx.observed(Upgrade)):
        from diagnose.probes.outside.websocket_paths import try_path

        await try_path(ctx, upgrade, named_path.path, try_other_path)


#: Statuses of an application, or of files, that know nothing of a WebSocket at a path. Engine.IO
#: closes such a connection without an answer, which is a 502 in front of it.
_UNKNOWN = {200, 400, 403, 404, 405, 500, 501, 502}


def may_be_elsewhere(upgrade: Upgrade) -> bool:
    """Return whether a refused handshake may open at another path of the site."""
    is_unknown = upgrade.fault == "status" and upgrade.status in _UNKNOWN
    return upgrade.is_visit and is_unknown and upgrade.vantage is Vantage.HERE


async def try_other_path(ctx: ProbeContext, upgrade: Upgrade, path: str) -> None:
    """Perform the refused handshake at another path."""
    await try_handshake(
        ctx,
        HandshakeAttempt(
            upgrade.address, upgrade.path, "other-path", request_path=socketio_path(path)
        ),
    )


@probe(after=Upgrade)
async def idle(ctx: ProbeContext, upgrade: Upgrade) -> None:
    """Hold the WebSocket in silence, if that is asked for: once for each path that stays open."""
    is_open = upgrade.is_visit and upgrade.stayed_open
    if ctx.options.idle is None or not is_open or upgrade.ended:
        return
    held_paths = [
        candidate
        for candidate in ctx.observed(Upgrade)
        if candidate.path == upgrade.path and candidate.is_visit and candidate.stayed_open
    ]
    if held_paths[0] is upgrade:
        await try_handshake(ctx, HandshakeAttempt(upgrade.address, upgrade.path, "idle"))


async def _retry_ended(ctx: ProbeContext, normal: HandshakeAttempt, upgrade: Upgrade) -> None:
    """Repeat the handshake after an open connection ended: closed for a policy, with other Origins.

    If it may have ended because of its subprotocol, offer others. If a compressed message is the
    fault, do not offer compression. If the connection died, repeat without a ping, which browsers
    never send. If that one stays open, repeat with a ping: this separates a server that fails at a
    ping from one that fails at times.
    """
    if subprotocols := other_subprotocols(upgrade):
        for name in subprotocols:
            retry = await _offer(ctx, normal, (name,))
            if retry is None or retry.stayed_open:
                return
    if asks_for_subprotocol(upgrade):
        return
    if upgrade.close_code == POLICY_VIOLATION and upgrade.stayed_open is None:
        # Some compare the Origin only then.
        await _retry_refused(ctx, normal, upgrade)
        return
    if upgrade.violation in {"compressed", "deflate"}:
        await try_handshake(ctx, replace(normal, variant="no-deflate"))
    elif upgrade.stayed_open is False:
        without_ping = await try_handshake(ctx, replace(normal, variant="no-ping"))
        if without_ping is not None and without_ping.stayed_open:
            await try_handshake(ctx, replace(normal, variant="again"))
