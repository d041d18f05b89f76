"""A target under the screen's eye: the run under way, those before, and what is to be watched."""

import queue
from typing import TYPE_CHECKING, Any

from diagnose.checking.root_cause import Status, verdict
from diagnose.model import Crash, Report, Target
from diagnose.model.events import Crashed
from diagnose.model.tcp import Connection
from diagnose.model.view import View
from diagnose.processes.worker import Job, Over
from diagnose.tui.messages import Asked, Behind, Changed, Masked
from diagnose.tui.run_state import Live

if TYPE_CHECKING:
    from diagnose.history import Change, Known

#: Seconds between two looks while a target is watched.
EVERY = 10.0

#: A strip of history shows so many runs.
MOST = 40


class Session:
    """`past` are the verdicts of its whole runs, `waits` how long each took to connect (seconds),
    `known` what earlier calls of the program said of it."""

    def __init__(self, target: Target, behind: Behind, known: "Known | None" = None) -> None:
        self.target, self.behind, self.known = target, behind, known
        self.server = known.server if known else ""
        self.live = Live(target)
        self.asked = Asked(target, server=self.server)
        self.before: Report | None = None
        self.past: list[Status] = []
        self.waits: list[float | None] = []
        self.changes: tuple[Change, ...] = ()
        self.masked: Masked | None = None
        self._masking = False
        self.watched = self.paused = False
        self.runs = 0
        self._job: Job | None = None
        self._told: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def begin(self, only: tuple[str, ...] = ()) -> "Session":
        """Look, once more if need be, and at some layers alone if they are named; one that is
        under way is not disturbed."""
        if not self.running:
            self.before = self.live.concluded or self.before
            self.live, self.masked, self._masking = Live(self.target), None, False
            self.asked = Asked(self.target, only, self.server)
            # What an earlier run still tells is told to nobody.
            self._told = queue.SimpleQueue()
            self._job = self.behind.place.start("run", self._told.put, self.asked)
            self.runs += 1
        return self

    def look_into(self, server: str) -> None:
        """From now on look inside that server too; a run under way begins anew."""
        self.server = server
        self.stop()
        self._job = None
        self.begin()

    @property
    def running(self) -> bool:
        return self._job is not None and not self.live.ended

    @property
    def begun(self) -> bool:
        return self._job is not None

    @property
    def report(self) -> Report:
        return self.live.report

    def drain(self) -> bool:
        """Take what has been told; whether anything has."""
        happened = False
        while not self._told.empty():
            happened = True
            self._take(self._told.get())
        return happened

    def _take(self, told: Any) -> None:
        match told:
            case Changed():
                self.changes = told.changes
            case Masked():
                self.masked = told
            case Over():
                if not self.live.ended:
                    self.live.take(Crashed(Crash("run", told.error or "It ended too soon.")))
                    self.live.ended = True
            case _:
                running = self.running
                self.live.take(told)
                if running and self.live.concluded is not None:
                    self._concluded(self.live.concluded)

    def _concluded(self, report: Report) -> None:
        if not (report.interrupted or self.asked.only):
            self.past = [*self.past, verdict(report).status][-MOST:]
            good = [one.took for one in report.evidence.good(Connection)]
            self.waits = [*self.waits, min(good, default=None)][-MOST:]

    def mask(self, view: View) -> None:
        """Have the report masked, once it is there and once only; `masked` has it when told."""
        if self.live.concluded is not None and not self._masking:
            self._masking = True
            self.behind.place.start("mask", self._told.put, self.report, view)

    def stop(self) -> None:
        """Ask the run to end; what it says then is told like all else."""
        if self._job is not None and self.running:
            self._job.stop()

    def wait(self, seconds: float) -> None:
        """Take what a run that was stopped says in the end."""
        while self.running:
            try:
                self._take(self._told.get(timeout=seconds))
            except queue.Empty:
                return
