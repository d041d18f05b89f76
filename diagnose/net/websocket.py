"""The WebSocket opening handshake (RFC 6455), and what follows it, over any stream of the door.

The library builds the request and the frames. The answer is read as any HTTP answer is, and
judged here: a refusal may come over HTTP/1.0 and with a body that the library would not take.

After the 101 the connection is held and a ping is sent. A pong proves that frames pass in both
directions; an application that breaks at its first step does so within SETTLE of the 101, after
the pong of its library. Without a pong the connection is held for HOLD: some servers answer no
ping while they wait for the client's first message.
"""

import asyncio
import contextlib
import time
from collections.abc import Mapping
from dataclasses import dataclass

from websockets.client import ClientProtocol
from websockets.exceptions import WebSocketException
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN
from websockets.typing import Origin, Subprotocol
from websockets.uri import parse_uri
from websockets.utils import accept_key

from diagnose.model.frozen import frozen
from diagnose.net import DEFAULT_TIMEOUT, Stream
from diagnose.net.http import Http1Connection, HttpResult, send_get
from diagnose.parsers.request_fields import merge_fields
from diagnose.parsers.sanitize import clean

_PING = b"diagnose"
_HTTP = b"HTTP/1."

#: Seconds after the 101 for which a connection is held that answers a ping, and one that does not.
SETTLE = 0.25
HOLD = 1.0

#: Bytes of frames that are read meanwhile. A server that sends more is alive.
_MAX_FRAME_BYTES = 262144


@frozen
class UpgradeResult:
    """How a handshake ended: the HTTP answer, what was wrong with it ("" for nothing), and,
    where it was right, what the open connection did.

    `ping_s` is a ping's round trip, None if no pong came; `held_s` the seconds for which the
    connection was watched; `ended` how it ended meanwhile, "" where it was still open: "close" (a
    close frame, with `close_code` and `close_reason`), "eof", "reset", "invalid" (no frame of
    RFC 6455) or "http" (an HTTP answer in place of frames). `close_code` is 1006 where the
    connection ended without a close frame. `frames` counts the frames that came.
    """

    answer: HttpResult
    fault: str = ""
    subprotocol: str | None = None
    ping_s: float | None = None
    held_s: float | None = None
    ended: str = ""
    close_code: int | None = None
    close_reason: str = ""
    frames: int = 0

    @property
    def accepted(self) -> bool:
        return self.answer.failure is None and not self.fault


async def open_websocket(
    stream: Stream,
    url: str,
    origin: str | None,
    subprotocols: tuple[str, ...] = (),
    timeout: float = DEFAULT_TIMEOUT,
    extra_headers: Mapping[str, str] | None = None,
    ping: bool = True,
) -> UpgradeResult:
    """Shake hands at a ws: or wss: URL and, if it was accepted, hold the connection for a
    moment. `more` are further fields of the request. Closes the stream."""
    protocol = ClientProtocol(
        parse_uri(url),
        origin=Origin(origin) if origin else None,
        subprotocols=[Subprotocol(name) for name in subprotocols] or None,
        state=OPEN,
        # How large a message may be is the client's affair, and the bytes read are bounded.
        max_size=None,
    )
    connection = Http1Connection(stream, timeout)
    try:
        headers = merge_fields(dict(protocol.connect().headers.raw_items()), extra_headers or {})
        answer = await send_get(connection, f"http{url.removeprefix('ws')}", headers, timeout)
        fault, subprotocol = check_response(answer, protocol.key, subprotocols)
        if fault or answer.failure:
            return UpgradeResult(answer, fault, subprotocol)
        watched = _WatchedConnection(connection, protocol)
        await watched.watch(ping, HOLD + 4 * min(answer.took, HOLD))
        return UpgradeResult(
            answer,
            "",
            subprotocol,
            watched.ping_s,
            watched.held_s,
            watched.ended,
            watched.close_code,
            watched.close_reason,
            watched.frames,
        )
    finally:
        connection.close()


