"""Messages come one after the other, also from a server that was killed in between."""

import asyncio

from nats.aio.msg import Msg
from nats.js import JetStreamContext

from diagnose.fleet.jetstream import Access
from diagnose.fleet.jetstream.connection import Connection
from diagnose.fleet.jetstream.messages import TASKS, TaskId, target_digest
from diagnose.fleet.jetstream.streams import prepare_tasks
from diagnose.fleet.jetstream.subscription import Subscription
from tests.support.nats_server import NatsServer, needs_server

pytestmark = needs_server
IDS = [TaskId("paris", "0123456789abcdef", target_digest(name)) for name in "abc"]


def ignore(key: str, facts: dict[str, str]) -> None: ...


async def prepare(jetstream: JetStreamContext) -> None:
    await prepare_tasks(jetstream, "paris")


async def opened(server: NatsServer) -> tuple[Connection, Subscription]:
    connection = Connection(Access(server.url), "test", ignore)
    await connection.open()
    await prepare(await connection.jetstream())
    return connection, Subscription(connection, TASKS, "paris", prepare)


async def next_message(subscription: Subscription) -> Msg:
    while (message := await subscription.fetch()) is None:
        pass
    return message


def test_a_waiting_request_survives_the_server(server: NatsServer) -> None:
    async def receive() -> list[bytes]:
        connection, subscription = await opened(server)
        await connection.store(IDS[0].task_subject, b"first", IDS[0].message_id)
        first = await next_message(subscription)
        await connection.send(first.reply, b"+ACK")
        waiting = asyncio.ensure_future(next_message(subscription))
        await (await connection.client()).flush()
        server.kill()
        await asyncio.to_thread(server.start)
        await connection.store(IDS[1].task_subject, b"second", IDS[1].message_id)
        second = await waiting
        await connection.close()
        return [first.data, second.data]

    assert asyncio.run(receive()) == [b"first", b"second"]


def test_a_consumer_that_was_removed_is_made_again(server: NatsServer) -> None:
    async def receive() -> bytes:
        connection, subscription = await opened(server)
        assert await subscription.fetch() is None
        await (await connection.jetstream()).delete_consumer(TASKS, "paris")
        await connection.store(IDS[0].task_subject, b"first", IDS[0].message_id)
        message = await next_message(subscription)
        await connection.close()
        return message.data

    assert asyncio.run(receive()) == b"first"


def test_what_is_given_back_comes_again(server: NatsServer) -> None:
    async def receive() -> tuple[int, bytes]:
        connection, subscription = await opened(server)
        await connection.store(IDS[0].task_subject, b"first", IDS[0].message_id)
        first = await next_message(subscription)
        await connection.send(first.reply, b"-NAK")
        again = await next_message(subscription)
        await connection.close()
        return again.metadata.num_delivered, again.data

    assert asyncio.run(receive()) == (2, b"first")
