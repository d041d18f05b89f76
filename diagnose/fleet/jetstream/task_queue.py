"""The fleet's side of the queue: puts targets into it, and collects what the workers answer.

An answer is stored in the journal before it is acknowledged. A target is finished when every
vantage has answered; what an earlier run of the list has collected is not asked again.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import nats.errors
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.errors import APIError

from diagnose.fleet.jetstream.connection import Connection, OnTrouble
from diagnose.fleet.jetstream.messages import (
    RESULTS,
    TASKS,
    MessageError,
    Task,
    TaskId,
    encode,
    parse_subject,
    target_digest,
)
from diagnose.fleet.jetstream.streams import (
    prepare_results,
    prepare_tasks,
    remove_results,
    renewed_consumer,
    results_consumer,
)
from diagnose.fleet.jetstream.subscription import Subscription
from diagnose.fleet.journal import Journal
from diagnose.fleet.target_list import ListedTarget

#: Seconds without an answer after which the queue is looked at.
QUIET_SECONDS = 5.0

#: Seconds without an answer, beside the time of a task, after which no worker is at work on what
#: the server says is at work. It must be longer than the time after which the server gives a task
#: to another worker (`streams.ACK_WAIT`, or the administrator's), and its duplicate window.
STUCK_SECONDS = 150.0

_ACK, _TERM = b"+ACK", b"+TERM"


@dataclass(slots=True)
class _Waiting:
    """A target that is in the queue: which vantages have not answered, and the task."""

    vantages: set[str]
    data: bytes
    answered: asyncio.Future[None]


@dataclass(slots=True)
class TaskQueue:
    """The queue of one run of a list."""

    connection: Connection
    journal: Journal
    vantages: Sequence[str]
    make_task: Callable[[ListedTarget], Task]
    on_trouble: OnTrouble
    run: str = field(init=False)
    _waiting: dict[str, _Waiting] = field(default_factory=dict)
    _answers: int = 0
    _attempts: int = 0
    _timeout: float = 0.0

    def __post_init__(self) -> None:
        self.run = self.journal.run_id

    async def prepare(self) -> None:
        """Make the streams and consumers. Raise QueueError."""
        await self._prepare_all(await self.connection.jetstream())

    async def ask(self, listed: ListedTarget) -> dict[str, bytes]:
        """Return what each vantage answered about a target: messages as they were sent."""
        digest = target_digest(listed.key)
        missing = {*self.vantages} - self.journal.answers(digest).keys()
        if missing:
            all_answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            task = self.make_task(listed)
            self._timeout = max(self._timeout, task.timeout)
            data = encode(task)
            self._waiting[digest] = _Waiting(set(missing), data, all_answered)
            try:
                for vantage in missing:
                    await self._store(TaskId(vantage, self.run, digest), data)
                await all_answered
            finally:
                del self._waiting[digest]
        return self.journal.answers(digest)

    def forget(self, key: str) -> None:
        """Remove the answers about a target that is finished."""
        self.journal.remove_answers(target_digest(key))

    async def collect(self) -> None:
        """Collect answers, until it is cancelled."""
        consumer = results_consumer(self.run)
        subscription = Subscription(self.connection, RESULTS, consumer, self._prepare_all)
        while True:
            if (message := await subscription.fetch()) is not None:
                await self._take(message)

    async def watch(self) -> None:
        """When nothing is answered for a while, say why, and put back what is lost. Runs until it
        is cancelled."""
        before, quiet = self._answers, 0.0
        while True:
            await asyncio.sleep(QUIET_SECONDS)
            is_quiet = self._answers == before and bool(self._waiting)
            before, quiet = self._answers, quiet + QUIET_SECONDS if is_quiet else 0.0
            if is_quiet:
                is_stuck = quiet > STUCK_SECONDS + self._timeout
                quiet = 0.0 if is_stuck else quiet
                with contextlib.suppress(nats.errors.Error, APIError, OSError):
                    await self._examine_queues(is_stuck)

    async def close(self, is_complete: bool) -> None:
        """Remove what is left in the streams of a run that is complete."""
        if is_complete:
            with contextlib.suppress(nats.errors.Error, OSError):
                await remove_results(await self.connection.jetstream(), self.run)

    async def _prepare_all(self, jetstream: JetStreamContext) -> None:
        for vantage in self.vantages:
            await prepare_tasks(jetstream, vantage)
        await prepare_results(jetstream, self.run)

    async def _store(self, task_id: TaskId, data: bytes, attempt: str = "") -> None:
        await self.connection.store(task_id.task_subject, data, task_id.message_id + attempt)

    async def _take(self, message: Msg) -> None:
        try:
            task_id = parse_subject(message.subject)
        except MessageError:
            await self.connection.send(message.reply, _TERM)
            return
        # Whether it is an answer at all is judged with the target (`answers.result_of`).
        if task_id.vantage in self.vantages:
            self.journal.add_answer(task_id.target, task_id.vantage, message.data)
        await self.connection.send(message.reply, _ACK)
        self._answers += 1
        self._settle(task_id)

    def _settle(self, task_id: TaskId) -> None:
        waiting = self._waiting.get(task_id.target)
        if waiting is not None:
            waiting.vantages.discard(task_id.vantage)
            if not waiting.vantages and not waiting.answered.done():
                waiting.answered.set_result(None)

    async def _examine_queues(self, is_stuck: bool) -> None:
        """Find out why nobody answers. `is_stuck`: for longer than a worker may take."""
        jetstream = await self.connection.jetstream()
        results = await renewed_consumer(jetstream, RESULTS, results_consumer(self.run))
        if (results.num_pending or results.num_ack_pending) and not is_stuck:
            return
        for vantage in self.vantages:
            tasks = await renewed_consumer(jetstream, TASKS, vantage)
            pending, at_work = tasks.num_pending or 0, tasks.num_ack_pending or 0
            requested_count = sum(vantage in waiting.vantages for waiting in self._waiting.values())
            if not pending and (at_work < requested_count or is_stuck):
                await self._put_back(vantage)
            elif not tasks.num_waiting and not at_work:
                self.on_trouble("nats.no-worker", {"vantage": vantage})

    async def _put_back(self, vantage: str) -> None:
        """Put targets into the queue again that are neither in it nor answered: the server lost
        them, or an administrator removed them. Those at work come twice."""
        self._attempts += 1
        for digest, waiting in list(self._waiting.items()):
            if vantage in waiting.vantages:
                task_id = TaskId(vantage, self.run, digest)
                await self._store(task_id, waiting.data, f".{self._attempts}")
