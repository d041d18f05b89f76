"""The messages of a durable consumer, one after the other, whatever happens to the connection.

Each request is for one message (`fetch(1)`): with more, the library leaves requests behind that
take the next message and hold it (nats-py 2.15 and 2.16). A request is short, so that one which got
lost in a restart of the server costs less than half a second.
"""

import asyncio
from collections.abc import Awaitable, Callable

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.errors import APIError, FetchTimeoutError

from diagnose.fleet.jetstream import QueueError
from diagnose.fleet.jetstream.connection import RETRY_WAIT, Connection

#: Seconds of a request, and between two heartbeats of the server while it has no message.
REQUEST_SECONDS, HEARTBEAT = 0.45, 0.2

#: Requests without a heartbeat after which the connection is given up.
MAX_SILENT = 10

#: Makes sure that the stream and the consumer exist.
Prepare = Callable[[JetStreamContext], Awaitable[None]]


class Subscription:
    """Pulls from one consumer. `prepare` is called when the server does not know it."""

    def __init__(
        self, connection: Connection, stream: str, consumer: str, prepare: Prepare
    ) -> None:
        self._connection, self._prepare = connection, prepare
        self._stream, self._consumer = stream, consumer
        self._client: Client | None = None
        self._pull: JetStreamContext.PullSubscription | None = None
        self._silent, self._is_unknown = 0, False

    async def fetch(self) -> Msg | None:
        """Return the next message; None if there is none for REQUEST_SECONDS."""
        client = await self._connection.client()
        try:
            pull = await self._bound(client)
            (message,) = await pull.fetch(1, REQUEST_SECONDS, HEARTBEAT)
        except FetchTimeoutError:
            self._silent = 0
        except nats.errors.TimeoutError:
            await self._note_silence(client)
        except (nats.errors.Error, QueueError, OSError) as error:
            # Without a responder: there is no such consumer, or it is not loaded yet.
            self._is_unknown = isinstance(error, APIError)
            await asyncio.sleep(RETRY_WAIT)
        else:
            self._silent = 0
            return message
        return None

    async def _bound(self, client: Client) -> JetStreamContext.PullSubscription:
        if self._is_unknown:
            await self._prepare(client.jetstream(timeout=2 * REQUEST_SECONDS))
            self._is_unknown = False
        if self._pull is None or client is not self._client:
            jetstream = client.jetstream()
            self._pull = await jetstream.pull_subscribe_bind(self._consumer, self._stream)
            self._client = client
        return self._pull

    async def _note_silence(self, client: Client) -> None:
        self._silent += 1
        if self._silent >= MAX_SILENT:
            self._silent = 0
            await self._connection.drop(client)
