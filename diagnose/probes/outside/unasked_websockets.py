"""Tries WebSockets that nobody asked for: those that the site's application is known to need, and
those of which a script of the page names the whole path. Each once, after the page was answered.

A refusal may be a matter of a login, of the application's version, or of what the script adds to
the path. It counts as a visitor's only where it cannot be any of these.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial

from diagnose.model.http import Upgrade
from diagnose.model.pages import WebSocketPath
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.websocket_refusal import is_origin_refusal, upgrade_lost
from diagnose.probes import ProbeContext
from diagnose.probes.outside.websocket_handshakes import HandshakeAttempt, try_handshake
from diagnose.probes.outside.websocket_origins import takes_another_origin

#: Maximum number of WebSockets of the page that are tried.
MAX_NAMED = 2

#: The libraries of a page that open a WebSocket at the path that its script names, and those of
#: them that use ordinary requests where none opens.
_LIBRARIES = {"", "Action Cable", "Phoenix", "SignalR", "SockJS", "Socket.IO"}
_WITH_FALLBACK = {"SignalR", "SockJS", "Socket.IO"}

#: The status of Engine.IO's answer to an unknown session.
_BAD_REQUEST = 400

#: Bytes of the answer to a handshake.
_MAX_ANSWER = 4 << 10

#: What a person tells where clients of Socket.IO lose their sessions: its own words, those of its
#: requests over HTTP, and several processes of the program.
_OF_SESSIONS = lazy_pattern(
    r"(?i)socket\.?io|engine\.?io|\bpolling\b|[?&]sid=|invalid session|session id|\bcluster\b"
    r"|\bworkers?\b|\bpm2\b"
)

#: Repeats a refused handshake with other Origins, and emits what comes.
RetryRefused = Callable[[ProbeContext, HandshakeAttempt, Upgrade], Awaitable[None]]


async def try_unasked(
    ctx: ProbeContext, named_path: WebSocketPath, address: str, retry_refused: RetryRefused
) -> None:
    if named_path.need == "required":
        await _try_known(ctx, named_path, address, retry_refused)
    elif not named_path.need and not named_path.base and named_path.library in _LIBRARIES:
        await _try_named(ctx, named_path, address, retry_refused)


async def _try_known(
    ctx: ProbeContext, named_path: WebSocketPath, address: str, retry_refused: RetryRefused
) -> None:
    """Try what the application is known to need. What is no answer to an upgrade is not kept,
    unless it is about the Origin. An error of a server is no matter of a login where it opens
    without one."""
    path = named_path.path
    if not ctx.further_requests.begin(f"WebSocket at the site {path}") or not _reserve(ctx, path):
        return
    attempt = HandshakeAttempt(address, path)
    keeps = partial(_answers_an_upgrade, opens=named_path.opens)
    upgrade = await try_handshake(ctx, attempt, is_worth_emitting=keeps)
    if upgrade is not None and not keeps(upgrade):
        await _is_kept_for_origin(ctx, attempt, upgrade, retry_refused)


async def _try_named(
    ctx: ProbeContext, named_path: WebSocketPath, address: str, retry_refused: RetryRefused
) -> None:
    """Try what a script opens. It is a visitor's handshake if it opens, or if the answer says that
    the upgrade is lost where the page has no other way."""
    path = named_path.path
    slots = (f"WebSocket of the page {number}" for number in range(MAX_NAMED))
    if any(upgrade.path == path for upgrade in ctx.observed(Upgrade) if upgrade.through == "front"):
        return
    is_first = ctx.further_requests.begin(f"WebSocket of the page {path}")
    if not is_first or not any(map(ctx.further_requests.begin, slots)) or not _reserve(ctx, path):
        return
    attempt = HandshakeAttempt(address, path, offered=named_path.subprotocols)
    upgrade = await try_handshake(ctx, attempt, is_worth_emitting=lambda _: False)
    if upgrade is None:
        return
    is_lost = upgrade_lost(upgrade.status, upgrade.body) and not upgrade.accepted
    if upgrade.stayed_open or (is_lost and named_path.library not in _WITH_FALLBACK):
        ctx.further_requests.begin(f"WebSocket at the site {path}")
        ctx.emit(upgrade)
        if upgrade.accepted and named_path.library == "Socket.IO" and _tells_of_sessions(ctx):
            # Imported late: few pages use Socket.IO.
            from diagnose.probes.outside.websocket_sessions import start_own_sessions

            start_own_sessions(ctx, attempt)
    elif upgrade.accepted or not await _is_kept_for_origin(ctx, attempt, upgrade, retry_refused):
        ctx.emit(replace(upgrade, variant="unasked"))


def _tells_of_sessions(ctx: ProbeContext) -> bool:
    """Return whether a person tells of what may be a lost session: the WebSocket opens by itself,
    and the clients' first requests are ordinary ones."""
    symptom = ctx.target.symptom
    return symptom is not None and (
        symptom.number == _BAD_REQUEST or _OF_SESSIONS.search(symptom.text) is not None
    )


def _reserve(ctx: ProbeContext, path: str) -> bool:
    url = f"{ctx.target.origin}{path}"
    return ctx.further_requests.reserve(ctx, url, _MAX_ANSWER, "websocket") is not None


async def _is_kept_for_origin(
    ctx: ProbeContext, attempt: HandshakeAttempt, upgrade: Upgrade, retry_refused: RetryRefused
) -> bool:
    """Emit a refusal if it is about the Origin, and return whether it is."""
    if not is_origin_refusal(upgrade) and not await takes_another_origin(ctx, attempt, upgrade):
        return False
    ctx.emit(upgrade)
    await retry_refused(ctx, attempt, upgrade)
    return True


def _answers_an_upgrade(upgrade: Upgrade, *, opens: bool) -> bool:
    is_error = opens and (upgrade.status or 0) >= 500
    is_lost = upgrade_lost(upgrade.status, upgrade.body)
    return bool(upgrade.stayed_open) or (not upgrade.accepted and (is_lost or is_error))
