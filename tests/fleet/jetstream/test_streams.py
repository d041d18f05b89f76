"""The streams on a real server: made once, and left as they are."""

import asyncio
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

from nats.js import JetStreamContext

from diagnose.fleet.jetstream import Access
from diagnose.fleet.jetstream.connection import Connection
from diagnose.fleet.jetstream.messages import RESULTS, TASKS, TaskId, target_digest
from diagnose.fleet.jetstream.streams import (
    ACK_WAIT,
    ack_wait,
    prepare_results,
    prepare_tasks,
    remove_results,
    renewed_consumer,
)
from tests.support.nats_server import NatsServer, needs_server

pytestmark = needs_server
RUN = "0123456789abcdef"


def ignore(key: str, facts: dict[str, str]) -> None: ...


def test_what_an_administrator_changed_stays(server: NatsServer) -> None:
    async def change() -> tuple[float, float]:
        connection = Connection(Access(server.url), "test", ignore)
        await connection.open()
        jetstream = await connection.jetstream()
        await prepare_tasks(jetstream, "paris")
        before = await ack_wait(jetstream, "paris")
        info = await jetstream.consumer_info(TASKS, "paris")
        await jetstream.add_consumer(TASKS, replace(info.config, ack_wait=60.0))
        await prepare_tasks(jetstream, "paris")
        after = await ack_wait(jetstream, "paris")
        await connection.close()
        return before, after

    assert asyncio.run(change()) == (ACK_WAIT, 60.0)


def test_results_of_a_complete_run_are_removed_and_those_of_another_stay(
    server: NatsServer,
) -> None:
    async def remove() -> tuple[int, int]:
        connection = Connection(Access(server.url), "test", ignore)
        await connection.open()
        jetstream = await connection.jetstream()
        for run in (RUN, RUN[::-1]):
            await prepare_results(jetstream, run)
            task_id = TaskId("paris", run, target_digest("a"))
            await connection.store(task_id.result_subject, b"{}", task_id.message_id)
        await remove_results(jetstream, RUN)
        await remove_results(jetstream, RUN)  # a second time there is nothing
        state = (await jetstream.stream_info(RESULTS)).state
        await connection.close()
        return state.messages, state.consumer_count

    assert asyncio.run(remove()) == (1, 1)


class AheadServer:
    """A server that numbers the messages of a stream from 1 again, after it was killed."""

    config = SimpleNamespace(durable_name="paris", ack_wait=60.0)

    def __init__(self, last: int) -> None:
        self.last, self.calls = last, list[Any]()

    async def consumer_info(self, stream: str, consumer: str) -> Any:
        return SimpleNamespace(delivered=SimpleNamespace(stream_seq=7), config=self.config)

    async def stream_info(self, stream: str) -> Any:
        return SimpleNamespace(state=SimpleNamespace(last_seq=self.last))

    async def delete_consumer(self, stream: str, consumer: str) -> None:
        self.calls.append(consumer)

    async def add_consumer(self, stream: str, config: Any) -> Any:
        self.calls.append(config)


def test_a_consumer_that_is_ahead_of_its_stream_is_made_anew_as_it_was() -> None:
    ahead, level = AheadServer(last=3), AheadServer(last=7)
    for server in (ahead, level):
        asyncio.run(renewed_consumer(cast(JetStreamContext, server), TASKS, "paris"))
    assert ahead.calls == ["paris", ahead.config]
    assert level.calls == []


def test_a_real_consumer_made_anew_delivers_what_is_there(server: NatsServer) -> None:
    async def renew() -> tuple[float, int]:
        connection = Connection(Access(server.url), "test", ignore)
        await connection.open()
        jetstream = await connection.jetstream()
        await prepare_tasks(jetstream, "paris")
        task_id = TaskId("paris", RUN, target_digest("a"))
        await connection.store(task_id.task_subject, b"{}", task_id.message_id)
        info = await jetstream.consumer_info(TASKS, "paris")
        await jetstream.delete_consumer(TASKS, "paris")
        await jetstream.add_consumer(TASKS, info.config)
        again = await renewed_consumer(jetstream, TASKS, "paris")
        await connection.close()
        return again.config.ack_wait or 0.0, again.num_pending or 0

    assert asyncio.run(renew()) == (ACK_WAIT, 1)
