"""Runs many jobs: as many at once as the machine can bear, and as fast as is polite.

- A job begins only while the jobs at work leave the event loop little to do. A loop with much to do
  would read every answer late; jobs that merely wait for a silent server cost nothing, and hold up
  no other. What counts is our own work, in CPU time: other programs may make this one as late, and
  no job that waits for its start would change that.
- `concurrency` bounds the jobs at work, so that file descriptors and memory suffice.
- `rate` bounds how many begin in a second.
- Few jobs of one key are at work at the same time (`diagnose.fleet.backlog`).
"""

import asyncio
import resource
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from diagnose.fleet.backlog import Backlog

Job = TypeVar("Job")

#: Jobs of one key (a registered domain) at work at the same time.
PER_KEY = 6

#: Jobs read ahead of those at work: enough to pass over a long part of the list with one key.
READ_AHEAD = 2000

#: Seconds of CPU time. A turn of the event loop that takes more means that the jobs at work are
#: enough for now: no job begins.
BUSY_TURN = 0.05

#: File descriptors that a job may need at once: eight addresses of two families, on two ports and
#: with a comparison each, are the most; and those that the program itself needs.
DESCRIPTORS_PER_JOB, DESCRIPTORS_KEPT = 24, 64

#: Jobs at work at once, unless the user says otherwise; and those that wait for an address besides.
DEFAULT_CONCURRENCY, MAX_PARKED = 200, 200


def affordable_concurrency(requested: int | None) -> int:
    """Return how many jobs may be at work at once. The soft limit of file descriptors is raised to
    the hard one (setrlimit(2)) if it would not suffice."""
    concurrency = DEFAULT_CONCURRENCY if requested is None else requested
    needed = concurrency * DESCRIPTORS_PER_JOB + DESCRIPTORS_KEPT
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY:
        return concurrency
    return max(min(concurrency, (soft - DESCRIPTORS_KEPT) // DESCRIPTORS_PER_JOB), 1)


def first_error(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the first error of a group, which is what a user is told."""
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


@dataclass(slots=True)
class Pool(Generic[Job]):
    """Does `work` for each job. `key_of` tells the key of a job; `rate` is per second, None for no
    limit; `read_ahead` is how many jobs may be read before they begin. An exception of `work` ends
    the pool, and is raised."""

    work: Callable[[Job], Awaitable[None]]
    key_of: Callable[[Job], str]
    concurrency: int
    rate: float | None = None
    read_ahead: int = field(default_factory=lambda: READ_AHEAD)
    parked: int = 0
    _is_read: bool = False
    _is_stopped: bool = False
    _next_start: float = 0.0
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    #: Something has happened after which a job may begin; a job has left the backlog.
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _taken: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def active(self) -> int:
        """How many jobs are at work."""
        return len(self._tasks)

    async def run(self, jobs: AsyncIterator[Job]) -> None:
        """Run until all jobs are done, or `stop` was called and those at work have ended."""
        try:
            async with asyncio.TaskGroup() as group:
                await self._run_in(group, jobs)
        except BaseExceptionGroup as errors:
            raise first_error(errors) from None

    async def _run_in(self, group: asyncio.TaskGroup, jobs: AsyncIterator[Job]) -> None:
        backlog: Backlog[Job] = Backlog(PER_KEY)
        reading = group.create_task(self._read(jobs, backlog))
        while not self._is_stopped:
            self._changed.clear()
            entry = backlog.take() if self._has_room() else None
            if entry is not None:
                self._taken.set()
                await self._when_due()
                if not self._is_stopped:
                    self._start(group, backlog, *entry)
            elif self._is_read and not backlog and not self._tasks:
                break
            else:
                await self._changed.wait()
        reading.cancel()

    def stop(self, reason: int = 0) -> None:
        """Begin no further job, and cancel those at work with this message (a signal's number)."""
        self._is_stopped = True
        for task in self._tasks:
            task.cancel(reason)
        self._changed.set()

    def finish(self) -> None:
        """Begin no further job, and let those at work end."""
        self._is_stopped = True
        self._changed.set()

    def park(self, is_waiting: bool) -> None:
        """Count a job that begins to wait for its turn elsewhere, or has ended to."""
        self.parked += 1 if is_waiting else -1
        self._changed.set()

    def _has_room(self) -> bool:
        return self.active - min(self.parked, MAX_PARKED) < self.concurrency

    async def _read(self, jobs: AsyncIterator[Job], backlog: Backlog[Job]) -> None:
        async for job in jobs:
            backlog.add(self.key_of(job), job)
            self._changed.set()
            while len(backlog) >= self.read_ahead:
                self._taken.clear()
                await self._taken.wait()
        self._is_read = True
        self._changed.set()

    def _start(self, group: asyncio.TaskGroup, backlog: Backlog[Job], key: str, job: Job) -> None:
        def end(task: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            backlog.release(key)
            self._changed.set()

        async def work() -> None:
            await self.work(job)

        task = group.create_task(work())
        self._tasks.add(task)
        task.add_done_callback(end)

    async def _when_due(self) -> None:
        """Wait until the event loop has little to do, and the rate allows a start."""
        loop = asyncio.get_running_loop()
        if self.rate is not None:
            self._next_start = max(self._next_start + 1 / self.rate, loop.time())
            await asyncio.sleep(self._next_start - loop.time())
        while not self._is_stopped:
            before = time.process_time()
            await asyncio.sleep(0)
            if time.process_time() - before < BUSY_TURN:
                return
