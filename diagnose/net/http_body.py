"""The body of a response: its beginning, which checks read, and the way to its end.

The beginning comes with the answer. The rest is read afterwards, because a run does not wait for
it. Both are bounded in bytes and in time: some bodies never end.
"""

import time
import zlib
from typing import Protocol

import h11

from diagnose.model import Failure
from diagnose.model.frozen import frozen
from diagnose.model.http import BodyEnd, CodingFault, header
from diagnose.model.marks import Headers
from diagnose.net.deadline import deadline
from diagnose.net.http_errors import MAX_BODY, NotHttp, NotHttp2, http_failure
from diagnose.parsers.content_coding import CodingTest

#: The evidence keeps so many characters of a body.
BODY_EXCERPT = 2048

#: Seconds to wait for the beginning of a body, and for its rest.
BODY_TIMEOUT = 2.0

#: Maximum bytes of a body that are read. What is beyond is unknown.
MAX_RECEIVED = 2 << 20


class BodySource(Protocol):
    """A connection whose response is being read."""

    async def body_data(self) -> bytes: ...


@frozen
class BodyRead:
    """How far a body was read. `data` is its beginning as it came, `text` the same as text, without
    the coding; `is_whole` tells whether `text` is the whole body."""

    data: bytes = b""
    text: str = ""
    end: BodyEnd = "complete"
    received: int = 0
    coding_fault: CodingFault = ""
    failure: Failure | None = None
    is_whole: bool = False


async def read_beginning(
    source: BodySource, status: int, headers: Headers, max_body: int | None = None
) -> BodyRead | None:
    """Read the beginning of a body: up to `max_body` bytes, by default of HTML MAX_BODY bytes,
    otherwise BODY_EXCERPT.

    None if nothing is read: after a 101 another protocol follows, and events come when they come.
    A body that never ends or stalls is not a failure.
    """
    media_type = header(headers, "Content-Type") or ""
    if status == 101 or media_type.startswith("text/event-stream"):
        return None
    limit = max_body or (MAX_BODY if "html" in media_type else BODY_EXCERPT)
    maximum = max_body or MAX_BODY
    pieces: list[bytes] = []
    end, failure = await _read(source, pieces, limit)
    data = b"".join(pieces)
    beginning = _decoded(data[:maximum], header(headers, "Content-Encoding") or "", maximum)
    return BodyRead(
        data=data,
        text=beginning.decode("utf-8", "replace"),
        end=end,
        received=len(data),
        coding_fault=_coding_fault(headers, [data]),
        failure=failure,
        is_whole=end == "complete" and len(data) <= maximum,
    )


async def read_rest(
    source: BodySource, headers: Headers, beginning: BodyRead, limit: int = MAX_RECEIVED
) -> BodyRead:
    """Read on to the end of a body, up to `limit` bytes in all and BODY_TIMEOUT seconds."""
    if beginning.end != "unread":
        return beginning
    pieces = [beginning.data]
    end, failure = await _read(source, pieces, limit - beginning.received)
    return BodyRead(
        end=end,
        received=sum(map(len, pieces)),
        coding_fault=_coding_fault(headers, pieces),
        failure=failure,
    )


async def _read(
    source: BodySource, pieces: list[bytes], limit: int
) -> tuple[BodyEnd, Failure | None]:
    """Read into `pieces` until the end, `limit` bytes or BODY_TIMEOUT."""
    received, end_time = 0, time.monotonic() + BODY_TIMEOUT
    try:
        async with deadline(BODY_TIMEOUT):
            while received < limit:
                data = await source.body_data()
                if not data:
                    return "complete", None
                pieces.append(data)
                received += len(data)
                if time.monotonic() > end_time:
                    break
    except TimeoutError:
        pass
    except (OSError, EOFError, NotHttp, NotHttp2, h11.ProtocolError) as error:
        return "cut", http_failure(error)
    return "unread", None


def _coding_fault(headers: Headers, pieces: list[bytes]) -> CodingFault:
    values = [value for name, value in headers if name.lower() == "content-encoding"]
    test = CodingTest(", ".join(values), header(headers, "Content-Type") or "")
    for piece in pieces:
        test.feed(piece)
    return test.fault


#: zlib detects whether the header is gzip's or its own (zlib's manual, inflateInit2).
_ANY_HEADER = zlib.MAX_WBITS | 32


def _decoded(data: bytes, coding: str, limit: int) -> bytes:
    """Undo gzip or deflate (RFC 9110 section 8.4.1), up to `limit` bytes.

    Some servers compress although it was not requested.
    """
    match coding.strip().lower():
        case "" | "identity":
            return data
        case "gzip" | "x-gzip":
            return _inflated(data, _ANY_HEADER, limit)
        case "deflate":
            # Some servers send the deflate stream without the zlib header (section 8.4.1.2, note).
            return _inflated(data, _ANY_HEADER, limit) or _inflated(data, -zlib.MAX_WBITS, limit)
        case _:
            return b""


def _inflated(data: bytes, window_bits: int, limit: int) -> bytes:
    """Return at most `limit` decompressed bytes, or b"" if the data has another format."""
    try:
        return zlib.decompressobj(window_bits).decompress(data, limit)
    except zlib.error:
        return b""
