"""A run as its screen sees it: what was seen so far, and in the end what it means. Pure."""

from datetime import UTC, datetime

from diagnose.model import Crash, Evidence, Finding, Observation, Report, Scope, Severity, Target
from diagnose.model.events import Concluded, Crashed, Event, Seen, Started


class Live:
    """Fed with a run's events; `report` is what a report of now would be. `ended` where nothing
    more comes, though it may never have come to a conclusion."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.concluded: Report | None = None
        self.ended = False
        self._began = datetime.now(UTC)
        self._seen: list[Observation] = []
        self._crashes: list[Crash] = []
        self._scope = Scope()

    def take(self, event: Event) -> None:
        match event:
            case Started():
                self._scope = event.scope
            case Seen():
                self._seen.append(event.observation)
            case Crashed():
                self._crashes.append(event.crash)
            case Concluded():
                self.concluded = event.report
                self.ended = True

    @property
    def report(self) -> Report:
        if self.concluded is not None:
            return self.concluded
        evidence = Evidence(self.target, self._began, tuple(self._seen), self._scope)
        return Report(evidence, (), tuple(self._crashes), running=not self.ended)


def rows(report: Report) -> tuple[tuple[Finding, int], ...]:
    """The findings as they are listed, each with its depth: causes, symptoms under the cause that
    explains them, then the notes."""
    found = [one for one in report.findings if one.explained_by is None]
    found.sort(key=lambda one: one.severity is Severity.NOTE)
    return tuple(row for one in found for row in _with_symptoms(report, one, 0))


def _with_symptoms(report: Report, one: Finding, depth: int) -> list[tuple[Finding, int]]:
    made = [(one, depth)]
    for other in report.findings:
        if other.explained_by == one.id:
            made += _with_symptoms(report, other, depth + 1)
    return made
