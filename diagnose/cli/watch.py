"""`diagnose watch TARGET …`: pulses, and a line when something changes, until a signal."""

import asyncio
import contextlib
import signal
import sys
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from diagnose import engine
from diagnose.checking.verdicts import verdict
from diagnose.cli.output import write_note
from diagnose.cli.request import WatchRequest
from diagnose.fleet import lines
from diagnose.fleet.grouping import causes_of
from diagnose.fleet.result_stream import write_all
from diagnose.fleet.run import exit_status
from diagnose.i18n.reports import translate
from diagnose.net.local import LocalNet
from diagnose.outputs.document import single_line
from diagnose.outputs.terminal import sanitize
from diagnose.outputs.verdict_text import verdict_sentence
from diagnose.parsers.target import UsageError
from diagnose.processes.collection import collect_garbage
from diagnose.processes.signals import EXIT_SIGINT, EXIT_SIGTERM
from diagnose.pulse.lines import pulse_line
from diagnose.pulse.watching import Diagnosis, Pulse, WatchedTarget

if TYPE_CHECKING:
    from diagnose.model import Report, Target

#: Whole diagnoses at the same time; others wait.
MAX_DIAGNOSES = 20


def execute(request: WatchRequest) -> int:
    """Watch until a signal, or as many pulses as were asked for. Return the exit status: that of
    the signal, or of the worst last verdict."""
    collect_garbage()
    return asyncio.run(_Command(request).run())


@dataclass(slots=True)
class _Command:
    """One call: its targets, and what was said of each."""

    request: WatchRequest
    status: int = 0
    #: The status and the causes that were written last, by URL.
    written: dict[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    watched: list[WatchedTarget] = field(default_factory=list)
    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MAX_DIAGNOSES))

    async def run(self) -> int:
        self._announce()
        tasks = self._start()
        for number, status in ((signal.SIGINT, EXIT_SIGINT), (signal.SIGTERM, EXIT_SIGTERM)):
            asyncio.get_running_loop().add_signal_handler(number, self._end, status, tasks)
        showing = asyncio.ensure_future(self._show_age())
        try:
            await asyncio.gather(*tasks)
        except asyncio.CancelledError:
            if not self.status:
                raise
        finally:
            showing.cancel()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return self.status or exit_status([status for status, _ in self.written.values()])

    def _start(self) -> list["asyncio.Task[None]"]:
        net, request = LocalNet(), self.request
        options = request.run.options
        self.watched = [
            WatchedTarget(target, options, net, self._diagnose, request.full_interval)
            for target in request.run.targets
        ]
        pause = request.interval / len(self.watched)
        return [
            asyncio.ensure_future(self._watch(watched, number * pause))
            for number, watched in enumerate(self.watched)
        ]

    def _end(self, status: int, tasks: list["asyncio.Task[None]"]) -> None:
        self.status = status
        for task in tasks:
            task.cancel()

    async def _diagnose(self, target: "Target") -> "Report":
        async with self.slots:
            report = await engine.run(target, self.request.run.options, LocalNet())
        if report.interrupted:
            raise asyncio.CancelledError
        return report

    async def _watch(self, watched: WatchedTarget, delay: float) -> None:
        """Take one step in each interval. Targets begin one after the other."""
        count = self.request.count
        await asyncio.sleep(delay)
        next_step = time.monotonic()
        while count is None or watched.pulses < count:
            pulse, diagnosis = await watched.step()
            self._write(watched.target, pulse, diagnosis)
            next_step = max(next_step + self.request.interval, time.monotonic())
            if count is None or watched.pulses < count:
                await asyncio.sleep(next_step - time.monotonic())

    def _write(self, target: "Target", pulse: Pulse | None, diagnosis: Diagnosis | None) -> None:
        if self.request.run.output.format == "jsonl":
            if pulse is not None:
                _write(pulse_line(target, pulse))
            if diagnosis is not None:
                _write(self._verdict_line(diagnosis))
        if diagnosis is not None:
            self._write_change(target, diagnosis)

    def _verdict_line(self, diagnosis: Diagnosis) -> str:
        report, view = diagnosis.report, self.request.run.view()
        causes = causes_of(report, view.lang)
        facts = {"reason": diagnosis.reason, "difference": diagnosis.difference or None}
        return lines.verdict_line(report, causes, view, **facts)

    def _write_change(self, target: "Target", diagnosis: Diagnosis) -> None:
        """Write a line if the verdict or its causes are others than before, or a pulse differed."""
        outcome = verdict(diagnosis.report)
        state = (outcome.status, tuple(cause.check.id for cause in outcome.causes))
        is_change = self.written.get(target.url) != state or diagnosis.reason == "difference"
        self.written[target.url] = state
        if is_change and self.request.run.output.format != "jsonl":
            _write(self._text(target, diagnosis, outcome.status))

    def _text(self, target: "Target", diagnosis: Diagnosis, status: str) -> str:
        sentence = single_line(verdict_sentence(diagnosis.report, self._lang))
        if diagnosis.difference:
            fact = translate("watch.difference", self._lang, difference=diagnosis.difference)
            sentence = f"{sentence} ({fact})"
        moment = datetime.now().astimezone().isoformat(" ", "seconds")
        return f"{moment}  {status:8}  {sanitize(target.url)}  {sanitize(sentence)}\n"

    def _announce(self) -> None:
        facts = {
            "interval": f"{self.request.interval:g}",
            "full": f"{self.request.full_interval:g}",
        }
        write_note(f"{translate('watch.begins', self._lang, **facts)}\n")

    async def _show_age(self) -> None:
        """On a terminal, say in one line how many pulses there were."""
        with contextlib.suppress(asyncio.CancelledError):
            while sys.stderr.isatty():
                await asyncio.sleep(1.0)
                write_note(f"\r\x1b[K{self._age_text()}\r")
        if sys.stderr.isatty():
            write_note("\r\x1b[K")

    def _age_text(self) -> str:
        pulses = sum(watched.pulses for watched in self.watched)
        moments = [
            watched.diagnosed_at for watched in self.watched if watched.diagnosed_at is not None
        ]
        facts: dict[str, Any] = {
            "pulses": pulses,
            "age": round(time.monotonic() - min(moments, default=time.monotonic())),
        }
        return translate("watch.pulses", self._lang, **facts)

    @property
    def _lang(self) -> str:
        return self.request.run.output.language


def _write(text: str) -> None:
    """Write to stdout. Raise BrokenPipeError if nobody reads any more: that ends the program."""
    try:
        write_all(sys.stdout.fileno(), text.encode("utf-8", "backslashreplace"))
    except BrokenPipeError:
        raise
    except OSError as error:
        raise UsageError(f"Standard output: {error.strerror or error}.") from None
