"""A worker: takes one target after the other from the queue, diagnoses it, stores the result, and
only then says that it is done.

What is at work is said to be in progress now and then; a target of which nothing is heard any more
is given to another worker. A target that was given out again and again is answered with an error:
the workers that had it are gone, and it may be the reason.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from nats.aio.msg import Msg

from diagnose.fleet.jetstream.answers import task_failure
from diagnose.fleet.jetstream.connection import Connection
from diagnose.fleet.jetstream.messages import (
    ENVELOPE,
    Answer,
    MessageError,
    Task,
    TaskId,
    encode,
    parse_subject,
    parse_task,
)
from diagnose.fleet.jetstream.subscription import Subscription
from diagnose.fleet.pool import Pool
from diagnose.model.frozen import frozen

#: How often a target is given out before it is answered with an error.
MAX_DELIVERIES = 10

#: Seconds that targets at work have to end after a signal, before they are given back.
FINISH_SECONDS = 5.0

#: Acknowledgements (ADR-13 of the NATS architecture): done, still at work, give it to another, and
#: give it to nobody.
_ACK, _PROGRESS, _NAK, _TERM = b"+ACK", b"+WPI", b"-NAK", b"+TERM"

#: Seconds that giving back takes at most: the server may be away.
_GIVE_BACK_SECONDS = 2.0


@frozen
class Outcome:
    """What is answered about a task. `shortened` returns the answer without the details, given the
    bytes that the whole one has and those that the server takes."""

    answer: Answer
    shortened: Callable[[int, int], Answer]


#: Diagnoses a task. Its second argument is called with True when it begins to wait for its turn,
#: and with False when it has ended to. None: it was interrupted.
Diagnose = Callable[[Task, Callable[[bool], None]], Awaitable[Outcome | None]]


@dataclass(slots=True, eq=False)
class _Job:
    message: Msg
    task_id: TaskId

    @property
    def deliveries(self) -> int:
        """How often it was given out, this time included; 1 if the server does not say so."""
        try:
            return self.message.metadata.num_delivered
        except Exception:  # a reply subject that is no acknowledgement's
            return 1


@dataclass(slots=True)
class Worker:
    """Diagnoses tasks, `concurrency` at the same time. `ack_wait` is after how many seconds the
    server gives a task to another worker, unless it hears of it."""

    connection: Connection
    subscription: Subscription
    diagnose: Diagnose
    concurrency: int
    ack_wait: float
    _held: set[_Job] = field(default_factory=set)
    _is_stopped: bool = False
    _fetching: "asyncio.Task[Msg | None] | None" = None
    _pool: Pool[_Job] | None = None

    async def run(self) -> None:
        """Work until `stop` was called."""
        # A domain's turns are kept by the fleet, which puts few of its targets into the queue.
        self._pool = Pool(self._work, lambda job: job.task_id.target, self.concurrency)
        self._pool.read_ahead = 1
        progress = asyncio.ensure_future(self._say_progress())
        try:
            await self._pool.run(self._jobs())
        finally:
            progress.cancel()
        await self._give_back()

    def stop(self, signal_number: int) -> None:
        """Take no further target. Those at work end, or are given back when FINISH_SECONDS have
        passed."""
        self._is_stopped = True
        if self._pool is not None:
            self._pool.finish()
            loop = asyncio.get_running_loop()
            loop.call_later(FINISH_SECONDS, self._pool.stop, signal_number)

    async def _jobs(self) -> AsyncIterator[_Job]:
        while not self._is_stopped:
            # Cancelled, it could lose a message that has just arrived.
            self._fetching = asyncio.ensure_future(self.subscription.fetch())
            message = await asyncio.shield(self._fetching)
            self._fetching = None
            if message is not None and (job := await self._job(message)):
                self._held.add(job)
                yield job

    async def _job(self, message: Msg) -> _Job | None:
        try:
            return _Job(message, parse_subject(message.subject))
        except MessageError:
            await self.connection.send(message.reply, _TERM)
            return None

    async def _work(self, job: _Job) -> None:
        outcome = await self._outcome(job)
        if outcome is None:
            return  # it is given back at the end
        data, task_id = self._data(outcome), job.task_id
        await self.connection.store(task_id.result_subject, data, task_id.message_id)
        await self.connection.send(job.message.reply, _ACK)
        self._held.discard(job)

    async def _outcome(self, job: _Job) -> Outcome | None:
        try:
            task = parse_task(job.message.data)
        except MessageError as error:
            return failure(f"The worker cannot read the task: {error}")
        if job.deliveries > MAX_DELIVERIES:
            return failure(
                f"Given up: {MAX_DELIVERIES} workers had this target, and none answered.", task
            )
        assert self._pool is not None
        return await self.diagnose(task, self._pool.park)

    def _data(self, outcome: Outcome) -> bytes:
        limit = self.connection.max_payload - ENVELOPE
        data = encode(outcome.answer)
        if len(data) > limit:
            data = encode(outcome.shortened(len(data), limit))
        if len(data) > limit:
            data = encode(failure("The result is longer than the server takes.").answer)
        return data

    async def _say_progress(self) -> None:
        while True:
            await asyncio.sleep(self.ack_wait / 3)
            for job in tuple(self._held):
                await self.connection.send(job.message.reply, _PROGRESS)

    async def _give_back(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_GIVE_BACK_SECONDS):
                if self._fetching is not None and (message := await self._fetching):
                    await self.connection.send(message.reply, _NAK)
                for job in self._held:
                    await self.connection.send(job.message.reply, _NAK)


def failure(message: str, task: Task | None = None) -> Outcome:
    """Return what is answered about a task that could not be diagnosed."""
    answer = task_failure(message, task)
    return Outcome(answer, lambda size, limit: answer)
