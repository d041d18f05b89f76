"""The streams on a real server: made once, and left as they are."""

import asyncio
from dataclasses import replace

from diagnose.fleet.jetstream import Access
from diagnose.fleet.jetstream.connection import Connection
from diagnose.fleet.jetstream.messages import RESULTS, TASKS, TaskId, target_digest
from diagnose.fleet.jetstream.streams import (
    ACK_WAIT,
    ack_wait,
    prepare_results,
    prepare_tasks,
    remove_results,
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
