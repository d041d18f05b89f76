"""The Origin of a WebSocket at a port of its own: the page that opens it is in most cases at the
usual port of the same name."""

from dataclasses import replace

from diagnose.model.http import Upgrade
from diagnose.model.target import TLS_SCHEMES
from diagnose.probes import ProbeContext
from diagnose.probes.outside.websocket_connections import OpenConnection
from diagnose.probes.outside.websocket_handshakes import HandshakeAttempt, try_handshake

#: Statuses with which an application may refuse an Origin.
_REFUSALS = {400, 401, 403, 404}


async def try_with_usual_origin(
    ctx: ProbeContext, normal: HandshakeAttempt, open_connection: OpenConnection | None
) -> Upgrade | None:
    """Perform the handshake. If it is refused with the Origin of the target's own port, try that of
    a page at the usual port: if it opens, that is the visitor's, and the first one a variant."""
    upgrade = await try_handshake(ctx, normal, open_connection, lambda seen: not _is_refused(seen))
    if upgrade is None or not _is_refused(upgrade):
        return upgrade
    # A page over https opens nothing but wss (Mixed Content, W3C); one over http may open both.
    schemes = ("https", "http") if ctx.target.scheme in TLS_SCHEMES else ("http",)
    refused = []
    for scheme in schemes:
        attempt = replace(
            normal, variant="usual-port", origin=f"{scheme}://{_name(ctx.target.authority)}"
        )
        retry = await try_handshake(ctx, attempt, is_worth_emitting=lambda _: False)
        if retry is None:
            break
        if retry.accepted:
            ctx.emit(replace(upgrade, variant="with-port"))
            return ctx.emit(replace(retry, variant="normal"))
        refused.append(retry)
    for each in (upgrade, *refused):
        ctx.emit(each)
    return upgrade


def _is_refused(upgrade: Upgrade) -> bool:
    return not upgrade.accepted and upgrade.status in _REFUSALS


def _name(authority: str) -> str:
    return authority.rpartition(":")[0]
