"""Tries the ws:// address that somebody names of a site with https, once: a web server that
redirects everything to https redirects the handshake too. Where a client was redirected to https
and refuses that address, the ws:// address of the same path is tried."""

import re

from diagnose.model.addresses import bracketed
from diagnose.model.websocket_attempts import PlainHandshake
from diagnose.parsers.urls import Url, parse_url
from diagnose.probes import ProbeContext
from diagnose.probes.outside.websocket_handshakes import PATIENCE, handshake_command

HTTPS_PORT = 443
_PLAIN = re.compile(r"(?i)(?<![a-z0-9])ws://[^\s\"'<>`，。；！？、（）()]{1,300}")


async def try_without_tls(ctx: ProbeContext, address: str, path: str) -> None:
    """Emit what the handshake at the named address of this path gets. Nothing of the user's
    secrets is sent."""
    from diagnose.net.websocket import ClientHandshake, open_websocket

    url = _named_url(ctx, path)
    if url is None or not ctx.further_requests.begin(f"WebSocket without TLS {address} {path}"):
        return
    start_time, text = ctx.elapsed(), f"ws://{url.authority}{path}"
    attempt = await ctx.net.connect(address, url.port)
    if attempt.stream is None:
        return
    wait = max(1.0, min(PATIENCE, ctx.options.timeout - ctx.elapsed() - 1.0))
    origin = f"http://{url.authority}"
    result = await open_websocket(attempt.stream, ClientHandshake(text, origin), wait, ping=False)
    place = f"{url.host}:{url.port}:{bracketed(address)}" if url.host != address else ""
    ctx.emit(
        PlainHandshake(
            at=start_time,
            took=result.answer.took,
            equivalent=handshake_command(text, place, (f"Origin: {origin}",)),
            failure=result.answer.failure,
            url=text,
            path=path,
            address=address,
            port=url.port,
            status=result.answer.status,
            reason=result.answer.reason,
            headers=result.answer.headers,
        )
    )


def _named_url(ctx: ProbeContext, path: str) -> Url | None:
    """Return the address that is named with this path, without the query of a person."""
    own_path = path.partition("?")[0]
    target = ctx.target
    named = [parse_url(match[0]) for match in _PLAIN.finditer(target.plain_sockets_in)]
    if not named and target.port == HTTPS_PORT:
        # A client that follows redirects was led away from it, and names what it was led to.
        named = [parse_url(f"ws://{bracketed(target.host)}{own_path}")]
    return next(
        (
            url
            for url in named
            if url and url.host == target.host and url.path.partition("?")[0] == own_path
        ),
        None,
    )
