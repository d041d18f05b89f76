"""Runs a fleet: from the list of targets to the lines of results, and the groups at the end."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from diagnose.checking.verdicts import EXIT_STATUS, verdict
from diagnose.fleet import lines
from diagnose.fleet.fair_runs import FairRuns
from diagnose.fleet.grouping import Cause, causes_of
from diagnose.fleet.journal import Journal
from diagnose.fleet.pool import Pool, first_error
from diagnose.fleet.progress import WORKING, Progress
from diagnose.fleet.result_stream import ResultStream
from diagnose.fleet.target_list import ListedTarget
from diagnose.model import Report, Target
from diagnose.model.frozen import frozen
from diagnose.model.view import View
from diagnose.net import Net

#: Diagnoses a target with this network.
RunTarget = Callable[[Target, Net], Awaitable[Report]]

#: Results that wait to be written. If their reader is slow, no further target begins.
MAX_UNWRITTEN = 32

#: Targets that a group names. All of them have its id in their own line.
MAX_MEMBERS = 10_000

#: What a line of the list that names no target counts as.
NO_TARGET = "usage"


@frozen
class Result:
    """A finished line of the list: its key, the status of its verdict, its causes and its text."""

    key: str
    status: str
    causes: tuple[Cause, ...]
    text: str


#: Makes the result of a line of the list and its target; None if it was interrupted.
Examine = Callable[[ListedTarget, Target], Awaitable[Result | None]]


@dataclass(slots=True)
class Fleet:
    """One fleet. `pool` is set by `run`; it can be stopped. `on_finished` is called with the key of
    each result that is stored and written."""

    examine: Examine
    journal: Journal
    stream: ResultStream
    view: View
    progress: Progress
    on_finished: Callable[[str], None] = lambda key: None
    repeated: int = 0
    pool: Pool[ListedTarget] | None = None
    _results: asyncio.Queue[Result | None] = field(
        default_factory=lambda: asyncio.Queue(MAX_UNWRITTEN)
    )
    #: The keys of what is read and not finished.
    _waiting: set[str] = field(default_factory=set)

    async def run(
        self, targets: AsyncIterator[ListedTarget], concurrency: int, rate: float | None
    ) -> None:
        """Diagnose all targets that are not finished yet, or until the pool is stopped. Raise
        BrokenPipeError if nobody reads the results any more."""
        self.pool = Pool(self._examine, lambda listed: listed.domain, concurrency, rate)
        try:
            async with asyncio.TaskGroup() as group:
                writing = group.create_task(self._write_results())
                await self.pool.run(self._unfinished(targets))
                if not writing.done():
                    await self._results.put(None)
        except BaseExceptionGroup as errors:
            raise first_error(errors) from None

    def stop(self, signal_number: int) -> None:
        """Begin no further target. Those at work are not finished: --resume diagnoses them."""
        if self.pool is not None:
            self.pool.stop(signal_number)

    def park(self, is_waiting: bool) -> None:
        """Count a target that begins to wait for its turn elsewhere, or has ended to."""
        if self.pool is not None:
            self.pool.park(is_waiting)

    async def _unfinished(
        self, targets: AsyncIterator[ListedTarget]
    ) -> AsyncIterator[ListedTarget]:
        async for listed in targets:
            if listed.key in self._waiting or self.journal.is_finished(listed.key):
                self.repeated += 1
            else:
                self._waiting.add(listed.key)
                yield listed

    async def _examine(self, listed: ListedTarget) -> None:
        if listed.target is None:
            result: Result | None = Result(listed.key, NO_TARGET, (), lines.error_line(listed))
        else:
            result = await self.examine(listed, listed.target)
        if result is not None:
            await self._results.put(result)

    async def _write_results(self) -> None:
        while (result := await self._results.get()) is not None:
            self.journal.add(result.key, result.status, result.causes, result.text)
            await self.stream.write(result.text)
            self._waiting.discard(result.key)
            self.progress.count(result.status)
            self.on_finished(result.key)

    async def write_summary(self, facts: dict[str, object]) -> None:
        """Write the groups and the summary."""
        self.journal.settle()
        for group in self.journal.groups(MAX_MEMBERS):
            await self.stream.write(lines.group_line(group))
        await self.stream.write(lines.summary_line(self.journal.counts(), facts))


@dataclass(slots=True)
class LocalExaminer:
    """Diagnoses targets in this process by `run_target`. `compact` writes verdicts in the place of
    whole reports. `on_wait` is told whether a run waits for a turn."""

    run_target: RunTarget
    runs: FairRuns
    view: View
    compact: bool
    on_wait: Callable[[bool], None]

    async def examine(self, listed: ListedTarget, target: Target) -> Result | None:
        report = await self.runs.report(lambda net: self.run_target(target, net), self.on_wait)
        if report.interrupted:
            return None  # it is not finished: --resume diagnoses it again
        causes = causes_of(report, self.view.lang)
        if self.compact:
            line = lines.verdict_line(report, causes, self.view)
        else:
            line = lines.report_line(report, self.view)
        return Result(listed.key, verdict(report).status, causes, line)


def failing_targets(counts: Mapping[str, int]) -> int:
    """Return how many targets do not work, by the statuses of their verdicts."""
    return sum(count for status, count in counts.items() if status not in WORKING)


def exit_status(statuses: Sequence[str]) -> int:
    """Return the exit status for the verdicts of all targets: the worst."""
    return max((_EXIT_STATUSES[status] for status in statuses), default=0)


_EXIT_STATUSES: dict[str, int] = {str(status): code for status, code in EXIT_STATUS.items()}
_EXIT_STATUSES[NO_TARGET] = EXIT_STATUS["unknown"]
