"""Asks the questions of a pulse: HTTPS, HTTP and the WebSockets, at one address, all at once.

Each is one connection and one request, as the whole diagnosis makes them. What came is compared by
`diagnose.pulse.expectation`, and never judged here.
"""

import asyncio
import hashlib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from diagnose.model import Failure, Target
from diagnose.net import Net, Stream
from diagnose.net.error_mapping import failure_of
from diagnose.net.http import HttpResult, connection_for, get, send_get
from diagnose.net.tls import HTTP1, HTTP2, HandshakeResult, secure, shared_context
from diagnose.net.tracked import TrackedNet
from diagnose.net.trusted_roots import trust
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.request_fields import merge_fields
from diagnose.parsers.urls import Url, socketio_path
from diagnose.probes import Options
from diagnose.probes.outside.http_requests import conceal_answer
from diagnose.pulse.expectation import Answer, Expectation, Question, outcome

if TYPE_CHECKING:
    from diagnose.net.websocket import ClientHandshake

#: Seconds for each question. The whole diagnosis waits longer, and says what is slow.
PATIENCE = 8.0


async def take_pulse(
    target: Target,
    options: Options,
    net: Net,
    expected: Expectation,
    address: str,
    questions: tuple[Question, ...] = ("https", "http", "websocket"),
) -> tuple[Answer, ...]:
    """Ask an address what the last evidence has an answer to, of these questions."""
    if options.by_proxy:
        from diagnose.net.proxy import ProxiedNet

        net = ProxiedNet(net, options.proxy or "")
    network = TrackedNet(net)
    pulse = _Pulse(target, options, network, expected, address)
    try:
        return tuple(
            await asyncio.gather(
                *(
                    pulse.ask(question, path)
                    for question, path in expected.questions(address)
                    if question in questions
                )
            )
        )
    finally:
        network.close()


@dataclass(slots=True)
class _Pulse:
    """The questions of one pulse."""

    target: Target
    options: Options
    net: Net
    expected: Expectation
    address: str

    async def ask(self, question: Question, path: str) -> Answer:
        match question:
            case "https":
                return await self._ask_https()
            case "http":
                return await self._ask_http()
            case "websocket":
                return await self._ask_websocket(path)

    async def _ask_https(self) -> Answer:
        stream, failure = await self._connect(self.target.port)
        if stream is None:
            return Answer("https", self.address, "", outcome(failure))
        alpn = HTTP2 if self.address in self.expected.http2 else HTTP1
        roots = await asyncio.wrap_future(trust(self.options.cafile, alpn))
        handshake = await secure(stream, roots.context, self._server_name, PATIENCE)
        leaf = _fingerprint(handshake)
        if handshake.stream is None:
            return Answer("https", self.address, "", outcome(handshake.failure), leaf)
        url = f"https://{self.target.authority}{self.target.path}"
        is_trusted = self._is_trusted(handshake)
        answer = await self._request(handshake.stream, url, handshake.alpn, is_trusted)
        return Answer("https", self.address, "", _outcome(answer), leaf)

    async def _ask_http(self) -> Answer:
        port = 80 if self.target.uses_tls else self.target.port
        stream, failure = await self._connect(port)
        if stream is None:
            return Answer("http", self.address, "", outcome(failure))
        url = str(Url("http", self.target.host, port, self.target.path))
        answer = await self._request(stream, url, "", not self.target.uses_tls)
        return Answer("http", self.address, "", _outcome(answer))

    async def _request(
        self, stream: Stream, url: str, alpn: str, may_send_secrets: bool
    ) -> HttpResult:
        connection = connection_for(stream, alpn, PATIENCE)
        request = self.options.request
        fields = dict(request.fields("")) if may_send_secrets else {}
        is_own = url.startswith("https:") == self.target.uses_tls
        if request.origin and is_own:
            fields["Origin"] = request.origin
        try:
            method = request.method if is_own else "GET"
            return conceal_answer(await get(connection, url, PATIENCE, fields, method), request)
        finally:
            connection.close()

    async def _ask_websocket(self, path: str) -> Answer:
        stream, failure = await self._connect(self.target.port)
        if stream is None:
            return Answer("websocket", self.address, path, outcome(failure))
        is_trusted = not self.target.uses_tls
        if self.target.uses_tls:
            handshake = await secure(stream, await self._context(), self._server_name, PATIENCE)
            if handshake.stream is None:
                return Answer("websocket", self.address, path, outcome(handshake.failure))
            stream, is_trusted = handshake.stream, self._is_trusted(handshake)
        answer = await self._open(stream, self._client_handshake(path, is_trusted))
        return Answer("websocket", self.address, path, _outcome(answer))

    async def _context(self) -> ssl.SSLContext:
        """Return the context of a WebSocket's handshake: any certificate is accepted, as the whole
        diagnosis does, unless the user's credentials are sent."""
        if self.options.request.has_secrets and self.address in self.expected.trusted:
            return (await asyncio.wrap_future(trust(self.options.cafile))).context
        return shared_context()

    def _client_handshake(self, path: str, is_trusted: bool) -> "ClientHandshake":
        from diagnose.net.websocket import ClientHandshake

        request, scheme = self.options.request, "wss" if self.target.uses_tls else "ws"
        return ClientHandshake(
            f"{scheme}://{self.target.authority}{socketio_path(path)}",
            request.origin or self.target.origin,
            request.subprotocols,
            request.fields("") if is_trusted else {},
        )

    async def _open(self, stream: Stream, handshake: "ClientHandshake") -> HttpResult:
        """Open the WebSocket and close it at once: whether it stays open is asked by the whole
        diagnosis."""
        from diagnose.net.http import Http1Connection
        from diagnose.net.websocket import client_protocol

        connection = Http1Connection(stream, PATIENCE)
        own: Mapping[str, str] = dict(client_protocol(handshake).connect().headers.raw_items())
        try:
            headers = merge_fields(own, handshake.extra_headers)
            url = f"http{handshake.url.removeprefix('ws')}"
            answer = await send_get(connection, url, headers, PATIENCE)
            return conceal_answer(answer, self.options.request)
        finally:
            connection.close()

    async def _connect(self, port: int) -> tuple[Stream | None, Failure | None]:
        try:
            result = await self.net.connect(self.address, port, PATIENCE)
        except (OSError, TimeoutError) as error:
            return None, failure_of(error)
        return result.stream, result.failure

    @property
    def _server_name(self) -> str | None:
        return None if is_address(self.target.host) else self.target.host

    def _is_trusted(self, handshake: HandshakeResult) -> bool:
        """Whether the user's credentials may be sent: only to the certificate of the whole
        diagnosis, which is for the site's name, and verified again now."""
        leaves = self.expected.certificates.get(self.address, frozenset())
        is_own = handshake.verify_code == 0 and _fingerprint(handshake) in leaves
        return is_own and self.address in self.expected.trusted


def _fingerprint(handshake: HandshakeResult) -> str:
    """Return the SHA-256 of the leaf, "" without one."""
    return hashlib.sha256(handshake.chain[0]).hexdigest() if handshake.chain else ""


def _outcome(answer: HttpResult) -> str:
    failure = None if answer.status else answer.failure
    return outcome(failure, answer.status, answer.headers)