def check_response(
    answer: HttpResult, key: str, subprotocols: tuple[str, ...]
) -> tuple[str, str | None]:
    """What is wrong with an answer, by RFC 6455 section 4.1 and as browsers judge it, and the
    subprotocol that it names. Proxies let wrong ones pass as they are."""
    subprotocol = ", ".join(_values(answer, "Sec-WebSocket-Protocol")) or None
    if answer.status != 101:
        return "status" if answer.status else "", subprotocol
    tokens = [value.lower() for value in _values(answer, "Connection")]
    if [value.lower() for value in _values(answer, "Upgrade")] != ["websocket"]:
        return "upgrade", subprotocol
    if "upgrade" not in tokens:
        return "connection", subprotocol
    if _values(answer, "Sec-WebSocket-Accept") != [accept_key(key)]:
        return "accept", subprotocol
    if (subprotocol is None) if subprotocols else (subprotocol is not None):
        return "subprotocol", subprotocol
    if subprotocols and subprotocol not in subprotocols:
        return "subprotocol", subprotocol
    return "", subprotocol


def _values(answer: HttpResult, name: str) -> list[str]:
    """The members of a list field (RFC 9110 section 5.6.1)."""
    lines = [value for key, value in answer.headers if key.lower() == name.lower()]
    return [part.strip() for line in lines for part in line.split(",") if part.strip()]


@dataclass(slots=True)
class _WatchedConnection:
    """An open connection, watched. `begun` says that something has come."""

    wire: Http1Connection
    protocol: ClientProtocol
    ping_s: float | None = None
    held_s: float = 0.0
    ended: str = ""
    frames: int = 0
    begun: bool = False

    @property
    def close_code(self) -> int | None:
        close = self.protocol.close_rcvd
        if close is not None:
            return int(close.code)
        return 1006 if self.ended else None

    @property
    def close_reason(self) -> str:
        close = self.protocol.close_rcvd
        return clean(close.reason, 200) if close is not None else ""

    async def watch(self, ping: bool, timeout: float) -> None:
        """Until the server ends it, or long enough. Says good-bye."""
        started = time.monotonic()
        try:
            async with asyncio.timeout(timeout):
                await self._read(started, ping)
        except TimeoutError:
            pass
        except OSError:
            # What came before a reset counts: a close frame, or an answer that is no frame.
            self.ended = self.ended or "reset"
        self.held_s = time.monotonic() - started
        with contextlib.suppress(OSError, WebSocketException):
            if self.protocol.state is OPEN:
                self.protocol.send_close(1000)
            async with asyncio.timeout(SETTLE):
                await self._flush()

    async def _read(self, started: float, ping: bool) -> None:
        total, data = 0, self.wire.trailing_data
        if ping:
            self.protocol.send_ping(_PING)
        # What a server sent before it closed is read even if the ping could not be sent.
        with contextlib.suppress(OSError):
            await self._flush()
        while not self._consume(data, started) and total < _MAX_FRAME_BYTES:
            # Answers to its pings, which would pile up in memory (RFC 6455 section 5.5.2).
            with contextlib.suppress(OSError):
                await self._flush()
            remaining = None if self.ping_s is None else started + SETTLE - time.monotonic()
            try:
                # What has come by then is still read: the loop may have been busy.
                async with asyncio.timeout(remaining and max(remaining, 0.01)):
                    data = await self.wire.stream.read()
            except TimeoutError:
                return
            if not data:
                self.ended = "eof"
                return
            total += len(data)

    def _consume(self, data: bytes, started: float) -> bool:
        """Whether, by these bytes, the connection is over."""
        if data and not self.begun:
            self.begun = True
            if not _begins_a_frame(data):
                # The parser would wait for the end of what it takes for a frame.
                self.ended = "http" if data.startswith(_HTTP) else "invalid"
                return True
        if data:
            self.protocol.receive_data(data)
        for event in self.protocol.events_received():
            self.frames += 1
            if isinstance(event, Frame) and event.opcode is Opcode.PONG and self.ping_s is None:
                self.ping_s = time.monotonic() - started
        if self.protocol.close_rcvd is not None:
            self.ended = "close"
        elif self.protocol.parser_exc is not None:
            self.ended = "invalid"
        return bool(self.ended)

    async def _flush(self) -> None:
        if data := b"".join(self.protocol.data_to_send()):
            await self.wire.stream.write(data)


def _begins_a_frame(data: bytes) -> bool:
    """Whether bytes can begin a server's frame where no extension was agreed upon (RFC 6455
    section 5.2): no reserved bit, a known opcode, not masked."""
    return (
        not data[0] & 0x70
        and data[0] & 0x0F in {0, 1, 2, 8, 9, 10}
        and not any(byte & 0x80 for byte in data[1:2])
    )
