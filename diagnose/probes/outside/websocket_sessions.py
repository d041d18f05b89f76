"""The sessions of Socket.IO and the connections of SignalR: a first request over HTTP has an id
given out, with which the WebSocket is opened."""

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from diagnose.model.pages import WebSocketPath
from diagnose.parsers.urls import socketio_path
from diagnose.parsers.websocket_ids import (
    connection_id,
    negotiation_path,
    path_with_id,
    path_without_ids,
)
from diagnose.probes import ProbeContext
from diagnose.probes.outside.websocket_connections import connect
from diagnose.probes.outside.websocket_handshakes import PATIENCE, HandshakeAttempt, try_handshake

if TYPE_CHECKING:
    from diagnose.net.http import HttpResult

#: How many sessions of Socket.IO are opened, to see whether the second request reaches the session,
#: and connections of SignalR: of two servers one may have them all by chance.
_SESSIONS, _CONNECTIONS = 3, 5


def _is_told_of_signalr(ctx: ProbeContext, path: str) -> bool:
    """Return whether a person reports that a connection of SignalR is lost, and the page opens one
    at this path: without an id it opens at every server."""
    symptom = ctx.target.symptom
    if symptom is None or "No Connection with that ID" not in symptom.text:
        return False
    return any(
        named.path == path and named.library == "SignalR" for named in ctx.observed(WebSocketPath)
    )


def start_own_sessions(ctx: ProbeContext, normal: HandshakeAttempt) -> None:
    """Open sessions at a WebSocket that opened, where a second request may be lost."""
    if "socket.io" in normal.path:
        start_sessions(ctx, normal, is_signalr=False)
    elif _is_told_of_signalr(ctx, normal.path):
        start_sessions(ctx, normal, is_signalr=True)


def start_sessions(ctx: ProbeContext, normal: HandshakeAttempt, *, is_signalr: bool) -> None:
    """Open sessions of this run's own, to see whether the second request reaches them: the one in
    the path may have ended."""
    ctx.start(_try_in_turn(ctx, normal, is_signalr=is_signalr))


async def _try_in_turn(ctx: ProbeContext, normal: HandshakeAttempt, *, is_signalr: bool) -> None:
    """Open one after the other: of several at once, the second requests may all reach the server of
    the first ones, where the servers take turns."""
    try_own = try_connection if is_signalr else try_session
    for _ in range(_CONNECTIONS if is_signalr else _SESSIONS):
        await try_own(ctx, normal.address, normal.path)


async def opens_without_id(ctx: ProbeContext, normal: HandshakeAttempt) -> bool:
    """Return whether the WebSocket opens without what its path has of one client: that may have
    been used, or be too old."""
    bare = path_without_ids(normal.path)
    without = replace(normal, variant="without-id", request_path=socketio_path(bare))
    retry = await try_handshake(ctx, without) if bare else None
    return retry is not None and retry.accepted


async def try_session(ctx: ProbeContext, address: str, path: str) -> None:
    """Start a Socket.IO session: open it by polling, then upgrade on a new connection.

    The new connection may reach another worker (Engine.IO protocol, "Upgrade mechanism").
    """
    base = socketio_path(path_without_ids(path) or path)
    answer = await _ask(ctx, address, base.replace("transport=websocket", "transport=polling"))
    sid = session_id(answer.body) if answer is not None and answer.status == 200 else None
    if answer is not None and sid is not None:
        await _try_id(ctx, address, path, answer, f"{base}&sid={sid}")


async def try_connection(ctx: ProbeContext, address: str, path: str) -> None:
    """Start a connection of SignalR: have an id given out, then open the WebSocket with it. Its
    client does the same for each page (ASP.NET Core, TransportProtocols.md); an id that is not
    taken ends by itself within seconds."""
    answer = await _ask(ctx, address, negotiation_path(path), "POST")
    given = connection_id(answer.body) if answer is not None and answer.status == 200 else ""
    if answer is not None and given:
        await _try_id(ctx, address, path, answer, path_with_id(path, given))


async def _ask(
    ctx: ProbeContext, address: str, path: str, method: str = "GET"
) -> "HttpResult | None":
    """Ask for an id over HTTP; None if no connection can be opened."""
    from diagnose.net.http import Http1Connection, get

    open_connection = await connect(ctx, address)
    if open_connection is None:
        return None
    fields = ctx.options.request.fields() if open_connection.trusted else {}
    http_connection = Http1Connection(open_connection.stream, PATIENCE)
    url = ctx.target.origin + path
    answer = await get(http_connection, url, PATIENCE, fields, method)
    http_connection.close()
    return answer


async def _try_id(
    ctx: ProbeContext, address: str, path: str, answer: "HttpResult", request_path: str
) -> None:
    """Open the WebSocket with an id that was just given out, on a connection of its own."""
    cookies = [
        value.partition(";")[0] for name, value in answer.headers if name.lower() == "set-cookie"
    ]
    attempt = HandshakeAttempt(
        address, path, "session", cookie="; ".join(cookies), request_path=request_path
    )
    await try_handshake(ctx, attempt)


def session_id(body: str) -> str | None:
    """Return the sid in Engine.IO's open packet, `0{"sid":"…",…}`."""
    try:
        sid = json.loads(body[body.index("{") : body.rindex("}") + 1])["sid"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return sid if isinstance(sid, str) and sid.replace("-", "").replace("_", "").isalnum() else None
