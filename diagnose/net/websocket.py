"""The WebSocket opening handshake (RFC 6455) and the first moments of the open connection.

The library builds the request and the frames. The response is read like any HTTP response and
checked here: a refusal may use HTTP/1.0 and have a body, which the library would not accept. As in
browsers, compression is offered.

After the 101, a ping is sent and the connection is watched. A pong proves that frames pass in
both directions. An application that fails at its first step does so within SETTLE after the 101,
after its library has sent the pong. Without a pong the connection is watched for HOLD or longer:
some servers answer no ping while they wait for the client's first message.
"""

from collections.abc import Mapping
from dataclasses import field

from websockets.client import ClientProtocol
from websockets.datastructures import Headers
from websockets.exceptions import WebSocketException
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.protocol import OPEN
from websockets.typing import Origin, Subprotocol
from websockets.uri import parse_uri
from websockets.utils import accept_key

from diagnose.model.frozen import frozen
from diagnose.model.http import Ending, UpgradeFault, Violation
from diagnose.net import DEFAULT_TIMEOUT, Stream
from diagnose.net.http import Http1Connection, HttpResult, send_get
from diagnose.net.websocket_watch import HOLD, MAX_MESSAGE_BYTES, WatchedConnection
from diagnose.parsers.request_fields import merge_fields

#: What browsers offer (RFC 7692).
EXTENSIONS = "permessage-deflate; client_max_window_bits"


@frozen
class UpgradeResult:
    """The result of a handshake.

    `answer` is the HTTP response; `fault` is what is wrong with it, "" if nothing. The other
    fields describe the open connection:

    `ping_s` is the round trip of a ping in seconds, None without a pong. `held_s` is how many
    seconds the connection was watched. `ended` is how it ended in that time, "" if it stayed
    open: "close" (a close frame, with `close_code` and `close_reason`), "eof", "reset", "invalid"
    (not a frame of RFC 6455; `violation` says what is wrong) or "http" (an HTTP response instead of
    frames). `stray` is the beginning of a text in place of frames. `close_code` is 1006 if the
    connection ended without a close frame. `frames` counts the received frames. `idle_s` and
    `own_frames_s` are those of `WatchedConnection`. `last_words` is the beginning of the first
    message in text, if the server then closed the connection.
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
    violation: Violation = ""
    stray: str = ""
    idle_s: float | None = None
    own_frames_s: float | None = None
    last_words: str = ""

    @property
    def accepted(self) -> bool:
        return self.answer.failure is None and not self.fault


@frozen
class ClientHandshake:
    """The client's part of a handshake: a ws or wss URL, the Origin, and the offered subprotocols.

    `extra_headers` are further fields of the request. `deflate` is whether compression is offered,
    as browsers do. `version` is the request's HTTP version. `is_proxied` is whether it is sent as a
    proxy does, to the application: nginx answers visitors in HTTP/1.1, whatever its version.
    """

    url: str
    origin: str | None
    subprotocols: tuple[str, ...] = ()
    extra_headers: Mapping[str, str] = field(default_factory=dict)
    deflate: bool = True
    version: str = "1.1"
    is_proxied: bool = False


async def open_websocket(
    stream: Stream,
    request: ClientHandshake,
    timeout: float = DEFAULT_TIMEOUT,
    ping: bool = True,
    idle: float | None = None,
    first: bytes = b"",
) -> UpgradeResult:
    """Open a WebSocket; if accepted, send the message `first`, if there is one, and watch the
    connection for a moment, or in silence for `idle` seconds. Closes the stream."""
    protocol = client_protocol(request)
    if request.version == "1.0":
        stream = _Http10Stream(stream)
    connection = Http1Connection(stream, timeout)
    try:
        own_headers = dict(protocol.connect().headers.raw_items())
        headers = merge_fields(own_headers, request.extra_headers)
        url = f"http{request.url.removeprefix('ws')}"
        answer = await send_get(connection, url, headers, timeout)
        fault, subprotocol = check_response(answer, protocol.key, request.subprotocols)
        if fault == "" and answer.failure is None:
            fault = _negotiate(protocol, answer) or _version_fault(answer, request)
        if fault or answer.failure:
            return UpgradeResult(answer, fault, subprotocol)
        watched = WatchedConnection(connection, protocol)
        if first:
            protocol.send_binary(first)
        if idle is None:
            await watched.watch(ping, HOLD + 4 * min(answer.took, HOLD))
        else:
            await watched.wait_idle(idle)
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
            watched.violation,
            watched.stray,
            watched.idle_s,
            watched.own_frames_s,
            # Of an application that goes on, its messages are nobody's business.
            watched.first_text if watched.ended == "close" else "",
        )
    finally:
        connection.close()


def client_protocol(request: ClientHandshake) -> ClientProtocol:
    deflate = ClientPerMessageDeflateFactory(client_max_window_bits=True)
    return ClientProtocol(
        parse_uri(request.url),
        origin=Origin(request.origin) if request.origin else None,
        extensions=[deflate] if request.deflate else None,
        subprotocols=[Subprotocol(name) for name in request.subprotocols] or None,
        state=OPEN,
        max_size=MAX_MESSAGE_BYTES,
    )


class _Http10Stream:
    """A stream that sends its first request as HTTP/1.0, as nginx does without
    proxy_http_version 1.1."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._is_first = True
        self.peer, self.is_truncated = stream.peer, False

    async def read(self, limit: int = 65536, timeout: float = DEFAULT_TIMEOUT) -> bytes:
        return await self._stream.read(limit, timeout)

    async def write(self, data: bytes, timeout: float = DEFAULT_TIMEOUT) -> None:
        if self._is_first:
            self._is_first = False
            data = data.replace(b" HTTP/1.1\r\n", b" HTTP/1.0\r\n", 1)
        await self._stream.write(data, timeout)

    def close(self) -> None:
        self._stream.close()


def _negotiate(protocol: ClientProtocol, answer: HttpResult) -> UpgradeFault:
    """Use the extensions that the response names. One that was not offered, or whose parameters are
    wrong, is a fault (RFC 6455 section 9.1, RFC 7692 section 5.1)."""
    headers = Headers()
    for name, value in answer.headers:
        if name.lower() == "sec-websocket-extensions":
            headers[name] = value
    try:
        protocol.extensions = protocol.process_extensions(headers)
    except WebSocketException:
        return "extension"
    return ""


def _version_fault(answer: HttpResult, request: ClientHandshake) -> UpgradeFault:
    """A handshake is answered in HTTP/1.1 (RFC 6455 section 4.2.2). Firefox and Safari refuse
    HTTP/1.0, Chromium and most libraries do not."""
    return "version" if answer.version == "HTTP/1.0" and not request.is_proxied else ""


def check_response(
    answer: HttpResult, key: str, subprotocols: tuple[str, ...]
) -> tuple[UpgradeFault, str | None]:
    """Return the fault of a response ("" if none) and the subprotocol that it names.

    Checks RFC 6455 section 4.1, as browsers do. Proxies forward wrong responses unchanged.
    """
    lines = [value for key, value in answer.headers if key.lower() == "sec-websocket-protocol"]
    # An empty field counts: browsers refuse it.
    subprotocol = ", ".join(_values(answer, "Sec-WebSocket-Protocol")) if lines else None
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
