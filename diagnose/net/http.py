"""HTTP over the streams of `diagnose.net`.

h11 builds requests and reads responses on a `Stream`, so a failure keeps the errno of the stream's
exception. Redirects are not followed, cookies are not kept, and the environment is not read.
"""

import re
import time
from collections.abc import Mapping
from typing import Protocol
from urllib.parse import urlsplit

import h11
from h11 import _readers as h11_readers

from diagnose._version import VERSION
from diagnose.model import Failure
from diagnose.model.frozen import frozen
from diagnose.model.marks import Headers
from diagnose.net import Stream
from diagnose.net.deadline import deadline
from diagnose.net.http_body import BODY_EXCERPT, BodyRead, read_beginning
from diagnose.net.http_errors import MAX_BODY, InvalidUrl, NotHttp, NotHttp2, http_failure
from diagnose.net.http_request import HttpRequest, ResponseHead, http_request
from diagnose.parsers.http import websocket_urls
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.request_fields import merge_fields
from diagnose.parsers.response_head import FaultyField, contradictions, repair_head
from diagnose.parsers.sanitize import clean
from diagnose.parsers.script_urls import own_ports_in

# h11 matches the reason phrase by a group for each byte, and the regular expression keeps some
# 240 bytes of memory for each: 24 MB for a phrase of 100 kB. This pattern accepts the same lines.
h11_readers.status_line_re = re.compile(
    rb"HTTP/(?P<http_version>[0-9]\.[0-9]) (?P<status_code>[0-9]{3})"
    rb"(?: (?P<reason>[^\0\n\v\f\r]*))?"
)

USER_AGENT = f"diagnose/{VERSION}"

MAX_FIELDS = 64
MAX_FIELD_LENGTH = 1024

#: Browsers refuse a longer cookie (4096 bytes of name and value): as much is kept as shows it.
MAX_COOKIE_LENGTH = 4400

#: Maximum number of interim responses (RFC 9110 section 15.2); servers send one or two.
MAX_INTERIM = 100

#: Bytes of a response's header that are read, at most.
MAX_HEAD = 2 * MAX_BODY


@frozen
class HttpResult:
    """The result of a request.

    `took` is the seconds until the end of the header, `received` the time of that moment in
    seconds since the epoch. If both a status and a failure are set, the response was cut off.
    `incomplete` and `header_faults` are explained at `Exchange`. `body_read` is how far the body
    was read, None for a response that has none to read. `text` is its beginning as text, `size` its
    bytes so far; `is_whole` tells whether the text is the whole body.
    """

    took: float = 0.0
    received: float = 0.0
    status: int | None = None
    reason: str = ""
    version: str = ""
    headers: Headers = ()
    body: str = ""
    mentions: tuple[str, ...] = ()
    extended_connect: bool | None = None
    incomplete: bool = False
    failure: Failure | None = None
    header_faults: tuple[FaultyField, ...] = ()
    body_read: BodyRead | None = None

    @property
    def text(self) -> str:
        return self.body_read.text if self.body_read else ""

    @property
    def size(self) -> int:
        return self.body_read.received if self.body_read else 0

    @property
    def is_whole(self) -> bool:
        return self.body_read is not None and self.body_read.is_whole


