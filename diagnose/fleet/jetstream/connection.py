"""One connection to the NATS server, made again and again until it is closed.

The library can reconnect by itself, but a pull request that was under way is then lost in silence
(nats-py, `fetch`). So each connection is a client of its own, and whoever waits for a message asks
again on the new one (`diagnose.fleet.jetstream.subscription`).
"""

import asyncio
import contextlib
import logging
import os
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nats.errors
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.errors import APIError, NoStreamResponseError

from diagnose.fleet.jetstream import Access, QueueError

#: Seconds until a connection is given up, between two attempts, and until a request is repeated.
CONNECT_TIMEOUT, RETRY_WAIT, REQUEST_TIMEOUT = 5, 0.2, 2.0

#: Seconds between two pings; a server that leaves two unanswered is lost.
PING_INTERVAL = 5

#: Seconds that the end of a connection may take.
_CLOSE_TIMEOUT = 1.0

#: Bytes of a file of credentials, at most.
_MAX_CREDENTIALS = 64 * 1024

#: The header by which a stream takes a message once.
MESSAGE_ID = "Nats-Msg-Id"

# What it logs by itself would be a second text beside ours: each error comes to `error_cb` too.
logging.getLogger("nats").setLevel(logging.CRITICAL)
# A warning about each end of TLS (asyncio.sslproto, `eof_received`).
logging.getLogger("asyncio").setLevel(logging.ERROR)

#: Says to a person what is wrong for now: the key of a text, and its facts.
OnTrouble = Callable[[str, dict[str, str]], None]


class _SecureClient(Client):
    """A client that sends no credentials without TLS where TLS is wanted. The library encrypts if
    the server says so, and the server is not yet known to be the right one."""

    requires_tls = False

    def _connect_command(self) -> bytes:
        if self.requires_tls and not self._server_info.get("tls_required"):
            raise nats.errors.SecureConnWantedError
        return super()._connect_command()


class Connection:
    """`name` is what the server's lists show, and a part of the subjects of answers to us. Call
    `open` first. Everything that is sent waits until there is a connection."""

    def __init__(self, access: Access, name: str, on_trouble: OnTrouble) -> None:
        self._access, self._name, self._on_trouble = access, name, on_trouble
        self._client: Client | None = None
        self._connected = asyncio.Event()
        self._lost = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None
        self._last_error: Exception | None = None

    async def open(self) -> None:
        """Connect. Raise QueueError."""
        await self._connect()
        self._keeper = asyncio.ensure_future(self._keep())

    async def close(self) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
        if self._client is not None:
            with contextlib.suppress(nats.errors.Error, OSError):
                await self._client.flush(timeout=1)
            await _close(self._client)

    async def client(self) -> Client:
        """Return the client, as soon as it is connected."""
        while self._client is None or not self._client.is_connected:
            self._connected.clear()
            self._lost.set()
            await self._connected.wait()
        return self._client

    async def jetstream(self) -> JetStreamContext:
        return (await self.client()).jetstream(timeout=REQUEST_TIMEOUT)

    @property
    def max_payload(self) -> int:
        """The bytes of a message that the server takes."""
        return self._client.max_payload if self._client is not None else 0

    async def drop(self, client: Client) -> None:
        """Give up a connection that is silent; the next one is made."""
        if client is self._client:
            await _close(client)
            self._lost.set()

    async def store(self, subject: str, data: bytes, message_id: str) -> None:
        """Return when the message is in its stream. A repetition with the same id is no second
        message, within the stream's window for duplicates."""
        while True:
            jetstream = await self.jetstream()
            try:
                await jetstream.publish(subject, data, headers={MESSAGE_ID: message_id})
            except (APIError, NoStreamResponseError) as error:
                self._on_trouble("nats.not-stored", {"reason": _reason(error)})
            except (nats.errors.Error, OSError):
                pass
            else:
                return
            await asyncio.sleep(RETRY_WAIT)

    async def send(self, subject: str, data: bytes) -> None:
        """Send a message of which no answer is expected: an acknowledgement. If it is lost, the
        server asks for it by delivering the message again."""
        client = await self.client()
        with contextlib.suppress(nats.errors.Error, OSError):
            await client.publish(subject, data)

    async def _keep(self) -> None:
        while True:
            await self._lost.wait()
            try:
                await self._connect()
            except QueueError as error:
                self._on_trouble(error.key, error.facts)
                await asyncio.sleep(RETRY_WAIT)

    async def _connect(self) -> None:
        self._last_error = None
        client = _SecureClient()
        client.requires_tls = self._access.requires_tls
        try:
            await client.connect(**self._options())
        except Exception as error:
            await _close(client)
            # A server that cannot be reached is told to the callback; the library then says that
            # no server is left.
            cause = self._last_error if isinstance(error, nats.errors.NoServersError) else error
            raise _queue_error(cause or error, self._access) from None
        self._client = client
        self._lost.clear()
        self._connected.set()

    def _options(self) -> dict[str, Any]:
        async def note_error(error: Exception) -> None:
            self._last_error = error
            if "permissions violation" in str(error).lower():
                self._on_trouble("nats.no-permission", {"reason": _reason(error)})

        async def note_end() -> None:
            self._lost.set()

        return {
            "servers": [self._access.url],
            "name": f"diagnose {self._name}",
            "inbox_prefix": f"_INBOX.{self._name}",
            "tls": ssl.create_default_context(cafile=self._access.cafile),
            "allow_reconnect": False,
            "max_reconnect_attempts": 1,
            "reconnect_time_wait": RETRY_WAIT,
            "connect_timeout": CONNECT_TIMEOUT,
            "ping_interval": PING_INTERVAL,
            "error_cb": note_error,
            "closed_cb": note_end,
            **_credentials(self._access.credentials),
        }


