"""What a worker does with a task: the same run as that of `diagnose fleet`, with what the task may
choose, and nothing else."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from diagnose.checking.verdicts import verdict
from diagnose.fleet import lines
from diagnose.fleet.fair_runs import FairRuns
from diagnose.fleet.grouping import Cause, causes_of
from diagnose.fleet.jetstream.messages import Answer, CauseMessage, Task
from diagnose.fleet.jetstream.worker import Outcome, failure
from diagnose.i18n import LANGUAGES
from diagnose.model import LAYERS, Report, Target
from diagnose.model.view import View
from diagnose.net import Net
from diagnose.parsers.target import UsageError, parse_target

if TYPE_CHECKING:
    from diagnose.probes import Options

#: Characters of a place and a title in a message, and causes of a target.
_MAX_TEXT, _MAX_CAUSES = 4096, 64


@dataclass(slots=True)
class TaskDiagnosis:
    """Diagnoses tasks. `options` and `view` are those of the worker itself; a task chooses the
    target, the timeout, the family, the layers and the language. `refusal` returns why a host may
    not be diagnosed, "" if it may."""

    run: "Callable[[Target, Options, Net], Awaitable[Report]]"
    runs: FairRuns
    options: "Options"
    view: View
    refusal: Callable[[str], str]

    async def diagnose(self, task: Task, on_wait: Callable[[bool], None]) -> Outcome | None:
        """Return what is answered; None if the run was interrupted."""
        try:
            options, target = self._options(task), _target(task)
        except UsageError as error:
            return failure(str(error), task)
        if refusal := self.refusal(target.host):
            return failure(f"Refused by the worker: {refusal}.", task)
        report = await self.runs.report(lambda net: self.run(target, options, net), on_wait)
        if report.interrupted:
            return None
        view = replace(self.view, lang=task.lang)
        causes = causes_of(report, task.lang)
        line = lines.verdict_line if task.compact else _report_line
        return Outcome(
            _answer(report, causes, line(report, causes, view)),
            partial(_shortened, report, causes, view),
        )

    def _options(self, task: Task) -> "Options":
        if unknown := {*task.only, *task.skip} - set(LAYERS):
            raise UsageError(f"There is no layer {min(unknown)!r}.")
        if task.lang not in LANGUAGES:
            raise UsageError(f"There is no language {task.lang!r}.")
        return replace(
            self.options,
            timeout=task.timeout,
            family=task.family,
            only=task.only,
            skip=task.skip,
        )


def _target(task: Task) -> Target:
    return parse_target(task.text, task.websockets, task.lang)


def _report_line(report: Report, causes: tuple[Cause, ...], view: View) -> str:
    return lines.report_line(report, view)


def _answer(report: Report, causes: tuple[Cause, ...], line: str) -> Answer:
    messages = tuple(
        CauseMessage(cause.check, cause.kind, cause.place[:_MAX_TEXT], cause.title[:_MAX_TEXT])
        for cause in causes[:_MAX_CAUSES]
    )
    return Answer(1, verdict(report).status, messages, msgspec.Raw(line.encode()))


def _shortened(
    report: Report, causes: tuple[Cause, ...], view: View, size: int, limit: int
) -> Answer:
    """Return the verdict in the place of the whole report, and say so."""
    too_long = {"bytes": size, "limit": limit}
    return _answer(report, causes, lines.verdict_line(report, causes, view, too_long=too_long))
