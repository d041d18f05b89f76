"""Makes sure that a run ends, even if its own code does not.

The deadline of a run is a timer of the event loop. A check or a parser in an endless loop blocks
the event loop, so that neither the deadline nor Ctrl-C is handled. Therefore a kernel timer
(setitimer(2)) interrupts the main thread when the deadline and a grace period have passed. Python
calls its handler between two instructions, and also inside a regular expression.

- If the code of a probe or a check is running, `Overdue` is raised in it. It becomes a crash of
  that probe or check, like any other error, and everything else continues.
- If that does not help, `Abandoned` ends the event loop, and the report is built from the events
  received so far.

Where other programs take the CPU, a run that is nearly done needs longer for its conclusion. Such
an interruption does not count, for a while.
"""

import asyncio
import contextlib
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from diagnose.model import Crash, Evidence, Observation, Report, Scope, Target, Unseen
from diagnose.model.events import Concluded, Crashed, Event, Observed, Sink, Started

if TYPE_CHECKING:
    from diagnose.probes import Options

#: Seconds a run may take after its deadline, and after a signal.
GRACE, SIGNAL_GRACE = 5.0, 2.0

#: Seconds that an event loop with many runs may be blocked: a busy machine is no endless loop.
LOOP_GRACE = 20.0

#: Seconds between two interruptions.
TICK = 0.5

#: The number of interruptions without effect after which the event loop is abandoned.
MAX_TICKS = 6

#: The share of the time for which the main thread waits for a CPU while it is held up, and the
#: number of interruptions that do not count for that.
HELD_UP, MAX_HELD_UP = 0.75, 40

#: Functions that report an exception as a crash, and do nothing else; and their local variable that
#: identifies the current piece of work.
CRASH_HANDLERS = {
    ("diagnose.engine", "Run._guarded"): "name",
    ("diagnose.checking.conclusion", "_load"): "check_id",
    ("diagnose.checking.root_cause", "_judged"): "check",
}

#: What reports the exception. Another one in it would be no crash, but the end of the run.
_CRASH_REPORTER = ("diagnose.model.events", "_CrashReporter.__exit__")


class Overdue(Exception):
    """Raised in code that was still running long after the deadline of its run."""

    def __init__(self) -> None:
        super().__init__("still at work when the time was over")


class Abandoned(KeyboardInterrupt):
    """Ends the event loop. It is a KeyboardInterrupt because asyncio does not catch that."""


