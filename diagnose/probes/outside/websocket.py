"""A WebSocket's opening handshake, as a browser does it, where one is asked for.

It has a connection of its own, begun as soon as there is an address, so that it costs a run no
round trip. Whether the server can be reached and what its certificate is worth others tell: here
nothing is said where there is no connection, and any certificate will do.
"""

import asyncio
import importlib
import json
import ssl
from dataclasses import replace
from typing import TYPE_CHECKING

from diagnose.model import Vantage
from diagnose.model.dns import Resolution
from diagnose.model.frozen import frozen
from diagnose.model.http import Upgrade
from diagnose.model.tcp import Connection
from diagnose.net import Stream
from diagnose.net import tls as net_tls
from diagnose.parsers.hostnames import covers, is_address
from diagnose.parsers.http import engine_path, named_subprotocols
from diagnose.parsers.request_fields import shown_subprotocol as shown
from diagnose.parsers.websocket_ending import asks_for_subprotocol
from diagnose.probes import Look, probe
from diagnose.processes import parser_process

if TYPE_CHECKING:
    from diagnose.net.websocket import Shaken

#: Seconds for the answer to a handshake.
PATIENCE = 8.0

#: The answers by which an application may refuse an Origin: most say 403, some are vaguer.
_REFUSALS = {400, 401, 403, 404}

#: So often is a Socket.IO session opened, to see whether its second request finds it again.
_SESSIONS = 3


@probe(after=Resolution)
async def upgrade(look: Look, seen: Resolution) -> None:
    """On the first address of each family that can be connected to, every path asked for."""
    if not look.target.websockets or not seen.addresses or not look.options.wants("websocket"):
        return
    before = [one for one in look.seen(Resolution) if one.family == seen.family and one.addresses]
    if before[0] is not seen:
        return
    # The library takes 30 ms to import: in a thread, while packets fly.
    reading = asyncio.ensure_future(
        asyncio.to_thread(importlib.import_module, "diagnose.net.websocket")
    )
    for address in seen.to_ask:
        line = await _open(look, address)
        await reading
        if line is not None:
            first, *others = look.target.websockets
            for path in others:
                look.start(_judge(look, address, path, None))
            await _judge(look, address, first, line)
            return
    await reading


@probe(after=Connection)
async def from_within(look: Look, seen: Connection) -> None:
    """Where the port is shut to us and the server itself was asked."""
    wanted = look.target.websockets and look.options.wants("websocket")
    if seen.vantage is Vantage.SERVER and seen.purpose == "target" and wanted:
        for path in look.target.websockets:
            look.start(_judge(look, seen.address, path, None))


@frozen
class _Line:
    """An open connection; `trusted` says that what a person added may be sent on it."""

    stream: Stream
    trusted: bool


async def _open(look: Look, address: str) -> _Line | None:
    """A connection for one handshake, over HTTP/1.1: browsers upgrade on no other. Any certificate
    will do, but for a person's secrets it must be the site's own."""
    if not _secure(look):
        connected = await look.net.connect(address, look.target.port)
        return _Line(connected.stream, True) if connected.stream else None
    if look.options.request.secret:
        trusted = await asyncio.wrap_future(net_tls.trust(look.options.cafile))
        done = None if trusted.empty else await _secured(look, address, trusted.context)
        if done is not None and done.stream is not None:
            read = await parser_process.do("diagnose.parsers.x509:chain", done.chain)
            names = bool(read) and covers(look.target.host, read[0].dns_names, read[0].addresses)
            return _Line(done.stream, names)
    done = await _secured(look, address, net_tls.context())
    return _Line(done.stream, False) if done and done.stream else None


async def _secured(look: Look, address: str, context: ssl.SSLContext) -> net_tls.Secured | None:
    connected = await look.net.connect(address, look.target.port)
    if connected.stream is None:
        return None
    name = None if is_address(look.target.host) else look.target.host
    return await net_tls.secure(connected.stream, context, name)


def _secure(look: Look) -> bool:
    return look.target.scheme in {"https", "wss"}


async def _judge(look: Look, address: str, path: str, line: _Line | None) -> None:
    """The handshake, and where it is refused the one thing that may tell why."""
    seen = await _shake(look, address, path, "normal", line=line)
    if seen is None:
        return
    if seen.accepted:
        await _what_ended_it(look, address, path, seen)
        if "socket.io" in path:
            for _ in range(_SESSIONS):
                look.start(_session(look, address, path))
        return
    if seen.fault == "subprotocol" and seen.subprotocol:
        await _shake(look, address, path, "subprotocol", offered=(seen.subprotocol,))
    elif seen.status in _REFUSALS:
        named = named_subprotocols(seen.body, seen.header("Sec-WebSocket-Protocol"))
        if named:
            await _shake(look, address, path, "subprotocol", offered=named)
        await _shake(look, address, path, "no-origin")


