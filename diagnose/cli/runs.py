"""Runs: the server that they inspect, and several at the same time, until they end or a signal
arrives."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from diagnose.cli.watchdog import Abandoned, Overdue, Watchdog
from diagnose.model import Crash, Evidence, Report, Target
from diagnose.model.events import Sink
from diagnose.processes import interrupts
from diagnose.processes.signals import EXIT_SIGINT, EXIT_SIGTERM, SIGNALLED

if TYPE_CHECKING:
    from diagnose.machine import Machine
    from diagnose.net import Net
    from diagnose.probes import Options


def open_machine(
    options: "Options",
) -> "contextlib.AbstractAsyncContextManager[Machine | None]":
    """Open the server as a `Machine` for the duration of the block; None if it is not inspected."""
    if options.inside is False:
        return contextlib.nullcontext()
    if options.server:
        from diagnose.machine.ssh import SshMachine

        return SshMachine(options.server)
    from diagnose.machine.local import LocalMachine

    return contextlib.nullcontext(LocalMachine())


def report_builder(options: "Options") -> Callable[[Evidence, tuple[Crash, ...]], Report]:
    """Return the function that judges masked evidence as the run itself judged its own."""

    def build_report(evidence: Evidence, crashes: tuple[Crash, ...]) -> Report:
        from diagnose.checking.conclusion import conclude

        return conclude(evidence, options.ignores, crashes)

    return build_report


class RunGroup:
    """Runs that a signal ends. The first SIGINT or SIGTERM cancels the runs, and each reports what
    it knows so far; a second one ends the process at once."""

    def __init__(self, watchdog: Watchdog) -> None:
        self.status = 0
        self.watchdog = watchdog

    async def run_all(self, runs: Iterable[Coroutine[Any, Any, Report]]) -> list[Report]:
        """Run concurrently until the end or the first signal."""
        tasks = [asyncio.ensure_future(run) for run in runs]
        # A run handles its cancellation, but only after it has started.
        await asyncio.sleep(0)

        def cancel_all(signal_number: int) -> None:
            # The run passes the number on in its report. What has ended is interrupted no more.
            cancelled = [task.cancel(signal_number) for task in tasks]
            if not any(cancelled) and not any(task.result().crashes for task in tasks):
                self.status = 0

        self.handle_signals(cancel_all)
        return list(await asyncio.gather(*tasks))

    def with_signal(self, report: Report) -> Report:
        """Return the report of a run whose checks the watchdog ended after a signal as that of one
        which was interrupted."""
        if not self.status or not report.crashes or report.interrupted:
            return report
        return replace(report, interrupted=True, signal=self.status - SIGNALLED)

    def handle_signals(self, cancel: Callable[[int], None]) -> None:
        """Call `cancel` with the number of the first signal, in the event loop."""
        loop = asyncio.get_running_loop()
        for number, status in ((signal.SIGINT, EXIT_SIGINT), (signal.SIGTERM, EXIT_SIGTERM)):
            # Signals can only be handled in the main thread.
            with contextlib.suppress(RuntimeError, ValueError):
                loop.add_signal_handler(number, self._end, number, status, cancel)
                self.watchdog.handle_signal(number, status)
        if interrupts.is_interrupted():
            loop.call_soon(self._end, signal.SIGINT, EXIT_SIGINT, cancel)

    def _end(self, signal_number: int, status: int, cancel: Callable[[int], None]) -> None:
        self.status = status
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)
        cancel(signal_number)


def run_targets(
    targets: Sequence[Target], options: "Options", make_sink: Callable[[], Sink]
) -> tuple[list[Report], int]:
    """Diagnose the targets, each with its own sink: as many at the same time as this machine can
    bear. Return as `run_to_end` does; the reports are in the order of the targets."""
    from diagnose.engine import run
    from diagnose.net.local import LocalNet

    async def run_all(group: RunGroup) -> list[Report]:
        async with open_machine(options) as machine:

            def run_target(target: Target, net: "Net") -> Coroutine[Any, Any, Report]:
                own = options if len(targets) == 1 else options_for(target, options)
                return run(target, own, net, group.watchdog.record(make_sink()), machine)

            if len(targets) == 1:
                return await group.run_all([run_target(targets[0], LocalNet())])
            from diagnose.fleet.several import run_several

            watching = asyncio.ensure_future(group.watchdog.watch_loop())
            try:
                return await run_several(targets, run_target, group.handle_signals, options)
            finally:
                watching.cancel()

    return run_to_end(run_all, options)


def options_for(target: Target, options: "Options") -> "Options":
    """Return the options of one target among several: a message names the request of its own
    target, and of no other."""
    if target.symptom is None:
        return options
    from diagnose.parsers.cors_messages import with_message

    request = with_message(options.request, target.symptom, target.input, target.path)
    return options if request == options.request else replace(options, request=request)


def run_to_end(
    start_runs: Callable[[RunGroup], Coroutine[Any, Any, list[Report]]], options: "Options"
) -> tuple[list[Report], int]:
    """Return the reports, and the exit status required by a signal, or 0. `options` are the options
    of the runs."""
    watchdog = Watchdog(options)
    group = RunGroup(watchdog)
    # A program that ends before asyncio looks is reported there, and is no news for a person.
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    # Not asyncio.run: at its end it waits for a resolver that does not answer.
    loop = asyncio.new_event_loop()
    with watchdog.watching(options.deadline):
        try:
            reports = loop.run_until_complete(start_runs(group))
        except (Abandoned, Overdue):
            # The loop is not closed: its tasks would print errors, and the process ends anyway.
            _abandoned_loops.append(loop)
            status = group.status or watchdog.status
            return watchdog.reports(signal_number=max(status - SIGNALLED, 0)), status
    loop.close()
    return [group.with_signal(report) for report in reports], group.status


_abandoned_loops: list[asyncio.AbstractEventLoop] = []


def has_abandoned_loops() -> bool:
    """Return whether a run of this process has not ended, and was given up."""
    return bool(_abandoned_loops)