class RunRecorder:
    """A sink that collects the events of one run."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self.started_at = datetime.now(UTC)
        self.target: Target | None = None
        self.scope = Scope()
        self.observations: list[Observation] = []
        self.crashes: list[Crash] = []
        self.report: Report | None = None

    def __call__(self, event: Event) -> None:
        match event:
            case Started():
                self.target, self.scope = event.target, event.scope
                self.observations.clear()
                self.crashes.clear()
            case Observed():
                self.observations.append(event.observation)
            case Crashed():
                self.crashes.append(event.crash)
            case Concluded():
                self.report = event.report
        self._sink(event)

    def conclude(
        self, options: "Options", signal_number: int, runs_checks: bool = True
    ) -> Report | None:
        """Return the run's report; None if the run did not start. `signal_number` is the signal
        that ended it, 0 if it exceeded its deadline. Without the checks it has no findings."""
        if self.report is not None or self.target is None:
            return self.report
        from diagnose.checking import proof
        from diagnose.checking.conclusion import conclude

        duration = (datetime.now(UTC) - self.started_at).total_seconds()
        rest_of_run = Unseen(
            at=duration,
            what=proof.REST_OF_RUN,
            why=proof.INTERRUPTED if signal_number else proof.DEADLINE,
            enable="" if signal_number else _longer_run(self.target, options),
        )
        crashes = [*self.crashes, Crash("engine", "The run did not end when its time was over.")]
        observations = (*self.observations, rest_of_run)
        evidence = Evidence(self.target, self.started_at, observations, self.scope)
        if runs_checks:
            report = conclude(evidence, options.ignores, crashes)
        else:
            crashes.append(Crash("checks", "The checks did not end when their time was over."))
            report = Report(evidence, crashes=tuple(crashes), ignores=tuple(options.ignores))
        report = replace(
            report, duration=duration, interrupted=bool(signal_number), signal=signal_number
        )
        self._sink(Concluded(report))
        return report


def _longer_run(target: Target, options: "Options") -> str:
    """Return the command for the same run with more time."""
    from diagnose.probes import diagnose_command

    words = (*options.rerun_args, *options.filter_args, "--timeout", options.longer_timeout)
    return diagnose_command(target, *words)


class Watchdog:
    """Watches the runs of this process. Only the main thread can be watched."""

    def __init__(self, options: "Options") -> None:
        self.status = 0
        self._options = options
        self._recorders: list[RunRecorder] = []
        self._ticks = 0
        self._work: tuple[object, ...] | None = None
        self._seen: tuple[float, float] | None = None
        self._held_up = 0

    def record(self, sink: Sink) -> Sink:
        """Return a sink for a run that records every event and passes it to the given sink."""
        self._recorders.append(RunRecorder(sink))
        return self._recorders[-1]

    def reports(self, signal_number: int) -> list[Report]:
        """Return a report for each run that has started; `signal_number` as in
        `RunRecorder.conclude`."""
        try:
            return self._reports(signal_number)
        except (Abandoned, Overdue):
            # A check does not end either. What was observed is in the report all the same.
            signal.setitimer(signal.ITIMER_REAL, 0)
            return self._reports(signal_number, runs_checks=False)

    def _reports(self, signal_number: int, runs_checks: bool = True) -> list[Report]:
        reports = (
            recorder.conclude(self._options, signal_number, runs_checks)
            for recorder in self._recorders
        )
        return [report for report in reports if report is not None]

    @contextmanager
    def watching(self, seconds: float) -> Iterator[None]:
        """Watch during the block. `seconds` is the deadline of the runs."""
        try:
            before = signal.signal(signal.SIGALRM, self._tick)
        except ValueError:  # not the main thread
            yield
            return
        self._arm(seconds + GRACE)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)

    async def watch_loop(self) -> None:
        """Watch an event loop without a deadline of its own: only a piece of work that blocks it
        for longer than LOOP_GRACE is interrupted. Runs until it is cancelled."""
        while True:
            self._arm(LOOP_GRACE)
            await asyncio.sleep(1.0)

    def handle_signal(self, number: int, status: int) -> None:
        """Let a signal end the runs even if the event loop never calls its own handler; `status` is
        then the exit status. A second signal ends the process."""

        def shorten_deadline(*_: object) -> None:
            signal.signal(number, signal.SIG_DFL)
            self.status = status
            self._arm(SIGNAL_GRACE)

        with contextlib.suppress(ValueError):
            signal.signal(number, shorten_deadline)

    def _arm(self, seconds: float) -> None:
        self._ticks, self._work = 0, None
        self._seen, self._held_up = None, 0
        signal.setitimer(signal.ITIMER_REAL, seconds, TICK)

    def _tick(self, _: int, frame: FrameType | None) -> None:
        if self._is_held_up():
            return
        self._ticks += 1
        previous, self._work = self._work, _current_work(frame)
        # Work that has only just begun may continue until the next tick. The number of
        # interruptions is limited, because the work may catch the exception.
        if self._work is not None and self._ticks <= 4 * MAX_TICKS:
            if self._work == previous:
                raise Overdue
        elif self._ticks >= MAX_TICKS:
            self._ticks = 0
            raise Abandoned

    def _is_held_up(self) -> bool:
        """Whether the main thread mostly waited for a CPU since the interruption before."""
        before, self._seen = self._seen, (time.monotonic(), _waited())
        if before is None or self._held_up >= MAX_HELD_UP:
            return False
        elapsed, waited = (now - earlier for now, earlier in zip(self._seen, before, strict=True))
        is_held_up = waited > HELD_UP * elapsed
        self._held_up += is_held_up
        return is_held_up


def _waited() -> float:
    """Return for how many seconds the main thread has waited for a CPU so far (proc_pid_schedstat,
    Documentation/scheduler/sched-stats.rst); 0.0 where the kernel does not say."""
    try:
        return int(Path("/proc/self/schedstat").read_text().split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0


def _current_work(frame: FrameType | None) -> tuple[object, ...] | None:
    """Return which piece of work inside a crash handler is running; None if there is none, or if
    its crash is being reported."""
    innermost = frame
    while frame is not None:
        location = frame.f_globals.get("__name__", ""), frame.f_code.co_qualname
        if location == _CRASH_REPORTER:
            return None
        if frame is not innermost and CRASH_HANDLERS.get(location) in frame.f_locals:
            return id(frame), frame.f_locals[CRASH_HANDLERS[location]]
        frame = frame.f_back
    return None