async def _what_ended_it(look: Look, address: str, path: str, seen: Upgrade) -> None:
    """An open connection that ended is opened again: with the subprotocol that the close frame
    names; or, where it died, without a ping, which browsers never send, and, if that one holds,
    once more as it was, to tell a server that breaks at a ping from one that breaks sometimes."""
    if asks_for_subprotocol(seen):
        if named := named_subprotocols(seen.close_reason, None):
            await _shake(look, address, path, "subprotocol", offered=named)
    elif seen.held is False:
        quiet = await _shake(look, address, path, "no-ping")
        if quiet is not None and quiet.held:
            await _shake(look, address, path, "again")


async def _shake(
    look: Look,
    address: str,
    path: str,
    variant: str,
    line: _Line | None = None,
    offered: tuple[str, ...] = (),
    cookie: str = "",
    asked: str | None = None,
) -> Upgrade | None:
    """One handshake; `asked` is the path in the request, where it is another than the one
    asked for. None where no connection is to be had."""
    from diagnose.net.websocket import shake

    line = line or await _open(look, address)
    if line is None:
        return None
    begun, request = look.now(), look.options.request
    scheme = "wss" if _secure(look) else "ws"
    url = f"{scheme}://{look.target.authority}{asked or engine_path(path)}"
    origin = None if variant == "no-origin" else request.origin or _own_origin(look)
    named = tuple(one for one in request.subprotocols if line.trusted or one == shown(one))
    offered = offered or named
    fields = request.fields(cookie) if line.trusted else {"Cookie": cookie} if cookie else {}
    wait = max(1.0, min(PATIENCE, look.options.timeout - begun - 1.0))
    done = await shake(
        line.stream, url, origin, offered, wait, more=fields, ping=variant != "no-ping"
    )
    seen = Upgrade(
        at=begun,
        url=url,
        path=path,
        address=address,
        port=look.target.port,
        variant=variant,
        origin=origin,
        offered=tuple(map(shown, offered)),
        authenticated=line.trusted and request.secret,
    )
    more = request.shown() if line.trusted else []
    return look.see(_ended(look, seen, done, _equivalent(look, seen, more)))


def _own_origin(look: Look) -> str:
    return f"{'https' if _secure(look) else 'http'}://{look.target.authority}"


def _ended(look: Look, seen: Upgrade, done: "Shaken", equivalent: str) -> Upgrade:
    from diagnose.probes.outside.http import concealed

    request = look.options.request
    answer = concealed(done.answer, request)
    return replace(
        seen,
        took=answer.took,
        equivalent=equivalent,
        failure=answer.failure,
        status=answer.status,
        reason=answer.reason,
        headers=answer.headers,
        body=answer.body,
        accepted=done.accepted,
        fault=done.fault,
        subprotocol=done.subprotocol and request.conceal(done.subprotocol),
        ping_s=done.ping_s,
        close_code=done.close_code,
        held_s=done.held_s,
        ended=done.ended,
        close_reason=request.conceal(done.close_reason),
        frames=done.frames,
    )


async def _session(look: Look, address: str, path: str) -> None:
    """As a Socket.IO client begins: a session by polling, then its upgrade on a connection of
    its own, which may come to another worker (Engine.IO protocol, "Upgrade mechanism")."""
    from diagnose.net.http import Wire, get

    line = await _open(look, address)
    if line is None:
        return
    fields = look.options.request.fields() if line.trusted else {}
    polling = engine_path(path).replace("transport=websocket", "transport=polling")
    scheme = "https" if _secure(look) else "http"
    wire = Wire(line.stream, PATIENCE)
    answer = await get(wire, f"{scheme}://{look.target.authority}{polling}", PATIENCE, fields)
    wire.close()
    sid = session_id(answer.body)
    if answer.status != 200 or sid is None:
        return
    cookies = [v.partition(";")[0] for k, v in answer.headers if k.lower() == "set-cookie"]
    await _shake(
        look,
        address,
        path,
        "session",
        cookie="; ".join(cookies),
        asked=f"{engine_path(path)}&sid={sid}",
    )


def session_id(body: str) -> str | None:
    """The sid in Engine.IO's open packet, `0{"sid":"…",…}`."""
    try:
        sid = json.loads(body[body.index("{") : body.rindex("}") + 1])["sid"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return sid if isinstance(sid, str) and sid.replace("-", "").replace("_", "").isalnum() else None


def _equivalent(look: Look, seen: Upgrade, more: list[str]) -> str:
    """The command a person would type: curl ends in a timeout where all is well, since a
    WebSocket that was accepted stays open."""
    import shlex

    host = f"[{seen.address}]" if ":" in seen.address else seen.address
    argv = ["curl", "-sSi", "-m", "5", "--http1.1", *(["-k"] if _secure(look) else [])]
    if look.target.host != seen.address:
        argv += ["--resolve", f"{look.target.host}:{look.target.port}:{host}"]
    fields = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"]
    fields += ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]
    fields += [f"Origin: {seen.origin}"] if seen.origin else []
    fields += [f"Sec-WebSocket-Protocol: {', '.join(seen.offered)}"] if seen.offered else []
    for field in (*fields, *more):
        argv += ["-H", field]
    return shlex.join([*argv, f"http{seen.url.removeprefix('ws')}"])
