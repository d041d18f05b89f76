"""HTTP/2 (RFC 9113) on one stream, for servers that speak nothing else.

Imported only if a handshake negotiated "h2". The h2 library keeps the protocol state; a protocol
violation becomes a failure with the library's message. One request, no server push.
"""

from collections import deque
from typing import Any

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    ResponseReceived,
    StreamEnded,
    StreamReset,
)
from h2.exceptions import H2Error
from h2.settings import SettingCodes

from diagnose.net import Stream
from diagnose.net.http_errors import MAX_BODY, NotHttp2
from diagnose.net.http_request import HttpRequest, ResponseHead
from diagnose.parsers.response_head import FaultyField, http2_faults
from diagnose.parsers.sanitize import clean

#: Connection-specific fields, which HTTP/2 does not allow (RFC 9113 section 8.2.2).
_CONNECTION_FIELDS = {
    b"connection",
    b"host",
    b"keep-alive",
    b"te",
    b"transfer-encoding",
    b"upgrade",
}

#: Maximum bytes read in total: a flood of frames without a response must end.
_MAX_TOTAL = 8 * MAX_BODY


class _State(H2Connection):
    def _receive_goaway_frame(self, frame: Any) -> tuple[list[Any], list[Event]]:
        # The answer to our stream may still come (RFC 9113 section 6.8); h2 would refuse it.
        if not frame.error_code and frame.last_stream_id:
            return [], []
        return super()._receive_goaway_frame(frame)


class Http2Connection:
    """One request over a stream that negotiated "h2"."""

    reusable = False
    #: END_STREAM marks the end of a response (RFC 9113 section 8.1).
    is_incomplete = False

    def __init__(self, stream: Stream, timeout: float) -> None:
        self.stream = stream
        self.timeout = timeout
        # What is wrong in a header is named here; browsers accept some of it.
        self._state = _State(
            H2Configuration(client_side=True, header_encoding=None, validate_inbound_headers=False)
        )
        self._events: deque[Event] = deque()
        self._received, self._has_begun, self._has_ended = 0, False, False
        self.header_faults: tuple[FaultyField, ...] = ()

    async def request(self, request: HttpRequest) -> ResponseHead:
        """Send the request and return the head of its response."""
        self._state.initiate_connection()
        self._state.update_settings({SettingCodes.ENABLE_PUSH: 0})
        self._state.send_headers(1, _fields(request), end_stream=not request.content)
        # Browsers do not compare Content-Length with the frames; `ResponseBody` shows both.
        self._state.streams[1]._initialize_content_length = _ignore_length  # type: ignore[method-assign]
        await self._flush()
        await self._send_body(request.content)
        while not isinstance(event := await self.event(), ResponseReceived):
            if isinstance(event, StreamEnded):
                raise NotHttp2("the stream ended without an answer")
        fields = [(bytes(name), bytes(value)) for name, value in event.headers or ()]
        status = fields[0][1] if fields and fields[0][0] == b":status" else b""
        if not (status.isdigit() and len(status) == 3):
            # Pseudo-header fields come before all others (RFC 9113 section 8.3).
            raise NotHttp2("the answer does not begin with a status", "FRAMES")
        self.header_faults = http2_faults(fields)
        return ResponseHead(
            status=int(status),
            version=b"HTTP/2",
            reason=b"",
            fields=tuple((name, value) for name, value in fields if not name.startswith(b":")),
            extended_connect=bool(self._state.remote_settings.enable_connect_protocol),
        )

    def close(self) -> None:
        self.stream.close()

    async def event(self) -> Event:
        """Return the next event that concerns the request. Raises NotHttp2 or EOFError."""
        while True:
            while self._events:
                event = self._events.popleft()
                if isinstance(event, StreamReset):
                    raise _rejection("the server reset the stream", "RESET", event.error_code)
                if isinstance(event, ConnectionTerminated):
                    raise _rejection("the server went away", "GOAWAY", event.error_code)
                if isinstance(event, DataReceived):
                    self._state.acknowledge_received_data(event.flow_controlled_length or 0, 1)
                    # A long body is no flood.
                    self._received = max(0, self._received - len(event.data or b""))
                if isinstance(event, (DataReceived, ResponseReceived, StreamEnded)):
                    return event
            await self._read()

    async def body_data(self) -> bytes:
        """Return the next bytes of the body, b"" at its end."""
        while not self._has_ended:
            event = await self.event()
            if isinstance(event, StreamEnded):
                self._has_ended = True
            elif isinstance(event, DataReceived) and event.data:
                return bytes(event.data)
        return b""

    async def _send_body(self, body: bytes) -> None:
        """Send the body of a request, as much at a time as the server allows (RFC 9113 section
        5.2)."""
        while body:
            window = min(
                self._state.local_flow_control_window(1), self._state.max_outbound_frame_size
            )
            if window <= 0:
                await self._read()
                continue
            piece, body = body[:window], body[window:]
            self._state.send_data(1, piece, end_stream=not body)
            await self._flush()

    async def _read(self) -> None:
        data = await self.stream.read(MAX_BODY, self.timeout)
        if not data:
            raise EOFError("the connection was closed without an answer")
        if not self._has_begun and data.startswith(b"HTTP/1"):
            line = clean(data.split(b"\r\n", 1)[0].decode("latin-1"), 60)
            raise NotHttp2(f"HTTP/2 was agreed, and the server sends {line}", "HTTP1")
        self._has_begun = True
        self._received += len(data)
        if self._received > _MAX_TOTAL:
            raise NotHttp2("too much came without an answer", "FRAMES")
        try:
            self._events.extend(self._state.receive_data(data))
        except H2Error as error:
            raise NotHttp2(f"not as HTTP/2 has it: {error}", "FRAMES") from None
        await self._flush()

    async def _flush(self) -> None:
        if data := self._state.data_to_send():
            await self.stream.write(data, self.timeout)


def _fields(request: HttpRequest) -> list[tuple[bytes, bytes]]:
    url = request.url
    return [
        (b":method", request.method),
        (b":scheme", url.scheme),
        (b":authority", url.authority),
        (b":path", url.target),
        *(
            (name.lower(), value)
            for name, value in request.fields
            if name.lower() not in _CONNECTION_FIELDS
        ),
    ]


def _ignore_length(headers: object) -> None:
    """Stand in for h2's reading of Content-Length, so that it expects no number of bytes."""


def _rejection(event: str, name: str, code: ErrorCodes | int | None) -> NotHttp2:
    return NotHttp2(f"{event}: {_error_name(code)}", name, int(code or 0))


def _error_name(code: ErrorCodes | int | None) -> str:
    """Return the name of an error code (RFC 9113 section 7)."""
    return code.name if isinstance(code, ErrorCodes) else f"error {code}"
