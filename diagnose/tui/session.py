"""A target on the screen: its current run, the runs before it, and whether it is watched."""

import queue
from typing import TYPE_CHECKING, Any

from diagnose.checking.verdicts import Status, verdict
from diagnose.model import Crash, Report, Target
from diagnose.model.events import Crashed
from diagnose.model.tcp import Connection
from diagnose.model.view import View
from diagnose.processes.worker import Job, JobEnded
from diagnose.tui.messages import HistoryChanges, MaskedReport, RunRequested, Services
from diagnose.tui.run_state import RunState

if TYPE_CHECKING:
    from diagnose.history import FingerprintChange, KnownTarget

#: Seconds between two runs while a target is watched.
WATCH_INTERVAL = 10.0

#: The number of runs in the history line.
MAX_HISTORY = 40


class Session:
    """A target and its runs. `statuses` are the verdicts of its complete runs, `connect_times` the
    seconds each took to connect, `history_summary` its entry in the history of earlier calls."""

    def __init__(
        self, target: Target, services: Services, history_summary: "KnownTarget | None" = None
    ) -> None:
        self.target, self.services, self.history_summary = target, services, history_summary
        self.server = history_summary.server if history_summary else ""
        self.run_state = RunState(target)
        self.request = RunRequested(target, server=self.server)
        self.previous_report: Report | None = None
        self.statuses: list[Status] = []
        self.connect_times: list[float | None] = []
        self.changes: tuple[FingerprintChange, ...] = ()
        self.masked: MaskedReport | None = None
        self._masking = False
        self.watched = self.paused = False
        self.runs = 0
        self._job: Job | None = None
        self._messages: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def start(self, only: tuple[str, ...] = ()) -> "Session":
        """Start a run, limited to some layers if they are given. Nothing happens if one is
        running."""
        if not self.running:
            self.previous_report = self.run_state.final_report or self.previous_report
            self.run_state, self.masked, self._masking = RunState(self.target), None, False
            self.request = RunRequested(self.target, only, self.server)
            # A new queue drops the messages of an earlier run.
            self._messages = queue.SimpleQueue()
            self._job = self.services.executor.start("run", self._messages.put, self.request)
            self.runs += 1
        return self

    def inspect_server(self, server: str) -> None:
        """From now on, inspect that server too; a current run is restarted."""
        self.server = server
        self.stop()
        self._job = None
        self.start()

    @property
    def running(self) -> bool:
        return self._job is not None and not self.run_state.ended

    @property
    def started(self) -> bool:
        return self._job is not None

    @property
    def report(self) -> Report:
        return self.run_state.report

    def drain(self) -> bool:
        """Process received messages. Return True if there were any."""
        received = False
        while not self._messages.empty():
            received = True
            self._apply_message(self._messages.get())
        return received

    def _apply_message(self, message: Any) -> None:
        match message:
            case HistoryChanges():
                self.changes = message.changes
            case MaskedReport():
                self.masked = message
            case JobEnded():
                if not self.run_state.ended:
                    self.run_state.apply(
                        Crashed(Crash("run", message.error or "It ended too soon."))
                    )
                    self.run_state.ended = True
            case _:
                running = self.running
                self.run_state.apply(message)
                if running and self.run_state.final_report is not None:
                    self._add_history(self.run_state.final_report)

    def _add_history(self, report: Report) -> None:
        if not (report.interrupted or self.request.only):
            self.statuses = [*self.statuses, verdict(report).status][-MAX_HISTORY:]
            durations = [connection.took for connection in report.evidence.good(Connection)]
            self.connect_times = [*self.connect_times, min(durations, default=None)][-MAX_HISTORY:]

    def mask(self, view: View) -> None:
        """Start masking the final report, once; the result is stored in `masked`."""
        if self.run_state.final_report is not None and not self._masking:
            self._masking = True
            self.services.executor.start("mask", self._messages.put, self.report, view)

    def stop(self) -> None:
        """Ask the run to end; its report is received like all messages."""
        if self._job is not None and self.running:
            self._job.stop()

    def wait(self, seconds: float) -> None:
        """Process messages of a stopped run until it ends, or until none arrives for `seconds`."""
        while self.running:
            try:
                self._apply_message(self._messages.get(timeout=seconds))
            except queue.Empty:
                return
