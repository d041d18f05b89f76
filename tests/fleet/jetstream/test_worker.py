"""A worker between a queue and runs that are made up: what it says to the server, and in which
order."""

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any, cast

import msgspec
from nats.aio.msg import Msg

from diagnose.fleet.jetstream import worker as module
from diagnose.fleet.jetstream.connection import Connection
from diagnose.fleet.jetstream.messages import (
    Answer,
    Task,
    TaskId,
    answer_line,
    encode,
    parse_answer,
    target_digest,
)
from diagnose.fleet.jetstream.subscription import Subscription
from diagnose.fleet.jetstream.worker import MAX_DELIVERIES, Diagnose, Outcome, Worker

ID = TaskId("paris", "0123456789abcdef", target_digest("a"))
TASK = encode(Task(1, 3, "shop.example.com"))
OK = Answer(1, "ok", (), msgspec.Raw(b'{"type": "verdict"}'))


def message(data: bytes = TASK, subject: str = ID.task_subject, deliveries: int = 1) -> Msg:
    made = SimpleNamespace(
        data=data, subject=subject, reply="reply",
        metadata=SimpleNamespace(num_delivered=deliveries),
    )  # fmt: skip
    return cast(Msg, made)


class Queue:
    """The connection and the subscription. `log` is what was sent, in order."""

    max_payload = 1_000_000

    def __init__(self, *messages: Msg) -> None:
        self.messages, self.log = list(messages), list[tuple[str, bytes]]()
        self.sent = asyncio.Event()

    async def fetch(self) -> Msg | None:
        if self.messages:
            return self.messages.pop(0)
        await asyncio.sleep(0)
        return None

    async def store(self, subject: str, data: bytes, message_id: str) -> None:
        assert message_id == ID.message_id
        self.note(subject, data)

    async def send(self, subject: str, data: bytes) -> None:
        self.note(subject, data)

    def note(self, subject: str, data: bytes) -> None:
        self.log.append((subject, data))
        self.sent.set()

    @property
    def answer(self) -> dict[str, Any]:
        """The line of the first answer."""
        return answer_line(parse_answer(self.log[0][1]))


async def succeed(task: Task, on_wait: Callable[[bool], None]) -> Outcome | None:
    return Outcome(OK, lambda size, limit: OK)


def work(
    queue: Queue,
    diagnose: Diagnose = succeed,
    until: Callable[[Worker], Awaitable[None]] | None = None,
    ack_wait: float = 900.0,
) -> list[tuple[str, bytes]]:
    """Let a worker work until it has sent `until`'s message, or the last; return all it sent."""

    async def run() -> None:
        subscription = cast(Subscription, queue)
        worker = Worker(cast(Connection, queue), subscription, diagnose, 2, ack_wait)
        running = asyncio.ensure_future(worker.run())
        if until is not None:
            await until(worker)
        else:
            while queue.log[-1:] not in ([("reply", b"+ACK")], [("reply", b"+TERM")]):
                queue.sent.clear()
                await queue.sent.wait()
        worker.stop(15)
        await running

    asyncio.run(run())
    return queue.log


def test_a_result_is_stored_before_the_task_is_acknowledged() -> None:
    stored, acknowledged = work(Queue(message()))
    assert stored == (ID.result_subject, encode(OK))
    assert acknowledged == ("reply", b"+ACK")


def test_a_task_that_cannot_be_read_is_answered_with_an_error() -> None:
    queue = Queue(message(b'{"version": 1, "line": 1, "text": "a", "server": "ssh://x"}'))
    work(queue)
    assert queue.answer["type"] == "error"
    assert "cannot read" in queue.answer["message"]


def test_a_message_about_nothing_is_thrown_away() -> None:
    assert work(Queue(message(subject="diagnose.tasks.x"))) == [("reply", b"+TERM")]


def test_a_task_that_its_workers_do_not_survive_is_given_up() -> None:
    queue = Queue(message(deliveries=MAX_DELIVERIES + 1))
    work(queue)
    assert (queue.answer["type"], queue.answer["line"]) == ("error", 3)
    assert "Given up" in queue.answer["message"]
    last = Queue(message(deliveries=MAX_DELIVERIES))
    work(last)
    assert last.answer["type"] == "verdict"


def test_a_result_that_is_too_long_is_shortened() -> None:
    long = Answer(1, "ok", (), msgspec.Raw(b'{"type": "report", "x": "%s"}' % (b"x" * 1_000_000)))
    sizes: list[tuple[int, int]] = []

    async def diagnose(task: Task, on_wait: Callable[[bool], None]) -> Outcome | None:
        return Outcome(long, lambda size, limit: sizes.append((size, limit)) or OK)  # type: ignore[func-returns-value]

    queue = Queue(message())
    work(queue, diagnose)
    assert queue.answer == {"type": "verdict"}
    ((size, limit),) = sizes
    assert size > limit


def test_what_is_short_by_no_means_is_an_error() -> None:
    long = Answer(1, "ok", (), msgspec.Raw(b'{"type": "report", "x": "%s"}' % (b"x" * 1_000_000)))

    async def diagnose(task: Task, on_wait: Callable[[bool], None]) -> Outcome | None:
        return Outcome(long, lambda size, limit: long)

    queue = Queue(message())
    work(queue, diagnose)
    assert queue.answer["type"] == "error"


def test_while_a_run_goes_on_the_server_hears_of_it() -> None:
    queue = Queue(message())

    async def diagnose(task: Task, on_wait: Callable[[bool], None]) -> Outcome | None:
        while ("reply", b"+WPI") not in queue.log:
            queue.sent.clear()
            await queue.sent.wait()
        return Outcome(OK, lambda size, limit: OK)

    log = work(queue, diagnose, ack_wait=0.01)
    assert log.index(("reply", b"+WPI")) < log.index(("reply", b"+ACK"))


def test_a_stop_lets_a_run_end() -> None:
    queue, begun, stopped = Queue(message()), asyncio.Event(), asyncio.Event()

    async def diagnose(task: Task, on_wait: Callable[[bool], None]) -> Outcome | None:
        begun.set()
        await stopped.wait()
        return Outcome(OK, lambda size, limit: OK)

    async def until(worker: Worker) -> None:
        await begun.wait()
        asyncio.get_running_loop().call_soon(stopped.set)

    log = work(queue, diagnose, until)
    assert [data for _, data in log] == [encode(OK), b"+ACK"]


def test_a_run_that_does_not_end_is_given_back(monkeypatch: Any) -> None:
    monkeypatch.setattr(module, "FINISH_SECONDS", 0.0)
    queue, begun = Queue(message()), asyncio.Event()

    async def diagnose(task: Task, on_wait: Callable[[bool], None]) -> Outcome | None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return None  # as an interrupted run
        raise AssertionError

    async def until(worker: Worker) -> None:
        await begun.wait()

    assert work(queue, diagnose, until) == [("reply", b"-NAK")]
