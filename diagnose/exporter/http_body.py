"""Reads the body of a response to its end, decompressed if the module says so, within limits."""

import asyncio
import math
import sys
import zlib
from collections.abc import Callable, Iterator

import h11

from diagnose.model.frozen import frozen
from diagnose.net.http import HttpConnection
from diagnose.net.http_errors import NotHttp, NotHttp2, http_failure

#: Maximum bytes of a body that is kept or decompressed, if the module sets no limit.
MAX_BODY = 64 << 20
#: Seconds before the end of a probe at which the body ends, so that what was seen so far is told
#: also by a busy process.
_MARGIN = 0.2
#: Maximum bytes that one piece of data may become at a time.
_PIECE = 1 << 20


@frozen
class BodyResult:
    """`size` is the number of bytes after decompression, `data` holds them if they were to be kept.
    `error` is why reading ended early, "" if it did not."""

    size: int = 0
    data: bytes = b""
    error: str = ""


async def read_body(
    connection: HttpConnection, compression: str, limit: int, keep: bool, deadline: float = math.inf
) -> BodyResult:
    """Read to the end, to `limit` bytes (0: MAX_BODY of a body that is kept or decompressed, else
    any number), or until shortly before `deadline` on the clock of the event loop."""
    is_plain = compression in {"", "identity"}
    maximum = limit or (sys.maxsize if is_plain and not keep else MAX_BODY)
    size, kept_bytes, decode = 0, bytearray(), _decoder(compression)
    try:
        async with asyncio.timeout_at(deadline - _MARGIN):
            while data := await connection.body_data():
                for piece in decode(data):
                    size += len(piece)
                    if size > maximum:
                        error = f"larger than {maximum} bytes"
                        return BodyResult(maximum, bytes(kept_bytes), error)
                    if keep:
                        kept_bytes += piece
    except TimeoutError:
        return BodyResult(size, bytes(kept_bytes), "deadline exceeded")
    except (OSError, EOFError, NotHttp, NotHttp2, h11.ProtocolError) as error:
        return BodyResult(size, bytes(kept_bytes), http_failure(error).message)
    except (zlib.error, ValueError) as error:
        return BodyResult(size, bytes(kept_bytes), f"not {compression}: {error}")
    return BodyResult(size, bytes(kept_bytes))


def _decoder(compression: str) -> Callable[[bytes], Iterator[bytes]]:
    """Return a function that decompresses a piece of data, some bytes at a time."""
    if compression == "br":
        return _brotli_decoder()
    if compression in {"gzip", "deflate"}:
        # "deflate" is the bare format here (RFC 1951), as in Go's compress/flate.
        decompressor = zlib.decompressobj(31 if compression == "gzip" else -zlib.MAX_WBITS)

        def inflate(data: bytes) -> Iterator[bytes]:
            while data:
                yield decompressor.decompress(data, _PIECE)
                data = decompressor.unconsumed_tail

        return inflate
    return lambda data: iter((data,))


def _brotli_decoder() -> Callable[[bytes], Iterator[bytes]]:
    import brotli

    decompressor = brotli.Decompressor()

    def decode(data: bytes) -> Iterator[bytes]:
        try:
            yield decompressor.process(data, output_buffer_limit=_PIECE)
            while not decompressor.is_finished() and not decompressor.can_accept_more_data():
                yield decompressor.process(b"", output_buffer_limit=_PIECE)
        except brotli.error as error:
            raise ValueError(str(error)) from None

    return decode
