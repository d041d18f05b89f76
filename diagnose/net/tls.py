"""TLS over any `Stream`, with everything that one handshake shows.

Python's ssl has no verify callback and tells little about what it received. Two techniques give
the chain, verification result, protocol and alerts from one handshake, even if it fails:

- The bytes pass through our code (MemoryBIO), so data that is not TLS can be read directly.
- The context reports each message after decryption (`SSLContext._msg_callback`, unofficial, in
  every CPython since 3.8). Without it the chain and encrypted alerts remain unknown.

The name is not checked here: OpenSSL verifies the chain, `diagnose.parsers.hostnames` the name.
"""

import asyncio
import contextlib
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any, TypeVar

from diagnose.model import Failure
from diagnose.model.frozen import frozen
from diagnose.model.tls import Alert
from diagnose.net import DEFAULT_TIMEOUT, Stream
from diagnose.net.deadline import deadline
from diagnose.net.error_mapping import failure_of
from diagnose.parsers import tls as tls_parser
from diagnose.parsers.lazy_pattern import lazy_pattern

Result = TypeVar("Result")

#: Maximum bytes kept from the beginning of the received data.
_MAX_BEGINNING = 32768

#: Maximum bytes of a handshake; OpenSSL accepts 100 kB of certificates (SSL_CTX_set_max_cert_list).
#: A server that sends messages without end would keep the processor busy up to the deadline.
_MAX_HANDSHAKE = 524288

# The cipher suites of curl and system programs. Python's own list omits suites that browsers still
# accept, and a server that has only those is not broken.
_CIPHERS = "DEFAULT:!aNULL:!eNULL:@SECLEVEL=2"

# SSL_OP_NO_RX_CERTIFICATE_COMPRESSION (OpenSSL 3.2): `_on_message` parses the certificates.
_NO_CERT_COMPRESSION = 1 << 33

#: ALPN offers (RFC 7301). Over HTTP/2 a WebSocket opens differently than over HTTP/1.1, and nearly
#: every server has both: HTTP/2 is offered only if the server speaks nothing else.
HTTP1 = ("http/1.1",)
HTTP2 = ("h2", "http/1.1")

_MESSAGE_CALLBACK = ssl.SSLContext.__base__.__dict__["_msg_callback"]

_POSITION = lazy_pattern(r"\s*\(_ssl\.c:\d+\)$")


