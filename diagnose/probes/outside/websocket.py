"""A WebSocket's opening handshake, as a browser does it, where one is asked for.

It has a connection of its own, begun as soon as there is an address, so that it costs a run no
round trip. Whether the server can be reached and what its certificate is worth others tell: here
nothing is said where there is no connection, and any certificate will do.
"""

import asyncio
import importlib
import json
from typing import TYPE_CHECKING

from diagnose.model import Vantage
from diagnose.model.dns import Resolution
from diagnose.model.http import Upgrade
from diagnose.model.tcp import Connection
from diagnose.net import Stream
from diagnose.net import tls as net_tls
from diagnose.probes import Look, probe
from diagnose.wire.http import engine_path, named_subprotocols
from diagnose.wire.names import is_address

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
    for address in seen.addresses:
        stream = await _open(look, address)
        await reading
        if stream is not None:
            first, *others = look.target.websockets
            for path in others:
                look.start(_judge(look, address, path, None))
            await _judge(look, address, first, stream)
            return
    await reading


@probe(after=Connection)
async def from_within(look: Look, seen: Connection) -> None:
    """Where the port is shut to us and the server itself was asked."""
    wanted = look.target.websockets and look.options.wants("websocket")
    if seen.vantage is Vantage.SERVER and seen.purpose == "target" and wanted:
        for path in look.target.websockets:
            look.start(_judge(look, seen.address, path, None))


async def _open(look: Look, address: str) -> Stream | None:
    """A connection for one handshake, over HTTP/1.1: browsers upgrade on no other."""
    connected = await look.net.connect(address, look.target.port)
    if connected.stream is None or not _secure(look):
        return connected.stream
    name = None if is_address(look.target.host) else look.target.host
    done = await net_tls.secure(connected.stream, net_tls.context(), name)
    return done.stream


def _secure(look: Look) -> bool:
    return look.target.scheme in {"https", "wss"}


async def _judge(look: Look, address: str, path: str, stream: Stream | None) -> None:
    """The handshake, and where it is refused the one thing that may tell why."""
    seen = await _shake(look, address, path, "normal", stream=stream)
    if seen is None:
        return
    if seen.accepted:
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


async def _shake(
    look: Look,
    address: str,
    path: str,
    variant: str,
    stream: Stream | None = None,
    offered: tuple[str, ...] = (),
    cookie: str = "",
    asked: str | None = None,
) -> Upgrade | None:
    """One handshake; `asked` is the path in the request, where it is another than the one
    asked for. None where no connection is to be had."""
    from diagnose.net.websocket import shake

    stream = stream or await _open(look, address)
    if stream is None:
        return None
    begun = look.now()
    scheme = "wss" if _secure(look) else "ws"
    url = f"{scheme}://{look.target.authority}{asked or engine_path(path)}"
    origin = f"{'https' if _secure(look) else 'http'}://{look.target.authority}"
    wait = max(1.0, min(PATIENCE, look.options.timeout - begun - 1.0))
    done = await shake(
        stream, url, None if variant == "no-origin" else origin, offered, cookie, wait
    )
    given = None if variant == "no-origin" else origin
    line = _equivalent(look, address, url, given, offered)
    return look.see(_upgrade(look, done, begun, line, url, path, address, variant, offered))


def _upgrade(
    look: Look,
    done: "Shaken",
    begun: float,
    equivalent: str,
    url: str,
    path: str,
    address: str,
    variant: str,
    offered: tuple[str, ...],
) -> Upgrade:
    answer = done.answer
    return Upgrade(
        at=begun,
        took=answer.took,
        equivalent=equivalent,
        failure=answer.failure,
        url=url,
        path=path,
        address=address,
        port=look.target.port,
        variant=variant,
        status=answer.status,
        reason=answer.reason,
        headers=answer.headers,
        body=answer.body,
        accepted=done.accepted,
        fault=done.fault,
        offered=offered,
        subprotocol=done.subprotocol,
        ping_s=done.ping_s,
        close_code=done.close_code,
    )


async def _session(look: Look, address: str, path: str) -> None:
    """As a Socket.IO client begins: a session by polling, then its upgrade on a connection of
    its own, which may come to another worker (Engine.IO protocol, "Upgrade mechanism")."""
    from diagnose.net.http import Wire, get

    stream = await _open(look, address)
    if stream is None:
        return
    polling = engine_path(path).replace("transport=websocket", "transport=polling")
    scheme = "https" if _secure(look) else "http"
    wire = Wire(stream, PATIENCE)
    answer = await get(wire, f"{scheme}://{look.target.authority}{polling}", PATIENCE)
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


def _equivalent(
    look: Look, address: str, url: str, origin: str | None, offered: tuple[str, ...]
) -> str:
    """The command a person would type: curl ends in a timeout where all is well, since a
    WebSocket that was accepted stays open."""
    import shlex

    host = f"[{address}]" if ":" in address else address
    argv = ["curl", "-sSi", "-m", "5", "--http1.1", *(["-k"] if _secure(look) else [])]
    if look.target.host != address:
        argv += ["--resolve", f"{look.target.host}:{look.target.port}:{host}"]
    fields = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"]
    fields += ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]
    fields += [f"Origin: {origin}"] if origin else []
    fields += [f"Sec-WebSocket-Protocol: {', '.join(offered)}"] if offered else []
    for field in fields:
        argv += ["-H", field]
    return shlex.join([*argv, f"http{url.removeprefix('ws')}"])