async def _close(client: Client) -> None:
    # A client whose connection failed half way may lack the parts that it wants to end, and after a
    # failed TLS handshake it waits for an end that never comes (asyncio, `wait_closed`).
    with contextlib.suppress(Exception):
        async with asyncio.timeout(_CLOSE_TIMEOUT):
            await client.close()


def _credentials(path: str | None) -> dict[str, Any]:
    """Return the credentials for the library: the file is read again at each connection."""
    if path is None:
        return {}
    with Path(path).open("rb") as file:
        text = file.read(_MAX_CREDENTIALS).decode("ascii", "replace")
    if "BEGIN NATS USER JWT" in text:
        return {"user_credentials": path}
    seeds = [line for line in text.split() if line.startswith("SU")]
    return {"nkeys_seed_str": seeds[0]} if seeds else {"user_credentials": path}


def _queue_error(error: Exception, access: Access) -> QueueError:
    server, reason = access.url, _reason(error)
    if isinstance(error, nats.errors.SecureConnWantedError):
        return QueueError("nats.no-tls", server=server)
    if isinstance(error, ssl.SSLError):
        return QueueError("nats.not-trusted", server=server, reason=reason)
    if isinstance(error, (OSError, TimeoutError, nats.errors.NoServersError)):
        return QueueError("nats.unreachable", False, server=server, reason=reason)
    if "authorization" in reason.lower() or "authentication" in reason.lower():
        return QueueError("nats.denied", server=server)
    if isinstance(error, nats.errors.Error):
        return QueueError("nats.unreachable", False, server=server, reason=reason)
    # What else is raised is about the file of credentials, whose text must not be shown.
    return QueueError("nats.credentials", path=access.credentials or "")


def _reason(error: Exception) -> str:
    if isinstance(error, APIError):
        return error.description or str(error)
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    # A failed resolution has a negative number of its own (getaddrinfo(3)).
    if isinstance(error, OSError) and not isinstance(error, ssl.SSLError) and error.errno:
        return os.strerror(error.errno) if error.errno > 0 else str(error.strerror)
    text = str(error).removeprefix("nats: ").strip("' ")
    return (text or type(error).__name__)[:300]
