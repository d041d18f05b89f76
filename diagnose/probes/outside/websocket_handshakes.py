"""One opening handshake of a WebSocket, and what is recorded of it."""

import shlex
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from diagnose.model.addresses import bracketed
from diagnose.model.frozen import frozen
from diagnose.model.http import Upgrade, UpgradeVariant
from diagnose.parsers.request_fields import masked_subprotocol as shown
from diagnose.parsers.urls import socketio_path
from diagnose.probes import ProbeContext
from diagnose.probes.outside.websocket_connections import OpenConnection, connect

if TYPE_CHECKING:
    from diagnose.net.http import HttpResult
    from diagnose.net.websocket import ClientHandshake, UpgradeResult

#: Connection as Firefox sends it: two options (RFC 9110 section 7.6.1).
_TWO_OPTIONS = "keep-alive, Upgrade"

#: Seconds to wait for the response to a handshake.
PATIENCE = 8.0


@frozen
class HandshakeAttempt:
    """One handshake at one address.

    `offered` are the subprotocols ((): those of the request), `cookie` belongs to a session,
    `request_path` is the path in the request, if it differs from `path`, and `origin` replaces the
    usual Origin. `first` is a message that is sent as soon as the WebSocket is open.
    """

    address: str
    path: str
    variant: UpgradeVariant = "normal"
    offered: tuple[str, ...] = ()
    cookie: str = ""
    request_path: str = ""
    origin: str | None = None
    first: bytes = b""


async def try_handshake(
    ctx: ProbeContext,
    attempt: HandshakeAttempt,
    open_connection: OpenConnection | None = None,
    is_worth_emitting: Callable[[Upgrade], bool] = lambda _: True,
) -> Upgrade | None:
    """Perform one handshake, or return None if no connection can be opened."""
    from diagnose.net.websocket import open_websocket

    open_connection = open_connection or await connect(ctx, attempt.address)
    if open_connection is None:
        return None
    trusted, request = open_connection.trusted, ctx.options.request
    start_time, handshake = ctx.elapsed(), _client_handshake(ctx, attempt, trusted)
    wait = max(1.0, min(PATIENCE, ctx.options.timeout - start_time - 1.0))
    upgrade_result = await open_websocket(
        open_connection.stream,
        handshake,
        wait,
        ping=attempt.variant not in {"no-ping", "mqtt"},
        idle=ctx.options.idle if attempt.variant == "idle" else None,
        first=attempt.first,
    )
    upgrade = Upgrade(
        at=start_time,
        url=handshake.url,
        path=attempt.path,
        address=attempt.address,
        port=ctx.target.port,
        variant=attempt.variant,
        origin=handshake.origin,
        offered=tuple(map(shown, handshake.subprotocols)),
        authenticated=trusted and request.has_secrets,
    )
    extra_fields = request.masked_fields() if trusted else []
    complete = _complete_upgrade(
        ctx, upgrade, upgrade_result, _equivalent(ctx, upgrade, extra_fields)
    )
    return ctx.emit(complete) if is_worth_emitting(complete) else complete


def _client_handshake(
    ctx: ProbeContext, attempt: HandshakeAttempt, trusted: bool
) -> "ClientHandshake":
    """Return the request; only on a `trusted` connection with the user's secrets."""
    from diagnose.net.websocket import ClientHandshake

    request, cookie = ctx.options.request, attempt.cookie
    scheme = "wss" if ctx.target.uses_tls else "ws"
    path = attempt.request_path or socketio_path(attempt.path)
    requested_subprotocols = tuple(
        subprotocol
        for subprotocol in request.subprotocols
        if trusted or subprotocol == shown(subprotocol)
    )
    return ClientHandshake(
        f"{scheme}://{ctx.target.authority}{path}",
        None
        if attempt.variant == "no-origin"
        else attempt.origin or request.origin or ctx.target.origin,
        attempt.offered or requested_subprotocols,
        {
            **({"Connection": _TWO_OPTIONS} if attempt.variant == "two-options" else {}),
            **(request.fields(cookie) if trusted else {"Cookie": cookie} if cookie else {}),
        },
        attempt.variant != "no-deflate",
    )


def _complete_upgrade(
    ctx: ProbeContext, upgrade: Upgrade, upgrade_result: "UpgradeResult", equivalent: str
) -> Upgrade:
    from diagnose.probes.outside.http_requests import conceal_answer

    request = ctx.options.request
    complete = with_result(upgrade, upgrade_result, conceal_answer(upgrade_result.answer, request))
    return replace(
        complete,
        equivalent=equivalent,
        subprotocol=complete.subprotocol and request.mask_secrets(complete.subprotocol),
        close_reason=request.mask_secrets(complete.close_reason),
        quiet_s=complete.held_s if upgrade.variant == "idle" else None,
        stray=request.mask_secrets(complete.stray),
        last_words=request.mask_secrets(complete.last_words),
    )


def with_result(upgrade: Upgrade, result: "UpgradeResult", answer: "HttpResult") -> Upgrade:
    """Return an upgrade with what came of its handshake; `answer` is the response to it, perhaps
    without secrets."""
    return replace(
        upgrade,
        took=answer.took,
        failure=answer.failure,
        status=answer.status,
        reason=answer.reason,
        headers=answer.headers,
        body=answer.body,
        accepted=result.accepted,
        fault=result.fault,
        subprotocol=result.subprotocol,
        ping_s=result.ping_s,
        close_code=result.close_code,
        held_s=result.held_s,
        ended=result.ended,
        close_reason=result.close_reason,
        frames=result.frames,
        violation=result.violation,
        idle_s=result.idle_s,
        own_frames_s=result.own_frames_s,
        stray=result.stray,
        last_words=result.last_words,
    )


def _equivalent(ctx: ProbeContext, upgrade: Upgrade, extra_fields: list[str]) -> str:
    """Return the equivalent curl command."""
    place = ""
    if ctx.target.host != upgrade.address:
        place = f"{ctx.target.host}:{ctx.target.port}:{bracketed(upgrade.address)}"
    connection = _TWO_OPTIONS if upgrade.variant == "two-options" else "Upgrade"
    return handshake_command(upgrade.url, place, _own_fields(upgrade, extra_fields), connection)


def _own_fields(upgrade: Upgrade, extra_fields: list[str]) -> Iterator[str]:
    from diagnose.net.websocket import EXTENSIONS

    if upgrade.origin:
        yield f"Origin: {upgrade.origin}"
    if upgrade.variant != "no-deflate":
        yield f"Sec-WebSocket-Extensions: {EXTENSIONS}"
    if upgrade.offered:
        yield f"Sec-WebSocket-Protocol: {', '.join(upgrade.offered)}"
    yield from extra_fields


def handshake_command(
    url: str, place: str, fields: Iterable[str], connection: str = "Upgrade"
) -> str:
    """Return the curl command of a handshake at a ws or wss URL; `place` is where the name is taken
    to be, for --resolve, and `fields` follow those that each handshake has.

    On success curl ends with a timeout, because an accepted WebSocket stays open.
    """
    argv = ["curl", "-sSi", "-m", "5", "--http1.1", *(["-k"] if url.startswith("wss:") else [])]
    argv += ["--resolve", place] if place else []
    own = (f"Connection: {connection}", "Upgrade: websocket", "Sec-WebSocket-Version: 13")
    for field in (*own, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", *fields):
        argv += ["-H", field]
    return shlex.join([*argv, f"http{url.removeprefix('ws')}"])
