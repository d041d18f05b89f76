"""Repeats an open WebSocket as the site's page opens it: with the subprotocols that its script asks
for. A server that chooses none of them opens the connection, and browsers close it.

After a message about subprotocols the page is read for them; where it names none, those that are
common are offered all together.
"""

from diagnose.model import Vantage
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.pages import WebSocketPath
from diagnose.parsers.websocket_refusal import common_subprotocols, subprotocols_by_path
from diagnose.probes import ProbeContext
from diagnose.probes.outside.websocket_handshakes import HandshakeAttempt, try_handshake
from diagnose.probes.outside.websocket_paths import read_page

#: The kind of a message that no subprotocol was agreed on.
SYMPTOM = "websocket-subprotocol"


async def offer_to(ctx: ProbeContext, upgrade: Upgrade) -> None:
    """Offer to an open WebSocket what the page asks for, once; after a message, read the page."""
    is_open = upgrade.is_visit and upgrade.accepted and upgrade.vantage is Vantage.HERE
    if not is_open or upgrade.offered:
        return
    if names := _of_page(ctx, upgrade.path):
        await _offer(ctx, upgrade, names)
        return
    symptom = ctx.target.symptom
    is_answered = any(
        exchange.is_of_visit and exchange.status for exchange in ctx.observed(Exchange)
    )
    if symptom is None or symptom.kind != SYMPTOM or not is_answered:
        return
    if ctx.target.is_websocket and ctx.further_requests.begin("page of the WebSocket"):
        await read_page(ctx, upgrade.address)
    names = _of_page(ctx, upgrade.path) or subprotocols_by_path(upgrade.path)
    await _offer(ctx, upgrade, names or common_subprotocols())


def _of_page(ctx: ProbeContext, path: str) -> tuple[str, ...]:
    own = path.partition("?")[0]
    named = (each for each in ctx.observed(WebSocketPath) if each.path == own)
    return next((each.subprotocols for each in named if each.subprotocols), ())


async def _offer(ctx: ProbeContext, upgrade: Upgrade, names: tuple[str, ...]) -> None:
    if ctx.further_requests.begin(f"subprotocols at {upgrade.path}"):
        attempt = HandshakeAttempt(upgrade.address, upgrade.path, "subprotocol", offered=names)
        await try_handshake(ctx, attempt)
