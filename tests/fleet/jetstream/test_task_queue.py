"""The fleet's side of a real queue, with workers that are made up."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from diagnose.fleet.jetstream import Access, task_queue
from diagnose.fleet.jetstream.connection import Connection
from diagnose.fleet.jetstream.messages import (
    RESULTS,
    TASKS,
    Task,
    TaskId,
    parse_subject,
    target_digest,
)
from diagnose.fleet.jetstream.streams import prepare_tasks
from diagnose.fleet.jetstream.subscription import Subscription
from diagnose.fleet.jetstream.task_queue import TaskQueue
from diagnose.fleet.journal import Journal
from diagnose.fleet.target_list import ListedTarget
from diagnose.parsers.target import parse_target
from tests.support.nats_server import NatsServer, needs_server

pytestmark = needs_server
LISTED = ListedTarget(1, "a.example", parse_target("a.example"))


class Scene:
    """A queue that collects, and what it complained of."""

    def __init__(self, server: NatsServer, journal: Journal, vantages: Sequence[str]) -> None:
        self.troubles: asyncio.Queue[tuple[str, dict[str, str]]] = asyncio.Queue()
        self.connection = Connection(Access(server.url), "test", self.note)
        self.queue = TaskQueue(self.connection, journal, vantages, self.task, self.note)

    def note(self, key: str, facts: dict[str, str]) -> None:
        self.troubles.put_nowait((key, facts))

    def task(self, listed: ListedTarget) -> Task:
        return Task(1, listed.line, listed.text)

    async def answer(self, vantage: str, data: bytes = b"{}", times: int = 1) -> TaskId:
        """Take one task and answer it so many times."""

        async def prepare(jetstream: object) -> None: ...

        subscription = Subscription(self.connection, TASKS, vantage, prepare)
        while (message := await subscription.fetch()) is None:
            pass
        task_id = parse_subject(message.subject)
        for number in range(times):
            message_id = f"{task_id.message_id}.{number}"
            await self.connection.store(task_id.result_subject, data, message_id)
        await self.connection.send(message.reply, b"+ACK")
        return task_id


Act = Callable[[Scene], Awaitable[object]]


def play(server: NatsServer, folder: Path, act: Act, *vantages: str) -> object:
    """Do something with a queue of its own. The journal stays for the next time."""

    async def run() -> object:
        journal = Journal(folder / "journal", "options", resume=True)
        scene = Scene(server, journal, vantages or ("paris",))
        await scene.connection.open()
        await scene.queue.prepare()
        helpers = [asyncio.ensure_future(scene.queue.collect())]
        helpers.append(asyncio.ensure_future(scene.queue.watch()))
        try:
            return await act(scene)
        finally:
            for helper in helpers:
                helper.cancel()
            await scene.connection.close()
            journal.close()

    return asyncio.run(run())


def test_a_target_is_finished_when_each_vantage_has_answered(
    server: NatsServer, tmp_path: Path
) -> None:
    async def act(scene: Scene) -> object:
        asking = asyncio.ensure_future(scene.queue.ask(LISTED))
        await scene.answer("paris", b"1")
        assert not asking.done()
        await scene.answer("tokyo", b"2")
        return await asking

    assert play(server, tmp_path, act, "paris", "tokyo") == {"paris": b"1", "tokyo": b"2"}


def test_of_two_answers_the_first_counts(server: NatsServer, tmp_path: Path) -> None:
    async def act(scene: Scene) -> object:
        asking = asyncio.ensure_future(scene.queue.ask(LISTED))
        await scene.answer("paris", b"same", times=2)
        await asking
        # The second one is taken from the stream too.
        while (await (await scene.connection.jetstream()).stream_info(RESULTS)).state.messages:
            pass
        return await asking

    assert play(server, tmp_path, act) == {"paris": b"same"}


def test_what_was_answered_before_a_kill_is_not_asked_again(
    server: NatsServer, tmp_path: Path
) -> None:
    async def begin(scene: Scene) -> object:
        asking = asyncio.ensure_future(scene.queue.ask(LISTED))
        await scene.answer("paris")
        while not scene.queue.journal.answers((await scene.answer("tokyo")).target):
            pass
        await asking
        return None

    async def go_on(scene: Scene) -> object:
        answers = await scene.queue.ask(LISTED)
        tasks = (await (await scene.connection.jetstream()).stream_info(TASKS)).state.messages
        scene.queue.forget(LISTED.key)
        return answers, tasks

    play(server, tmp_path, begin, "paris", "tokyo")
    assert play(server, tmp_path, go_on, "paris", "tokyo") == ({"paris": b"{}", "tokyo": b"{}"}, 0)


def test_an_answer_of_a_vantage_that_was_not_asked_counts_nothing(
    server: NatsServer, tmp_path: Path
) -> None:
    async def act(scene: Scene) -> object:
        asking = asyncio.ensure_future(scene.queue.ask(LISTED))
        liar = TaskId("tokyo", scene.queue.run, target_digest(LISTED.key))
        await scene.connection.store(liar.result_subject, b"lie", liar.message_id)
        await scene.answer("paris", b"truth")
        return await asking

    assert play(server, tmp_path, act) == {"paris": b"truth"}


def test_what_the_server_lost_is_put_back(
    server: NatsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task_queue, "QUIET_SECONDS", 0.01)

    async def act(scene: Scene) -> object:
        asking = asyncio.ensure_future(scene.queue.ask(LISTED))
        jetstream = await scene.connection.jetstream()
        while not (await jetstream.stream_info(TASKS)).state.messages:
            pass
        await jetstream.purge_stream(TASKS)
        await scene.answer("paris", b"late")
        return await asking

    assert play(server, tmp_path, act) == {"paris": b"late"}


def test_it_is_put_back_though_the_server_says_that_others_are_at_work(
    server: NatsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A killed server may forget a task and keep another one at work for ever."""
    monkeypatch.setattr(task_queue, "QUIET_SECONDS", 0.01)
    other = ListedTarget(2, "b.example", parse_target("b.example"))

    async def act(scene: Scene) -> object:
        jetstream = await scene.connection.jetstream()
        at_work = asyncio.ensure_future(scene.queue.ask(other))
        subscription = Subscription(scene.connection, TASKS, "paris", lambda _: asyncio.sleep(0))
        while await subscription.fetch() is None:
            pass  # it is taken, and never answered
        asking = asyncio.ensure_future(scene.queue.ask(LISTED))
        task_id = TaskId("paris", scene.queue.run, target_digest(LISTED.key))
        while not (await jetstream.stream_info(TASKS)).state.messages > 1:
            pass
        await jetstream.purge_stream(TASKS, subject=task_id.task_subject)
        answers = asyncio.gather(*(scene.answer("paris", b"late") for _ in range(2)))
        answered = await asking
        answers.cancel()
        at_work.cancel()
        return answered

    assert play(server, tmp_path, act) == {"paris": b"late"}


