"""Says that the target is the address of a WebSocket where it answers an ordinary request with 426
Upgrade Required (RFC 9110 section 15.5.22): the handshake is then tried there, though nobody asked
for it."""

from diagnose.model.http import Exchange
from diagnose.model.pages import WebSocketPath
from diagnose.parsers.request_fields import is_own_origin
from diagnose.parsers.sanitize import clean
from diagnose.parsers.urls import parse_url
from diagnose.parsers.websocket_refusal import wants_websocket
from diagnose.probes import ProbeContext


def emit_own_websocket(ctx: ProbeContext, exchange: Exchange) -> None:
    url = parse_url(exchange.url)
    is_own = exchange.is_of_visit and exchange.verified and is_own_origin(ctx.target, exchange.url)
    if url is None or not is_own or ctx.target.websockets or not ctx.options.wants("websocket"):
        return
    if not wants_websocket(exchange.header("Upgrade"), exchange.body):
        return
    path = clean(url.path.partition("?")[0])
    if ctx.further_requests.begin(f"websocket path {path}"):
        ctx.emit(WebSocketPath(at=ctx.elapsed(), source=exchange.url, path=path, need="required"))