class Http1Connection:
    """HTTP/1.1 (RFC 9112) on one stream; handles one request after another."""

    def __init__(self, stream: Stream, timeout: float) -> None:
        self.stream = stream
        self.timeout = timeout
        self._state = _new_state()
        self._request: tuple[h11.Request | h11.Data | h11.EndOfMessage, ...] | None = None
        self._head_data = b""
        self.header_faults: tuple[FaultyField, ...] = ()
        self._write_error: OSError | None = None
        self._has_answer_begun = False

    @property
    def reusable(self) -> bool:
        """Whether another request can follow.

        True if the last response was read to its end and neither side wants to close.
        """
        return self._state.our_state in {h11.IDLE, h11.DONE} and (
            self._state.their_state in {h11.IDLE, h11.DONE}
        )

    @property
    def is_incomplete(self) -> bool:
        """Whether only the end of the connection ended the last response, and TLS was not closed
        (RFC 9112 section 9.8).

        A response with a length or in chunks ends before h11 needs the end of the stream.
        """
        return self.stream.is_truncated and self._state.their_state in {h11.DONE, h11.MUST_CLOSE}

    async def request(self, request: HttpRequest) -> ResponseHead:
        """Send a request and return the head of its response."""
        if self._state.our_state is h11.DONE:
            self._state.start_next_cycle()
        await self._send(request)
        head = await self._head()
        return ResponseHead(
            status=head.status_code,
            version=b"HTTP/" + head.http_version,
            reason=bytes(head.reason),
            fields=tuple(head.headers.raw_items()),
        )

    def close(self) -> None:
        self.stream.close()

    @property
    def trailing_data(self) -> bytes:
        """Bytes received after a 101 response; they belong to the next protocol."""
        return self._state.trailing_data[0]

    async def event(self) -> h11.Event | type[h11.PAUSED]:
        """Return the next part of the response.

        Raises NotHttp, EOFError, or the stream's OSError.
        """
        while True:
            event = self._next_event()
            if event is not None:
                return event
            try:
                data = await self.stream.read(MAX_BODY, self.timeout)
            except OSError as error:
                raise self._write_error or error from None
            if not data and self._state.their_state is h11.SEND_RESPONSE:
                raise self._write_error or EOFError("the connection was closed without an answer")
            beginning = data.lstrip(b"\r\n")[:5]
            if not self._has_answer_begun and beginning and not b"HTTP/".startswith(beginning):
                raise NotHttp(data)
            self._has_answer_begun = True
            if self._state.their_state is h11.SEND_RESPONSE:
                self._head_data += data
            self._state.receive_data(data)

    def _next_event(self) -> h11.Event | type[h11.PAUSED] | None:
        """Return h11's next event, None if it needs more data. If it refuses a head that browsers
        accept, the head is repaired and the faults are kept."""
        is_head = self._state.their_state is h11.SEND_RESPONSE
        try:
            return _event_or_none(self._state)
        except h11.RemoteProtocolError as error:
            if _BARE_CHUNK.match(self._state.trailing_data[0]):
                raise TimeoutError("chunks end in a bare line feed") from None
            if is_head and str(error) == "Receive buffer too long":
                # Imported late: most headers end.
                from diagnose.net.http_words import too_long

                raise h11.RemoteProtocolError(too_long(MAX_HEAD)) from None
            repaired = repair_head(self._head_data) if is_head and not self.header_faults else None
            if repaired is None or self._request is None:
                raise
            self.header_faults = repaired.faults
            self._state = _new_state()
            for event in self._request:
                self._state.send(event)
            self._state.receive_data(repaired.data)
            return _event_or_none(self._state)

    async def body_data(self) -> bytes:
        """Return the next bytes of the body, b"" at its end."""
        while isinstance(event := await self.event(), h11.Data):
            if event.data:
                return bytes(event.data)
        return b""

    async def _send(self, request: HttpRequest) -> None:
        data, self._head_data, self.header_faults = b"", b"", ()
        head = h11.Request(
            method=request.method, target=request.url.target, headers=list(request.fields)
        )
        body = (h11.Data(request.content),) if request.content else ()
        self._request = (head, *body, h11.EndOfMessage())
        for event in self._request:
            data += self._state.send(event) or b""
        try:
            await self.stream.write(data, self.timeout)
        except OSError as error:
            # A server may answer and close before it has read the whole request.
            self._write_error = error

    async def _head(self) -> h11.Response | h11.InformationalResponse:
        for _ in range(MAX_INTERIM):
            event = await self.event()
            if isinstance(event, h11.Response):
                if event.http_version not in {b"1.0", b"1.1"}:
                    # Another major version is a different protocol (RFC 9110 section 2.5), and
                    # there is no other minor version: curl refuses it too.
                    version = clean(event.http_version)
                    raise h11.RemoteProtocolError(f"HTTP/{version} where HTTP/1.1 was asked for")
                return event
            if isinstance(event, h11.InformationalResponse) and event.status_code == 101:
                return event
        raise h11.RemoteProtocolError(f"{MAX_INTERIM} interim answers (1xx) and no final one")


