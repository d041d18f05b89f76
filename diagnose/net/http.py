"""HTTP over the streams of `diagnose.net`.

httpx builds requests and reads responses. Instead of opening sockets, it uses a `Stream` with h11
on top, so a failure keeps the errno of the stream's exception. Redirects are not followed, cookies
are not kept, and the environment is not read.
"""

import asyncio
import sys
import time
import zlib
from collections.abc import AsyncIterator, Mapping
from typing import Protocol

import h11

from diagnose._version import VERSION
from diagnose.model import Failure
from diagnose.model.frozen import frozen
from diagnose.model.http import header
from diagnose.model.marks import Headers
from diagnose.net import Stream
from diagnose.net.error_mapping import failure_of
from diagnose.net.http_errors import MAX_BODY, NotHttp, NotHttp2
from diagnose.parsers.http import websocket_urls
from diagnose.parsers.request_fields import merge_fields
from diagnose.parsers.sanitize import clean

# On import, httpx loads its command line and with it click, rich and pygments if they are
# installed (20 ms and 90 modules). It works without them if that module cannot be imported.
_unwanted = "httpx._main"
if _unwanted not in sys.modules:
    sys.modules[_unwanted] = None  # type: ignore[assignment]
    import httpx

    del sys.modules[_unwanted]
else:
    import httpx

USER_AGENT = f"diagnose/{VERSION}"

#: The evidence keeps so many characters of a body.
BODY_EXCERPT = 2048
MAX_FIELDS = 64
MAX_FIELD_LENGTH = 1024

#: Maximum number of interim responses (RFC 9110 section 15.2); servers send one or two.
MAX_INTERIM = 100

#: Seconds to wait for the rest of a body that has begun: some bodies never end.
BODY_TIMEOUT = 2.0


@frozen
class HttpResult:
    """The result of a request.

    `took` is the seconds until the end of the header, `received` the time of that moment in
    seconds since the epoch. If both a status and a failure are set, the response was cut off.
    `incomplete` is explained at `Exchange`.
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


class Http1Connection(httpx.AsyncBaseTransport):
    """HTTP/1.1 (RFC 9112) on one stream; handles one request after another."""

    def __init__(self, stream: Stream, timeout: float) -> None:
        self.stream = stream
        self.timeout = timeout
        self._state = h11.Connection(h11.CLIENT, max_incomplete_event_size=2 * MAX_BODY)
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

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._state.our_state is h11.DONE:
            self._state.start_next_cycle()
        await self._send(request)
        head = await self._head()
        return httpx.Response(
            head.status_code,
            headers=head.headers.raw_items(),
            stream=_Body(self),
            extensions={
                "http_version": b"HTTP/" + head.http_version,
                "reason_phrase": head.reason,
            },
        )

    async def aclose(self) -> None:
        self.close()

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
            event = self._state.next_event()
            if event is not h11.NEED_DATA:
                return event  # type: ignore[return-value]
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
            self._state.receive_data(data)

    async def _send(self, request: httpx.Request) -> None:
        data = b""
        for event in (
            h11.Request(
                method=request.method.encode(),
                target=request.url.raw_path,
                headers=request.headers.raw,
            ),
            h11.EndOfMessage(),
        ):
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


class _Body(httpx.AsyncByteStream):
    def __init__(self, connection: Http1Connection) -> None:
        self._connection = connection

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while isinstance(event := await self._connection.event(), h11.Data):
            yield bytes(event.data)


class HttpConnection(Protocol):
    """A connection that sends a request, in any HTTP version."""

    @property
    def reusable(self) -> bool: ...

    @property
    def is_incomplete(self) -> bool: ...

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response: ...

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
) -> HttpResult:
    """Send a GET, or another method, with these header fields. Failures of the server are returned,
    not raised."""
    started = time.monotonic()
    try:
        async with asyncio.timeout(timeout):
            request = httpx.Request(
                method, url, headers=merge_fields({"User-Agent": USER_AGENT}, headers)
            )
            response = await connection.handle_async_request(request)
    except (
        OSError,
        EOFError,
        NotHttp,
        NotHttp2,
        httpx.InvalidURL,
        h11.ProtocolError,
    ) as error:
        return HttpResult(time.monotonic() - started, time.time(), failure=_failure(error))
    took, received = time.monotonic() - started, time.time()
    fields = _headers(response)
    body, failure = await _body(response, fields)
    page = body.decode("utf-8", "replace")
    return HttpResult(
        took=took,
        received=received,
        status=response.status_code,
        reason=clean(response.reason_phrase),
        version=clean(response.http_version),
        headers=fields,
        body=printable(page[:BODY_EXCERPT]),
        mentions=tuple(clean(mention) for mention in websocket_urls(page)),
        extended_connect=response.extensions.get("extended_connect"),
        incomplete=connection.is_incomplete,
        failure=failure,
    )


def _failure(error: Exception) -> Failure:
    match error:
        case NotHttp():
            name = "TLS" if error.tls else "HTTP2" if error.http2 else None
            return Failure("protocol", str(error), name=name)
        case NotHttp2() | h11.ProtocolError() | httpx.InvalidURL():
            return Failure("protocol", clean(str(error)))
        case _:
            return failure_of(error)


def _headers(response: httpx.Response) -> Headers:
    return tuple(
        (clean(name.decode("latin-1"), 100), clean(value.decode("latin-1"), MAX_FIELD_LENGTH))
        for name, value in response.headers.raw[:MAX_FIELDS]
    )


async def _body(response: httpx.Response, headers: Headers) -> tuple[bytes, Failure | None]:
    """Return the beginning of the body, and a failure if the body was cut off.

    A body that never ends or stalls is not a failure. Only HTML is read up to MAX_BODY.
    """
    kind = header(headers, "Content-Type") or ""
    if response.status_code == 101 or kind.startswith("text/event-stream"):
        return b"", None
    limit = MAX_BODY if "html" in kind else BODY_EXCERPT
    data, failure = b"", None
    try:
        async with asyncio.timeout(BODY_TIMEOUT):
            async for chunk in response.aiter_raw():
                data += chunk
                if len(data) >= limit:
                    break
    except TimeoutError:
        pass
    except (OSError, EOFError, NotHttp2, h11.ProtocolError) as error:
        failure = _failure(error)
    return _decoded(data[:MAX_BODY], header(headers, "Content-Encoding") or ""), failure


#: zlib detects whether the header is gzip's or its own (zlib's manual, inflateInit2).
_ANY_HEADER = zlib.MAX_WBITS | 32


def _decoded(data: bytes, coding: str) -> bytes:
    """Undo gzip or deflate (RFC 9110 section 8.4.1), up to MAX_BODY bytes.

    Some servers compress although it was not requested.
    """
    match coding.strip().lower():
        case "" | "identity":
            return data
        case "gzip" | "x-gzip":
            return _inflated(data, _ANY_HEADER)
        case "deflate":
            # Some servers send the deflate stream without the zlib header (section 8.4.1.2, note).
            return _inflated(data, _ANY_HEADER) or _inflated(data, -zlib.MAX_WBITS)
        case _:
            return b""


def _inflated(data: bytes, window_bits: int) -> bytes:
    """Return at most MAX_BODY decompressed bytes, or b"" if the data has another format."""
    try:
        return zlib.decompressobj(window_bits).decompress(data, MAX_BODY)
    except zlib.error:
        return b""


def printable(text: str) -> str:
    """Make a text of several lines safe to show, line by line."""
    return "\n".join(clean(line, BODY_EXCERPT) for line in text.splitlines())
