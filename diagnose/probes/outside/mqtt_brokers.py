"""Asks an open WebSocket as a client of MQTT does, with and without the subprotocol, where words
tell of a broker that does not answer: some open a WebSocket without it, and then leave its messages
alone (libwebsockets gives it to its first protocol, which is that of HTTP)."""

from diagnose.model import Vantage
from diagnose.model.http import Exchange, Upgrade
from diagnose.parsers.mqtt_words import tells_of_silent_broker
from diagnose.probes import ProbeContext
from diagnose.probes.outside.websocket_handshakes import HandshakeAttempt, try_handshake
from diagnose.probes.outside.websocket_paths import read_page

#: CONNECT of MQTT 3.1.1 (section 3.1): a clean session, without a login, that ends after a minute.
CONNECT = b"\x10\x14\x00\x04MQTT\x04\x02\x00\x3c\x00\x08diagnose"
SUBPROTOCOL = "mqtt"


async def ask_broker(ctx: ProbeContext, upgrade: Upgrade) -> None:
    """Ask it once for each path, and read the page that opens it."""
    is_open = upgrade.is_visit and upgrade.accepted and upgrade.vantage is Vantage.HERE
    if not is_open or upgrade.offered or not tells_of_silent_broker(ctx.target.symptom):
        return
    if not any(exchange.is_of_visit and exchange.status for exchange in ctx.observed(Exchange)):
        return
    if not ctx.further_requests.begin(f"a broker at {upgrade.path}"):
        return
    if ctx.target.is_websocket and ctx.further_requests.begin("page of the WebSocket"):
        await read_page(ctx, upgrade.address)
    for offered in ((), (SUBPROTOCOL,)):
        attempt = HandshakeAttempt(
            upgrade.address, upgrade.path, "mqtt", offered=offered, first=CONNECT
        )
        await try_handshake(ctx, attempt)
