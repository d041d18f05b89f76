"""Runs a fleet: from the list of targets to the lines of results, and the groups at the end."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from diagnose.checking.root_cause import EXIT_STATUS, verdict
from diagnose.fleet import lines
from diagnose.fleet.fair_net import PER_ADDRESS, PER_NAME_SERVER, FairNet, Turns
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
from diagnose.net.deadline import loop_lateness

#: Diagnoses a target with this network.
RunTarget = Callable[[Target, Net], Awaitable[Report]]

#: Seconds. If the event loop was later during a run, a server may have given up waiting for us:
#: what is not well is diagnosed once more.
LATE_RUN = 2.0

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


@dataclass(slots=True)
class Fleet:
    """One fleet. `compact` writes verdicts in the place of whole reports. `pool` is set by
    `run`; it can be stopped."""

    run_target: RunTarget
    net: Net
    journal: Journal
    stream: ResultStream
    view: View
    progress: Progress
    compact: bool
    repeated: int = 0
    pool: Pool[ListedTarget] | None = None
    _results: asyncio.Queue[Result | None] = field(
        default_factory=lambda: asyncio.Queue(MAX_UNWRITTEN)
    )
    #: The keys of what is read and not finished.
    _waiting: set[str] = field(default_factory=set)
    _addresses: Turns = field(default_factory=lambda: Turns(PER_ADDRESS))
    _name_servers: Turns = field(default_factory=lambda: Turns(PER_NAME_SERVER))

    async def run(
        self, targets: AsyncIterator[ListedTarget], concurrency: int, rate: float | None
    ) -> None:
        """Diagnose all targets that are not finished yet, or until the pool is stopped. Raise
        BrokenPipeError if nobody reads the results any more."""
        self.pool = Pool(self._diagnose, lambda listed: listed.domain, concurrency, rate)
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

    async def _unfinished(
        self, targets: AsyncIterator[ListedTarget]
    ) -> AsyncIterator[ListedTarget]:
        async for listed in targets:
            if listed.key in self._waiting or self.journal.has(listed.key):
                self.repeated += 1
            else:
                self._waiting.add(listed.key)
                yield listed

    async def _diagnose(self, listed: ListedTarget) -> None:
        if listed.target is None:
            text = lines.error_line(listed)
            await self._results.put(Result(listed.key, NO_TARGET, (), text))
            return
        report = await self._report(listed.target)
        if report.interrupted:
            return  # it is not finished: --resume diagnoses it again
        status, causes = verdict(report).status, causes_of(report, self.view.lang)
        if self.compact:
            line = lines.verdict_line(report, causes, self.view)
        else:
            line = lines.report_line(report, self.view)
        await self._results.put(Result(listed.key, status, causes, line))

    async def _report(self, target: Target) -> Report:
        lateness = loop_lateness()
        lateness.start()
        try:
            before = lateness.seconds
            report = await self._run(target)
            is_late = lateness.seconds - before > LATE_RUN
            if is_late and not report.interrupted and verdict(report).status != "ok":
                report = await self._run(target)
        finally:
            lateness.stop()
        return report

    async def _run(self, target: Target) -> Report:
        assert self.pool is not None
        net = FairNet(self.net, self._addresses, self._name_servers, self.pool.park)
        try:
            return await self.run_target(target, net)
        finally:
            net.close()

    async def _write_results(self) -> None:
        while (result := await self._results.get()) is not None:
            self.journal.add(result.key, result.status, result.causes, result.text)
            await self.stream.write(result.text)
            self._waiting.discard(result.key)
            self.progress.count(result.status)

    async def write_summary(self, facts: dict[str, object]) -> None:
        """Write the groups and the summary."""
        self.journal.settle()
        for group in self.journal.groups(MAX_MEMBERS):
            await self.stream.write(lines.group_line(group))
        await self.stream.write(lines.summary_line(self.journal.counts(), facts))


def failing_targets(counts: Mapping[str, int]) -> int:
    """Return how many targets do not work, by the statuses of their verdicts."""
    return sum(count for status, count in counts.items() if status not in WORKING)


def exit_status(statuses: Sequence[str]) -> int:
    """Return the exit status for the verdicts of all targets: the worst."""
    return max((_EXIT_STATUSES[status] for status in statuses), default=0)


_EXIT_STATUSES: dict[str, int] = {str(status): code for status, code in EXIT_STATUS.items()}
_EXIT_STATUSES[NO_TARGET] = EXIT_STATUS["unknown"]