def _event_or_none(state: h11.Connection) -> h11.Event | type[h11.PAUSED] | None:
    event = state.next_event()
    return None if event is h11.NEED_DATA else event  # type: ignore[return-value]


#: The line before a chunk that ends without a carriage return. Browsers read on, h11 does not.
_BARE_CHUNK = lazy_pattern(rb"[0-9A-Fa-f]{1,16}[ \t]*(?:;[^\r\n]{0,200})?\n")


def _new_state() -> h11.Connection:
    return h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD)


class HttpConnection(Protocol):
    """A connection that sends a request, in any HTTP version."""

    header_faults: tuple[FaultyField, ...]

    @property
    def reusable(self) -> bool: ...

    @property
    def is_incomplete(self) -> bool: ...

    async def body_data(self) -> bytes:
        """Return the next bytes of the body, b"" at its end. Raises like `event`."""
        ...

    async def request(self, request: HttpRequest) -> ResponseHead:
        """Send a request and return the head of its response."""
        ...

    def close(self) -> None: ...


def connection_for(stream: Stream, alpn: str, timeout: float) -> HttpConnection:
    """Return the connection for the ALPN result; the HTTP/2 library is loaded only for "h2"."""
    if alpn == "h2":
        from diagnose.net.http2 import Http2Connection

        return Http2Connection(stream, timeout)
    return Http1Connection(stream, timeout)


async def get(
    connection: HttpConnection,
    url: str,
    timeout: float,
    extra_headers: Mapping[str, str] | None = None,
    method: str = "GET",
) -> HttpResult:
    """GET a URL with a browser's header fields but our User-Agent, or request it by another method,
    without a body.

    `extra_headers` are added or replace a field.
    """
    headers = {
        "Accept": "text/html,*/*;q=0.8",
        "Accept-Encoding": "identity",
        # Some servers redirect to https only if this field, which browsers send, is present.
        "Upgrade-Insecure-Requests": "1",
    }
    fields = merge_fields(headers, extra_headers or {})
    return await send_get(connection, url, fields, timeout, method)


async def send_get(
    connection: HttpConnection,
    url: str,
    headers: Mapping[str, str],
    timeout: float,
    method: str = "GET",
    max_body: int | None = None,
) -> HttpResult:
    """Send a GET, or another method, with these header fields. Failures of the server are returned,
    not raised.

    `max_body` is the number of bytes of the body to read, None for the usual.
    """
    started = time.monotonic()
    try:
        async with deadline(timeout):
            fields = merge_fields({"User-Agent": USER_AGENT}, headers)
            head = await connection.request(http_request(method, url, fields))
    except (
        OSError,
        EOFError,
        NotHttp,
        NotHttp2,
        InvalidUrl,
        h11.ProtocolError,
    ) as error:
        return HttpResult(time.monotonic() - started, time.time(), failure=http_failure(error))
    took, received = time.monotonic() - started, time.time()
    answer_fields = _headers(head)
    body_read = await read_beginning(connection, head.status, answer_fields, max_body)
    page = body_read.text if body_read else ""
    return HttpResult(
        took=took,
        received=received,
        status=head.status,
        reason=clean(head.reason.decode("ascii", "ignore")),
        version=clean(head.version.decode("ascii", "ignore")),
        headers=answer_fields,
        body=printable(page[:BODY_EXCERPT]),
        mentions=(
            *map(clean, websocket_urls(page)),
            *own_ports_in(page, urlsplit(url).hostname or ""),
        ),
        extended_connect=head.extended_connect,
        incomplete=connection.is_incomplete,
        failure=body_read.failure if body_read else None,
        header_faults=connection.header_faults + contradictions(answer_fields),
        body_read=body_read,
    )


def _headers(head: ResponseHead) -> Headers:
    return tuple(
        (
            clean(name.decode("latin-1"), 100),
            clean(
                value.decode("latin-1"),
                MAX_COOKIE_LENGTH if name.lower() == b"set-cookie" else MAX_FIELD_LENGTH,
            ),
        )
        for name, value in head.fields[:MAX_FIELDS]
    )


def printable(text: str) -> str:
    """Make a text of several lines safe to show, line by line."""
    return "\n".join(clean(line, BODY_EXCERPT) for line in text.splitlines())
