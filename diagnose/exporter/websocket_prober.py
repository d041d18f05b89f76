"""The prober "websocket": the opening handshake, and a dialogue of messages.

Source: blackbox_exporter, prober/websocket.go. The messages are those of RFC 6455.
"""

import time
from collections import deque
from dataclasses import dataclass, field

import h11
from websockets.client import ClientProtocol
from websockets.exceptions import WebSocketException
from websockets.frames import Frame, Opcode

from diagnose.exporter import client_tls
from diagnose.exporter.addresses import choose_address
from diagnose.exporter.credentials import authorization, header_fields
from diagnose.exporter.modules import QueryResponse
from diagnose.exporter.probe import Probe
from diagnose.exporter.proxies import proxied_net
from diagnose.exporter.values import expand
from diagnose.net import Stream
from diagnose.net.error_mapping import failure_of
from diagnose.net.http import Http1Connection, send_get
from diagnose.net.http_errors import NotHttp
from diagnose.net.httpx_library import httpx
from diagnose.net.tls import HTTP1
from diagnose.net.websocket import ClientHandshake, check_response, client_protocol
from diagnose.parsers.request_fields import merge_fields

#: Seconds; the whole probe has a deadline of its own.
_PATIENCE = 120.0
#: Maximum bytes of frames that are read while a message is awaited.
MAX_READ = 8 << 20


async def probe_websocket(probe: Probe) -> bool:
    """Return whether the probe succeeded."""
    _declare_metrics(probe)
    try:
        url = httpx.URL(probe.target)
    except (httpx.InvalidURL, ValueError) as error:
        return probe.fail("Could not parse target URL", "target", err=error)
    if url.scheme not in {"ws", "wss"} or not url.host:
        return probe.fail("Error dialing websocket", "target", err="the URL is not ws:// or wss://")
    started = time.monotonic()
    module = probe.module.websocket
    address = await choose_address(
        probe, url.host, module.preferred_ip_protocol, module.ip_protocol_fallback
    )
    _add_phase(probe, "resolve", time.monotonic() - started)
    if not address:
        return False
    stream = await _connect(probe, url, address)
    if stream is None:
        return False
    connection = Http1Connection(stream, _PATIENCE)
    try:
        protocol = await _open(probe, url, connection)
        return protocol is not None and await Conversation(probe, connection, protocol).run()
    finally:
        connection.close()


def _declare_metrics(probe: Probe) -> None:
    metrics = probe.metrics
    for name, help_text in (
        ("probe_websocket_status_code", "Response HTTP status code"),
        ("probe_websocket_connection_upgraded",
            "Indicates if the websocket connection was successfully upgraded"),
        ("probe_websocket_failed_due_to_regex", "Indicates if probe failed due to regex"),
    ):  # fmt: skip
        metrics.declare(name, help_text)
    metrics.declare_labelled(
        "probe_websocket_duration_seconds", "Duration of websocket request by phase"
    )


def _add_phase(probe: Probe, phase: str, seconds: float) -> None:
    probe.metrics.add("probe_websocket_duration_seconds", seconds, phase=phase)


async def _connect(probe: Probe, url: httpx.URL, address: str) -> Stream | None:
    """Return the stream to a server, inside TLS for wss; None if there is none (logged)."""
    config, is_secure = probe.module.websocket.http_config, url.scheme == "wss"
    net = proxied_net(probe.net, config, url)
    result = await net.connect(address, url.port or (443 if is_secure else 80), _PATIENCE)
    if result.stream is None:
        message = result.failure.message if result.failure else ""
        probe.fail("Error dialing websocket", result.failure.kind if result.failure else "other",
            err=message)  # fmt: skip
        return None
    _add_phase(probe, "connect", result.took)
    if not is_secure:
        return result.stream
    name, started = config.tls_config.server_name or url.host, time.monotonic()
    handshake = await client_tls.handshake(probe, result.stream, config.tls_config, name, HTTP1)
    _add_phase(probe, "processing", time.monotonic() - started)
    if handshake is None:
        return None
    client_tls.set_metrics(probe, handshake, config.tls_config)
    return handshake.stream


async def _open(probe: Probe, url: httpx.URL, connection: Http1Connection) -> ClientProtocol | None:
    """Do the opening handshake. Return the open protocol, None if it was refused (logged)."""
    module = probe.module.websocket
    fields = dict(header_fields(probe, module.headers))
    if value := authorization(probe, module.http_config):
        fields["Authorization"] = value
    protocol = client_protocol(ClientHandshake(str(url), None, deflate=False))
    own_fields = dict(protocol.connect().headers.raw_items())
    http_url = f"http{str(url).removeprefix('ws')}"
    answer = await send_get(connection, http_url, merge_fields(own_fields, fields), _PATIENCE)
    _add_phase(probe, "processing", answer.took)
    probe.metrics.set("probe_websocket_status_code", answer.status or 0)
    fault, _ = check_response(answer, protocol.key, ())
    if answer.failure is not None:
        probe.fail("Error dialing websocket", answer.failure.kind, err=answer.failure.message)
        return None
    if fault:
        probe.fail("Error dialing websocket", "handshake", err=f"bad handshake: {fault}")
        return None
    probe.metrics.set("probe_websocket_connection_upgraded", 1)
    return protocol


@dataclass(slots=True)
class Conversation:
    """The messages of a module on an open WebSocket."""

    probe: Probe
    connection: Http1Connection
    protocol: ClientProtocol
    frames: deque[Frame] = field(default_factory=deque)

    async def run(self) -> bool:
        queries = self.probe.module.websocket.query_response
        if not queries:
            return True
        started, metrics = time.monotonic(), self.probe.metrics
        self.protocol.receive_data(self.connection.trailing_data)
        try:
            success = await self._query(queries)
        except (OSError, EOFError, WebSocketException, NotHttp, h11.ProtocolError) as error:
            failure = failure_of(error)
            success = self.probe.fail("Error reading message", failure.kind, err=failure.message)
        metrics.set("probe_websocket_failed_due_to_regex", not success)
        _add_phase(self.probe, "transfer", time.monotonic() - started)
        return success

    async def _query(self, queries: list[QueryResponse]) -> bool:
        for query in queries:
            send = query.send
            if query.expect is not None:
                message = await self._message()
                match = query.expect.search(message)
                if not match:
                    return self.probe.break_rule("query_response", "Regexp did not match",
                        regexp=query.expect.text,
                        line=message.decode("utf-8", "replace"))  # fmt: skip
                send = expand(send, match)
            if send:
                self.protocol.send_text(send.encode())
                await self._flush()
        return True

    async def _message(self) -> bytes:
        """Return the next message. Raise EOFError if the connection ends before it."""
        total, message = 0, bytearray()
        while total < MAX_READ:
            self.frames.extend(
                event
                for event in self.protocol.events_received()
                if isinstance(event, Frame) and event.opcode in _DATA
            )
            while self.frames:
                frame = self.frames.popleft()
                message += frame.data
                if frame.fin:
                    return bytes(message)
            await self._flush()
            data = await self.connection.stream.read(timeout=_PATIENCE)
            if not data:
                raise EOFError("the connection was closed")
            total += len(data)
            self.protocol.receive_data(data)
        raise EOFError(f"no message in {MAX_READ} bytes")

    async def _flush(self) -> None:
        for data in self.protocol.data_to_send():
            if data:
                await self.connection.stream.write(data, _PATIENCE)


_DATA = {Opcode.TEXT, Opcode.BINARY, Opcode.CONT}