def test_what_is_at_work_for_too_long_is_put_back(
    server: NatsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task_queue, "QUIET_SECONDS", 0.01)
    monkeypatch.setattr(task_queue, "STUCK_SECONDS", -15.0)

    async def act(scene: Scene) -> object:
        asking = asyncio.ensure_future(scene.queue.ask(LISTED))
        subscription = Subscription(scene.connection, TASKS, "paris", lambda _: asyncio.sleep(0))
        while await subscription.fetch() is None:
            pass
        await scene.answer("paris", b"late")
        return await asking

    assert play(server, tmp_path, act) == {"paris": b"late"}


def test_that_nobody_works_is_said(
    server: NatsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task_queue, "QUIET_SECONDS", 0.01)

    async def act(scene: Scene) -> object:
        asking = asyncio.ensure_future(scene.queue.ask(LISTED))
        trouble = await scene.troubles.get()
        asking.cancel()
        return trouble

    assert play(server, tmp_path, act) == ("nats.no-worker", {"vantage": "paris"})


def test_a_complete_run_leaves_nothing_but_the_streams(server: NatsServer, tmp_path: Path) -> None:
    async def act(scene: Scene) -> object:
        asking = asyncio.ensure_future(scene.queue.ask(LISTED))
        await scene.answer("paris", times=2)
        await asking
        await scene.queue.close(is_complete=True)
        jetstream = await scene.connection.jetstream()
        await prepare_tasks(jetstream, "paris")
        states = [(await jetstream.stream_info(name)).state for name in (TASKS, RESULTS)]
        return [state.messages for state in states], states[1].consumer_count

    assert play(server, tmp_path, act) == ([0, 0], 0)
