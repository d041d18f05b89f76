"""The open WebSocket: its frames, and how it ends.

It is judged as browsers judge it: a text that is not UTF-8, a masked frame or a compressed one that
was not negotiated ends the connection there too.
"""

import codecs
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from websockets.client import ClientProtocol
from websockets.exceptions import PayloadTooBig, WebSocketException
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN

from diagnose.model.http import Ending, Violation
from diagnose.net.deadline import deadline
from diagnose.net.http import Http1Connection
from diagnose.parsers import websocket_frames
from diagnose.parsers.sanitize import clean

_PING = b"diagnose"

#: Seconds to watch a connection: SETTLE after the 101 if a pong came, else at least HOLD.
SETTLE = 1.0
HOLD = 1.5

#: Seconds that a close frame and the last pongs may take to be sent.
_FLUSH = 0.25

#: Maximum bytes of frames read in that time. A server that sends more is alive.
_MAX_FRAME_BYTES = 262144
#: Maximum bytes of one message after decompression.
MAX_MESSAGE_BYTES = 4 << 20

_Reading = Callable[[float], Awaitable[None]]

#: Characters that are kept of a text that came in place of frames, and of the first message.
_EXCERPT, _FIRST_TEXT = 120, 256


@dataclass(slots=True)
class WatchedConnection:
    """An open WebSocket that is watched. `has_begun` is True once data of a frame has arrived.

    `first_text` is the beginning of its first message in text. `own_frames_s` are the seconds
    between the last two moments at which the server sent something, None if it did so less than
    twice. `idle_s` is how long nothing had passed when the connection ended, None if it did not.
    """

    wire: Http1Connection
    protocol: ClientProtocol
    ping_s: float | None = None
    held_s: float = 0.0
    ended: Ending = ""
    violation: Violation = ""
    stray: str = ""
    first_text: str = ""
    frames: int = 0
    idle_s: float | None = None
    own_frames_s: float | None = None
    has_begun: bool = False
    _is_flooded: bool = False
    _head: bytes = b""
    _text: codecs.IncrementalDecoder | None = None
    _last_data: float = field(default_factory=time.monotonic)
    _has_pushed: bool = False

    @property
    def close_code(self) -> int | None:
        close = self.protocol.close_rcvd
        if close is not None and self.ended in {"", "close"}:
            return int(close.code)
        return 1006 if self.ended else None

    @property
    def close_reason(self) -> str:
        close = self.protocol.close_rcvd
        return clean(close.reason, 200) if close is not None else ""

    async def watch(self, ping: bool, timeout: float) -> None:
        """Watch until the server ends the connection or time is up; then send a close frame."""
        await self._until_end(lambda started: self._read(started, ping), timeout)

    async def wait_idle(self, seconds: float) -> None:
        """Send nothing but pongs for so many seconds, or until the server ends the connection."""
        await self._until_end(lambda started: self._read_idle(started, seconds), seconds)
        if self.ended:
            self.idle_s = time.monotonic() - self._last_data

    async def _until_end(self, read: _Reading, timeout: float) -> None:
        started = self._last_data = time.monotonic()
        try:
            async with deadline(timeout):
                await read(started)
        except TimeoutError:
            pass
        except OSError:
            # Data before a reset counts: a close frame, or data that is not a frame.
            self.ended = self.ended or "reset"
        self._judge_head(is_last=True)
        self.held_s = time.monotonic() - started
        with contextlib.suppress(OSError, WebSocketException):
            if self.protocol.state is OPEN:
                self.protocol.send_close(1000)
            async with deadline(_FLUSH):
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
                async with deadline(remaining and max(remaining, 0.01)):
                    data = await self.wire.stream.read()
            except TimeoutError:
                return
            if not data:
                self.ended = self.ended or "eof"
                return
            total += len(data)

    async def _read_idle(self, started: float, seconds: float) -> None:
        data = self.wire.trailing_data
        # The bytes that end the connection end the silence, and do not begin another one.
        while not self._consume(data, started):
            if data:
                self._note_data()
            with contextlib.suppress(OSError):
                await self._flush()
            data = await self.wire.stream.read(timeout=seconds + 1.0)
            if not data:
                self.ended = "eof"
                return

    def _note_data(self) -> None:
        now = time.monotonic()
        # A greeting is no rhythm.
        self.own_frames_s = now - self._last_data if self._has_pushed else None
        self._last_data, self._has_pushed = now, True

    def _consume(self, data: bytes, started: float) -> bool:
        """Process received bytes; return whether the connection has ended, or needs no further
        look."""
        if data and not self.has_begun:
            self._head += data
            self._judge_head()
            data = b""
            if self.has_begun:
                data, self._head = self._head, b""
        if data:
            self.protocol.receive_data(data)
        for event in self.protocol.events_received():
            self.frames += 1
            if isinstance(event, Frame):
                self._take(event, started)
        if self.protocol.close_rcvd is not None and not self.ended:
            self.ended = "close"
        elif (error := self.protocol.parser_exc) is not None and not self.ended:
            self._fail(error)
        return bool(self.ended) or self._is_flooded

    def _judge_head(self, is_last: bool = False) -> None:
        """Decide whether the first bytes begin a frame. The parser would wait for the end of a
        supposed one. `is_last`: no more bytes will come."""
        head = self._head
        if not head or self.has_begun:
            return
        is_http = websocket_frames.is_http(head)
        violation = (
            "text"
            if is_http
            else websocket_frames.first_frame_violation(head, bool(self.protocol.extensions))
        )
        if not violation:
            self.has_begun = True
        elif len(head) >= websocket_frames.ENOUGH or is_last or violation != "text":
            self.ended, self.violation = ("http", "") if is_http else ("invalid", violation)
            if violation == "text":
                self.stray = clean(" ".join(head[:512].decode("latin-1").split()), _EXCERPT)

    def _take(self, frame: Frame, started: float) -> None:
        if frame.opcode is Opcode.PONG and self.ping_s is None:
            self.ping_s = time.monotonic() - started
        if frame.opcode is Opcode.TEXT:
            self._text = codecs.getincrementaldecoder("utf-8")()
        elif frame.opcode is Opcode.BINARY:
            self._text = None
        if self._text is not None and frame.opcode in {Opcode.TEXT, Opcode.CONT}:
            try:
                text = self._text.decode(bytes(frame.data), frame.fin)
                self.first_text = self.first_text or clean(text[:_FIRST_TEXT], _FIRST_TEXT)
            except UnicodeDecodeError:
                self.ended, self.violation = self.ended or "invalid", "utf-8"

    def _fail(self, error: Exception) -> None:
        if isinstance(error, PayloadTooBig):
            # It sends more than is read here, and is alive.
            self._is_flooded = True
        else:
            self.ended, self.violation = "invalid", websocket_frames.violation_of(error)

    async def _flush(self) -> None:
        if data := b"".join(self.protocol.data_to_send()):
            await self.wire.stream.write(data)