class TlsFailed(OSError):
    """An open TLS stream failed. `failure` holds the details."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


@frozen
class HandshakeResult:
    """The result of a handshake.

    `took` is in seconds. `chain` holds the certificates in DER as sent, the leaf first. `first`
    holds the beginning of the raw received data; `received` counts the received bytes.
    """

    took: float
    stream: Stream | None = None
    failure: Failure | None = None
    protocol: str = ""
    cipher: str = ""
    alpn: str = ""
    verify_code: int | None = None
    verify_message: str = ""
    chain: tuple[bytes, ...] = ()
    alert: Alert | None = None
    wants_client_certificate: bool = False
    group: str = ""
    first: bytes = b""
    received: int = 0


@dataclass(slots=True)
class _ReceivedMessages:
    """Information from the messages that the peer sent."""

    chain: tuple[bytes, ...] = ()
    alert: Alert | None = None
    wants_client_certificate: bool = False
    group: str = ""


def client_context(alpn: tuple[str, ...] = HTTP1) -> ssl.SSLContext:
    """Return a client context that accepts any certificate."""
    ssl_context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    ssl_context.check_hostname = False
    ssl_context.verify_mode = ssl.CERT_NONE
    # Strict checking (default since Python 3.13) requires an authority key identifier (RFC 5280)
    # and so rejects private authorities that every browser accepts.
    ssl_context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    with contextlib.suppress(ssl.SSLError):
        ssl_context.set_ciphers(_CIPHERS)
    with contextlib.suppress(ValueError, OverflowError):
        ssl_context.options |= _NO_CERT_COMPRESSION
    ssl_context.set_alpn_protocols(list(alpn))
    # Python's own setter converts three numbers of each message to enumerations: a fifth of what a
    # handshake costs.
    _MESSAGE_CALLBACK.__set__(ssl_context, _on_message)
    return ssl_context


@lru_cache(maxsize=4)
def shared_context(alpn: tuple[str, ...] = HTTP1) -> ssl.SSLContext:
    """Return the client context that all share who do not change it."""
    return client_context(alpn)


def small_hello_context() -> ssl.SSLContext:
    """Return a context with one classical key share: its ClientHello fits any packet."""
    ssl_context = client_context()
    ssl_context.set_ecdh_curve("X25519")
    return ssl_context


def tls12_context() -> ssl.SSLContext:
    ssl_context = client_context()
    ssl_context.maximum_version = ssl.TLSVersion.TLSv1_2
    return ssl_context


def _on_message(
    conn: Any, direction: str, version: int, content: int, message: int, data: bytes
) -> None:
    """Record a message reported by OpenSSL (SSL_CTX_set_msg_callback(3))."""
    if direction != "read":
        return
    messages: _ReceivedMessages = conn.__dict__.setdefault("heard", _ReceivedMessages())
    if content == tls_parser.ALERT and len(data) == 2 and data[1]:
        messages.alert = tls_parser.make_alert(data[0], data[1])
    elif content == tls_parser.HANDSHAKE and message == tls_parser.CERTIFICATE:
        messages.chain = tls_parser.certificates(data[4:], tls13=version >= 0x0304)
    elif content == tls_parser.HANDSHAKE and message == tls_parser.CERTIFICATE_REQUEST:
        messages.wants_client_certificate = True
    elif content == tls_parser.HANDSHAKE:
        messages.group = tls_parser.negotiated_group(message, data[4:]) or messages.group


@dataclass(slots=True)
class _Pipe:
    """Carries bytes between OpenSSL and the stream, and keeps the first received bytes."""

    stream: Stream
    incoming: ssl.MemoryBIO = field(default_factory=ssl.MemoryBIO)
    outgoing: ssl.MemoryBIO = field(default_factory=ssl.MemoryBIO)
    first: bytes = b""
    received: int = 0
    is_handshake: bool = True
    sending: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def drive(self, operation: Callable[[], Result], timeout: float) -> Result:
        """Repeat the operation and exchange bytes until it succeeds; return its result.

        Raises EOFError if the stream ends.
        """
        async with deadline(timeout):
            while True:
                try:
                    result = operation()
                except ssl.SSLWantReadError:
                    await self.flush(timeout)
                    await self._feed(timeout)
                else:
                    await self.flush(timeout)
                    return result

    async def flush(self, timeout: float) -> None:
        async with self.sending:
            while self.outgoing.pending:
                await self.stream.write(self.outgoing.read(), timeout)

    async def _feed(self, timeout: float) -> None:
        data = await self.stream.read(timeout=timeout)
        if not data:
            raise EOFError("connection closed")
        self.received += len(data)
        if self.is_handshake and self.received > _MAX_HANDSHAKE:
            raise TlsFailed(Failure("protocol", f"no end after {self.received} bytes of handshake"))
        if len(self.first) < _MAX_BEGINNING:
            self.first += data[: _MAX_BEGINNING - len(self.first)]
        self.incoming.write(data)


class SecureStream:
    """A `Stream` inside TLS."""

    def __init__(self, pipe: _Pipe, tls: ssl.SSLObject) -> None:
        self.peer = pipe.stream.peer
        self.is_truncated = False
        self._pipe = pipe
        self._tls = tls

    async def read(self, limit: int = 65536, timeout: float = DEFAULT_TIMEOUT) -> bytes:
        """Like `Stream.read`. A missing close_notify counts as the end and sets `is_truncated`."""
        try:
            return await self._pipe.drive(partial(self._tls.read, limit), timeout)
        except ssl.SSLZeroReturnError:
            return b""
        except (ssl.SSLEOFError, EOFError):
            self.is_truncated = True
            return b""
        except ssl.SSLError as error:
            raise TlsFailed(_failure(error, _received_messages(self._tls).alert)) from error

    async def write(self, data: bytes, timeout: float = DEFAULT_TIMEOUT) -> None:
        remaining = memoryview(data)
        while remaining:
            try:
                count = await self._pipe.drive(partial(self._tls.write, remaining), timeout)
            except ssl.SSLError as error:
                raise TlsFailed(_failure(error, _received_messages(self._tls).alert)) from error
            remaining = remaining[count:]

    def close(self) -> None:
        self._pipe.stream.close()


async def secure(
    stream: Stream,
    context: ssl.SSLContext,
    server_name: str | None,
    timeout: float = DEFAULT_TIMEOUT,
) -> HandshakeResult:
    """Perform a TLS handshake over a stream; close the stream if it fails.

    `server_name` is sent as SNI; None sends none (an address is never sent, RFC 6066 section 3).
    """
    started = time.monotonic()
    pipe = _Pipe(stream)
    tls = context.wrap_bio(pipe.incoming, pipe.outgoing, server_hostname=server_name)
    failure = None
    try:
        await pipe.drive(tls.do_handshake, timeout)
        pipe.is_handshake = False
    except ssl.SSLError as error:
        failure = _failure(error, _alert(tls, pipe))
        # Send our alert, so that the server's log shows the reason.
        with contextlib.suppress(OSError, TimeoutError):
            await pipe.flush(0.2)
    except (OSError, EOFError) as error:
        failure = failure_of(error)
    except BaseException:
        stream.close()
        raise
    if failure is not None:
        stream.close()
        failure = _as_protocol_failure(pipe.first, failure)
    return _handshake_result(tls, pipe, failure, context.verify_mode, time.monotonic() - started)


async def send_and_receive(
    stream: Stream,
    data: bytes,
    is_complete: Callable[[bytes], bool],
    timeout: float = DEFAULT_TIMEOUT,
    limit: int = _MAX_BEGINNING,
) -> tuple[bytes, Failure | None]:
    """Send bytes, then read until `is_complete` or nothing more arrives. Closes the stream.

    At most `limit` bytes are read. Returns them and the failure, if any.
    """
    received, failure = b"", None
    try:
        async with deadline(timeout):
            await stream.write(data, timeout)
            while len(received) < limit and not is_complete(received):
                chunk = await stream.read(limit - len(received), timeout)
                if not chunk:
                    raise EOFError("connection closed")
                received += chunk
    except (OSError, EOFError) as error:
        failure = failure_of(error)
    finally:
        stream.close()
    return received, failure


def _handshake_result(
    tls: ssl.SSLObject,
    pipe: _Pipe,
    failure: Failure | None,
    verify_mode: ssl.VerifyMode,
    took: float,
) -> HandshakeResult:
    messages, cipher = _received_messages(tls), tls.cipher()
    code, message = None, ""
    if failure is not None and failure.kind == "certificate":
        code, message = failure.code, failure.message
    elif failure is None and verify_mode is not ssl.CERT_NONE:
        code = 0
    return HandshakeResult(
        took=took,
        stream=None if failure else SecureStream(pipe, tls),
        failure=failure,
        protocol=tls.version() or "",
        cipher=cipher[0] if cipher else "",
        alpn=tls.selected_alpn_protocol() or "",
        verify_code=code,
        verify_message=message,
        chain=messages.chain,
        alert=_alert(tls, pipe),
        wants_client_certificate=messages.wants_client_certificate,
        group=messages.group,
        first=pipe.first,
        received=pipe.received,
    )


def _received_messages(tls: ssl.SSLObject) -> _ReceivedMessages:
    messages: _ReceivedMessages = tls.__dict__.get("heard", _ReceivedMessages())
    return messages


def _alert(tls: ssl.SSLObject, pipe: _Pipe) -> Alert | None:
    return _received_messages(tls).alert or tls_parser.flight(pipe.first).alert


def _failure(error: ssl.SSLError, alert: Alert | None) -> Failure:
    """Return OpenSSL's error as a failure, without the position in Python's source."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return Failure("certificate", error.verify_message, error.verify_code)
    message = _POSITION.sub("", error.strerror or str(error))
    if alert is not None:
        return Failure("alert", message, alert.code, alert.name)
    return Failure("protocol", message, name=error.reason)


def _as_protocol_failure(first: bytes, failure: Failure) -> Failure:
    """Change the failure's kind to "protocol" if the first bytes received are not TLS."""
    if tls_parser.looks_like_tls(first) or failure.kind == "protocol":
        return failure
    return Failure("protocol", failure.message, failure.code, failure.name)
