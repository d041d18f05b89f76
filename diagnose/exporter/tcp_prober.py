"""The prober "tcp": a connection, TLS if asked for, and a dialogue of lines.

Source: blackbox_exporter, prober/tcp.go and prober/query_response.go.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from diagnose.exporter import client_tls
from diagnose.exporter.addresses import choose_address
from diagnose.exporter.modules import QueryResponse, TcpModule
from diagnose.exporter.probe import Probe
from diagnose.exporter.probers import split_host_port
from diagnose.exporter.values import expand
from diagnose.net import Stream
from diagnose.net.error_mapping import failure_of

#: The longest line, in bytes (Go's bufio.MaxScanTokenSize), and the most that is read of lines that
#: do not match.
MAX_LINE, MAX_READ = 64 << 10, 4 << 20
_PATIENCE = 120.0


async def probe_tcp(probe: Probe) -> bool:
    """Return whether the probe succeeded."""
    module = probe.module.tcp
    probe.metrics.declare("probe_failed_due_to_regex", "Indicates if probe failed due to regex")
    split = split_host_port(probe.target)
    if split is None:
        return probe.fail("Error splitting target address and port", "target")
    host, port = split
    address = await choose_address(
        probe, host, module.preferred_ip_protocol, module.ip_protocol_fallback
    )
    if not address:
        return False
    result = await probe.net.connect(address, port, _PATIENCE)
    if result.stream is None:
        failure = result.failure
        kind, message = (failure.kind, failure.message) if failure else ("other", "")
        return probe.fail("Error dialing TCP", kind, err=message, address=address)
    dialogue = Dialogue(probe, module, host, result.stream)
    try:
        return await dialogue.run()
    finally:
        dialogue.stream.close()


@dataclass(slots=True)
class Dialogue:
    """The connection and what has been read of it."""

    probe: Probe
    module: TcpModule
    host: str
    stream: Stream
    unread: bytes = b""

    async def run(self) -> bool:
        if self.module.tls and not await self._start_tls():
            return False
        queries = self.module.query_response
        if any(query.expect_bytes for query in queries):
            self.probe.metrics.declare(
                "probe_failed_due_to_bytes", "Indicates if probe failed due to bytes"
            )
        try:
            return await self._query(queries)
        except (OSError, EOFError) as error:
            failure = failure_of(error)
            return self.probe.fail("Error reading from connection", failure.kind,
                err=failure.message)  # fmt: skip

    async def _query(self, queries: Sequence[QueryResponse]) -> bool:
        for query in queries:
            send: str | None = query.send
            if query.expect is not None:
                send = await self._expect_line(query)
            elif query.expect_bytes and not await self._expect_bytes(query.expect_bytes.encode()):
                return False
            if send is None:
                return False
            if send:
                await self.stream.write(f"{send}\n".encode(), _PATIENCE)
            if query.starttls and not await self._start_tls():
                return False
        return True

    async def _start_tls(self) -> bool:
        tls_config = self.module.tls_config
        name = tls_config.server_name or self.probe.hostname or self.host
        result = await client_tls.handshake(
            self.probe, self.stream, tls_config, name, ("http/1.1",)
        )
        if result is None or result.stream is None:
            return False
        self.stream, self.unread = result.stream, b""
        client_tls.set_metrics(self.probe, result, tls_config)
        return True

    async def _expect_line(self, query: QueryResponse) -> str | None:
        """Read lines until one matches. Return the text to send, None if none matched."""
        assert query.expect is not None
        set_metric, total, line = self.probe.metrics.set, 0, b""
        while total < MAX_READ:
            next_line = await self._line()
            if next_line is None:
                break
            line, total = next_line, total + len(next_line) + 1
            match = query.expect.search(line)
            if match:
                set_metric("probe_failed_due_to_regex", 0)
                self._set_labels(query, match)
                return expand(query.send, match)
        set_metric("probe_failed_due_to_regex", 1)
        self.probe.break_rule("query_response", "Regexp did not match",
            regexp=query.expect.text, line=line.decode("utf-8", "replace"))  # fmt: skip
        return None

    def _set_labels(self, query: QueryResponse, match: object) -> None:
        if query.labels:
            self.probe.metrics.declare_labelled("probe_expect_info", "Explicit content matched")
            labels = {label.name: expand(label.value, match) for label in query.labels}
            self.probe.metrics.set("probe_expect_info", 1, **labels)

    async def _line(self) -> bytes | None:
        """Return the next line without its end, None at the end of the stream."""
        while b"\n" not in self.unread:
            if len(self.unread) > MAX_LINE:
                raise OSError("a line is too long")
            data = await self.stream.read(timeout=_PATIENCE)
            if not data:
                line, self.unread = self.unread, b""
                return line or None
            self.unread += data
        line, _, self.unread = self.unread.partition(b"\n")
        return line.removesuffix(b"\r")

    async def _expect_bytes(self, expected: bytes) -> bool:
        while len(self.unread) < len(expected):
            data = await self.stream.read(len(expected) - len(self.unread), _PATIENCE)
            if not data:
                raise EOFError("connection closed")
            self.unread += data
        received, self.unread = self.unread[: len(expected)], self.unread[len(expected) :]
        self.probe.metrics.set("probe_failed_due_to_bytes", received != expected)
        return received == expected or self.probe.break_rule(
            "query_response", "Bytes did not match", expected=expected, bytes=received
        )
