"""The WebSocket opening handshake (RFC 6455), and one ping, over any stream of the door.

The library builds the request and the frames. The answer is read as any HTTP answer is, and
judged here: a refusal may come over HTTP/1.0 and with a body that the library would not take.
"""

import asyncio
import contextlib
import time

from websockets.client import ClientProtocol
from websockets.exceptions import WebSocketException
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN
from websockets.typing import Origin, Subprotocol
from websockets.uri import parse_uri
from websockets.utils import accept_key

from diagnose.frozen import frozen
from diagnose.net import PATIENCE, Stream
from diagnose.net.http import Answer, Wire, ask

_PING = b"diagnose"

#: Bytes of frames that are read while a pong is waited for.
_MOST = 262144


@frozen
class Shaken:
    """How a handshake ended: the HTTP answer, what was wrong with it ("" for nothing), and,
    where it was right, a ping's round trip and the close code if the server closed at once."""

    answer: Answer
    fault: str = ""
    subprotocol: str | None = None
    ping_s: float | None = None
    close_code: int | None = None

    @property
    def accepted(self) -> bool:
        return self.answer.failure is None and not self.fault


async def shake(
    stream: Stream,
    url: str,
    origin: str | None,
    offered: tuple[str, ...] = (),
    cookie: str = "",
    timeout: float = PATIENCE,
) -> Shaken:
    """Shake hands at a ws: or wss: URL and, if it was accepted, ping. Closes the stream."""
    protocol = ClientProtocol(
        parse_uri(url),
        origin=Origin(origin) if origin else None,
        subprotocols=[Subprotocol(name) for name in offered] or None,
        state=OPEN,
    )
    wire = Wire(stream, timeout)
    try:
        headers = dict(protocol.connect().headers.raw_items())
        if cookie:
            headers["Cookie"] = cookie
        answer = await ask(wire, f"http{url.removeprefix('ws')}", headers, timeout)
        fault, subprotocol = judge(answer, protocol.key, offered)
        if fault or answer.failure:
            return Shaken(answer, fault, subprotocol)
        ping_s, close_code = await _ping(wire, protocol)
        return Shaken(answer, "", subprotocol, ping_s, close_code)
    finally:
        wire.close()


def judge(answer: Answer, key: str, offered: tuple[str, ...]) -> tuple[str, str | None]:
    """What is wrong with an answer, by RFC 6455 section 4.1 and as browsers judge it, and the
    subprotocol that it names. Proxies let wrong ones pass as they are."""
    named = ", ".join(_values(answer, "Sec-WebSocket-Protocol")) or None
    if answer.status != 101:
        return "status" if answer.status else "", named
    tokens = [value.lower() for value in _values(answer, "Connection")]
    if [value.lower() for value in _values(answer, "Upgrade")] != ["websocket"]:
        return "upgrade", named
    if "upgrade" not in tokens:
        return "connection", named
    if _values(answer, "Sec-WebSocket-Accept") != [accept_key(key)]:
        return "accept", named
    if (named is None) if offered else (named is not None):
        return "subprotocol", named
    if offered and named not in offered:
        return "subprotocol", named
    return "", named


def _values(answer: Answer, name: str) -> list[str]:
    """The members of a list field (RFC 9110 section 5.6.1)."""
    lines = [value for key, value in answer.headers if key.lower() == name.lower()]
    return [part.strip() for line in lines for part in line.split(",") if part.strip()]


async def _ping(wire: Wire, protocol: ClientProtocol) -> tuple[float | None, int | None]:
    """A ping's round trip, None if no pong came, and the code with which the server closed
    meanwhile, None if it did not. Says good-bye."""
    begun, pong, total = time.monotonic(), None, 0
    protocol.send_ping(_PING)
    with contextlib.suppress(TimeoutError, WebSocketException):
        async with asyncio.timeout(PATIENCE):
            try:
                protocol.receive_data(wire.rest)
                await _flush(wire, protocol)
                while not (pong := _pong(protocol)) and protocol.close_rcvd is None:
                    data = await wire.stream.read()
                    total += len(data)
                    if not data or total > _MOST:
                        return None, None if data else 1006
                    protocol.receive_data(data)
            except TimeoutError:
                raise
            except OSError:
                return None, 1006
    took = time.monotonic() - begun
    closed = None if protocol.close_rcvd is None else int(protocol.close_rcvd.code)
    with contextlib.suppress(OSError, WebSocketException):
        if protocol.state is OPEN:
            protocol.send_close(1000)
        await _flush(wire, protocol)
    return took if pong else None, closed


def _pong(protocol: ClientProtocol) -> bool:
    return any(
        isinstance(event, Frame) and event.opcode is Opcode.PONG
        for event in protocol.events_received()
    )


async def _flush(wire: Wire, protocol: ClientProtocol) -> None:
    for data in protocol.data_to_send():
        if data:
            await wire.stream.write(data)
