"""The WebSocket opening handshake (RFC 6455) and the first moments of the open connection.

The library builds the request and the frames. The response is read like any HTTP response and
checked here: a refusal may use HTTP/1.0 and have a body, which the library would not accept.

After the 101, a ping is sent and the connection is watched. A pong proves that frames pass in
both directions. An application that fails at its first step does so within SETTLE after the 101,
after its library has sent the pong. Without a pong the connection is watched for HOLD or longer:
some servers answer no ping while they wait for the client's first message.
"""

import asyncio
import contextlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from websockets.client import ClientProtocol
from websockets.exceptions import WebSocketException
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN
from websockets.typing import Origin, Subprotocol
from websockets.uri import parse_uri
from websockets.utils import accept_key

from diagnose.model.frozen import frozen
from diagnose.model.http import Ending, UpgradeFault
from diagnose.net import DEFAULT_TIMEOUT, Stream
from diagnose.net.http import Http1Connection, HttpResult, send_get
from diagnose.parsers.request_fields import merge_fields
from diagnose.parsers.sanitize import clean

_PING = b"diagnose"
_HTTP = b"HTTP/1."

#: Seconds to watch a connection: SETTLE after the 101 if a pong came, else at least HOLD.
SETTLE = 0.25
HOLD = 1.0

#: Maximum bytes of frames read in that time. A server that sends more is alive.
_MAX_FRAME_BYTES = 262144


@frozen
class UpgradeResult:
    """The result of a handshake.

    `answer` is the HTTP response; `fault` is what is wrong with it, "" if nothing. The other
    fields describe the open connection:

    `ping_s` is the round trip of a ping in seconds, None without a pong. `held_s` is how many
    seconds the connection was watched. `ended` is how it ended in that time, "" if it stayed
    open: "close" (a close frame, with `close_code` and `close_reason`), "eof", "reset", "invalid"
    (not a frame of RFC 6455) or "http" (an HTTP response instead of frames). `close_code` is 1006
    if the connection ended without a close frame. `frames` counts the received frames.
    """

    answer: HttpResult
    fault: UpgradeFault = ""
    subprotocol: str | None = None
    ping_s: float | None = None
    held_s: float | None = None
    ended: Ending = ""
    close_code: int | None = None
    close_reason: str = ""
    frames: int = 0

    @property
    def accepted(self) -> bool:
        return self.answer.failure is None and not self.fault


@frozen
class ClientHandshake:
    """The client's part of a handshake: a ws or wss URL, the Origin, and the offered subprotocols.

    `extra_headers` are further fields of the request.
    """

    url: str
    origin: str | None
    subprotocols: tuple[str, ...] = ()
    extra_headers: Mapping[str, str] = field(default_factory=dict)


async def open_websocket(
    stream: Stream, request: ClientHandshake, timeout: float = DEFAULT_TIMEOUT, ping: bool = True
) -> UpgradeResult:
    """Open a WebSocket; if accepted, watch the connection for a moment. Closes the stream."""
    protocol = ClientProtocol(
        parse_uri(request.url),
        origin=Origin(request.origin) if request.origin else None,
        subprotocols=[Subprotocol(name) for name in request.subprotocols] or None,
        state=OPEN,
        # Message size does not matter here, and the number of bytes read is limited anyway.
        max_size=None,
    )
    connection = Http1Connection(stream, timeout)
    try:
        own_headers = dict(protocol.connect().headers.raw_items())
        headers = merge_fields(own_headers, request.extra_headers)
        url = f"http{request.url.removeprefix('ws')}"
        answer = await send_get(connection, url, headers, timeout)
        fault, subprotocol = check_response(answer, protocol.key, request.subprotocols)
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
) -> tuple[UpgradeFault, str | None]:
    """Return the fault of a response ("" if none) and the subprotocol that it names.

    Checks RFC 6455 section 4.1, as browsers do. Proxies forward wrong responses unchanged.
    """
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
    """Return the members of a list-based field (RFC 9110 section 5.6.1)."""
    lines = [value for key, value in answer.headers if key.lower() == name.lower()]
    return [part.strip() for line in lines for part in line.split(",") if part.strip()]


@dataclass(slots=True)
class _WatchedConnection:
    """An open WebSocket that is watched. `begun` is True once data has arrived."""

    wire: Http1Connection
    protocol: ClientProtocol
    ping_s: float | None = None
    held_s: float = 0.0
    ended: Ending = ""
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
        """Watch until the server ends the connection or time is up; then send a close frame."""
        started = time.monotonic()
        try:
            async with asyncio.timeout(timeout):
                await self._read(started, ping)
        except TimeoutError:
            pass
        except OSError:
            # Data before a reset counts: a close frame, or data that is not a frame.
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
        # Read what a server sent before it closed, even if the ping could not be sent.
        with contextlib.suppress(OSError):
            await self._flush()
        while not self._consume(data, started) and total < _MAX_FRAME_BYTES:
            # Answers to its pings, which would pile up in memory (RFC 6455 section 5.5.2).
            with contextlib.suppress(OSError):
                await self._flush()
            remaining = None if self.ping_s is None else started + SETTLE - time.monotonic()
            try:
                # Data that has already arrived is still read: the loop may have been busy.
                async with asyncio.timeout(remaining and max(remaining, 0.01)):
                    data = await self.wire.stream.read()
            except TimeoutError:
                return
            if not data:
                self.ended = "eof"
                return
            total += len(data)

    def _consume(self, data: bytes, started: float) -> bool:
        """Process received bytes; return whether the connection has ended."""
        if data and not self.begun:
            self.begun = True
            if not _begins_a_frame(data):
                # The parser would wait for the end of a supposed frame.
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
    """Whether bytes can begin a server's frame without extensions (RFC 6455 section 5.2).

    Such a frame has no reserved bit, a known opcode, and no mask.
    """
    return (
        not data[0] & 0x70
        and data[0] & 0x0F in {0, 1, 2, 8, 9, 10}
        and not any(byte & 0x80 for byte in data[1:2])
    )
