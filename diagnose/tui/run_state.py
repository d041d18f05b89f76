"""The state of a run as its screen sees it: the observations so far, and finally the report. No
I/O."""

from datetime import UTC, datetime

from diagnose.model import Crash, Evidence, Finding, Observation, Report, Scope, Target
from diagnose.model.events import Concluded, Crashed, Event, Observed, Started, Wait, Waiting


class RunState:
    """Collects a run's events; `report` is the current report. `ended` is True if no more events
    come, even if the run never concluded; `waits` is what is waited for."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.final_report: Report | None = None
        self.ended = False
        self.waits: tuple[Wait, ...] = ()
        self._started_at = datetime.now(UTC)
        self._observations: list[Observation] = []
        self._crashes: list[Crash] = []
        self._scope = Scope()

    def apply(self, event: Event) -> None:
        match event:
            case Started():
                self.target, self._scope = event.target, event.scope
                self._observations.clear()
                self._crashes.clear()
            case Observed():
                self._observations.append(event.observation)
            case Waiting():
                self.waits = event.waits
            case Crashed():
                self._crashes.append(event.crash)
            case Concluded():
                self.final_report = event.report
                self.ended = True

    @property
    def report(self) -> Report:
        if self.final_report is not None:
            return self.final_report
        evidence = Evidence(self.target, self._started_at, tuple(self._observations), self._scope)
        return Report(evidence, (), tuple(self._crashes), running=not self.ended)


def finding_rows(report: Report) -> tuple[tuple[Finding, int], ...]:
    """Return the findings in list order, each with its depth: causes, below them the symptoms that
    they explain, then notes, then what is ignored."""
    roots = [finding for finding in report.findings if finding.explained_by is None]
    roots.sort(key=lambda finding: (finding.suppressed_by is not None, finding.is_note))
    return tuple(row for finding in roots for row in _with_symptoms(report, finding, 0))


def _with_symptoms(report: Report, finding: Finding, depth: int) -> list[tuple[Finding, int]]:
    rows = [(finding, depth)]
    for symptom in report.findings:
        if symptom.explained_by == finding.id:
            rows += _with_symptoms(report, symptom, depth + 1)
    return rows
