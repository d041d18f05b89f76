"""`diagnose fleet FILE`: opens the list, the journal and the output, and runs the fleet."""

import asyncio
import contextlib
import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from diagnose import engine
from diagnose.cli.output import write_note
from diagnose.cli.request import FleetRequest
from diagnose.cli.runs import RunGroup
from diagnose.cli.watchdog import LOOP_GRACE, Watchdog
from diagnose.fleet.fair_net import PER_ADDRESS, PER_NAME_SERVER
from diagnose.fleet.fair_runs import FairRuns
from diagnose.fleet.journal import Journal, JournalError
from diagnose.fleet.pool import PER_KEY, affordable_concurrency
from diagnose.fleet.progress import LINE_INTERVAL, PAINT_INTERVAL, Progress
from diagnose.fleet.result_stream import ResultStream
from diagnose.fleet.run import (
    Examine,
    Fleet,
    LocalExaminer,
    Result,
    exit_status,
    failing_targets,
)
from diagnose.fleet.summary_text import summary_text
from diagnose.fleet.target_list import ListedTarget, count_lines, read_targets
from diagnose.history.store import history_path
from diagnose.i18n.fleet import translate
from diagnose.net.local import LocalNet
from diagnose.outputs.terminal import sanitize
from diagnose.parsers.target import UsageError
from diagnose.processes.collection import collect_garbage

if TYPE_CHECKING:
    from diagnose.model import Report, Target
    from diagnose.net import Net


def execute(request: FleetRequest) -> int:
    """Run the fleet and return the exit status: that of the worst verdict, or of a signal."""
    collect_garbage()
    with opened_list(request.path) as file, opened_journal(request) as journal:
        return FleetCommand(request, file, journal).execute()


@dataclass(slots=True)
class FleetCommand:
    """One fleet, from its announcement to its summary."""

    request: FleetRequest
    file: BinaryIO
    journal: Journal

    def execute(self) -> int:
        fleet = self.fleet()
        self.announce()
        watchdog = Watchdog(self.request.run.options)
        group = RunGroup(watchdog)
        # Not asyncio.run: at its end it waits for the thread that reads a silent stdin.
        loop = asyncio.new_event_loop()
        is_complete = False
        try:
            if self.request.resume:
                fleet.stream.complete(self.journal.pending)
            with watchdog.watching(LOOP_GRACE):
                loop.run_until_complete(self.run(fleet, group))
            is_complete = not group.status
            loop.run_until_complete(self._write_summary(fleet, is_complete))
        except BrokenPipeError:
            return 0
        except sqlite3.Error as error:
            raise UsageError(f"{self.journal.path}: {error}.") from None
        except OSError as error:
            raise UsageError(f"Standard output: {error.strerror or error}.") from None
        status = group.status or exit_status(list(self.journal.counts()))
        if is_complete and self.request.journal is None:
            self.journal.remove()
        return status

    def fleet(self) -> Fleet:
        """Return the fleet; its targets are diagnosed in this process."""
        options, net = self.request.run.options, LocalNet()

        async def run_target(target: "Target", net: "Net") -> "Report":
            return await engine.run(target, options, net)

        async def examine(listed: ListedTarget, target: "Target") -> Result | None:
            return await examiner.examine(listed, target)

        fleet = self.make_fleet(examine)
        runs = FairRuns(lambda: net)
        examiner = LocalExaminer(run_target, runs, fleet.view, self.request.summary, fleet.park)
        return fleet

    def make_fleet(self, examine: Examine) -> Fleet:
        counts = self.journal.counts()
        return Fleet(
            examine,
            self.journal,
            ResultStream(sys.stdout.fileno()),
            self.request.run.view(),
            Progress(self._total(), sum(counts.values()), failing_targets(counts)),
        )

    @property
    def concurrency(self) -> int:
        """How many targets are at work at once."""
        return affordable_concurrency(self.request.concurrency)

    def _total(self) -> int | None:
        """Return how many targets the list has, None for a stream."""
        return count_lines(Path(self.request.path)) if self.file.seekable() else None

    async def run(self, fleet: Fleet, group: RunGroup) -> None:
        watching = asyncio.ensure_future(group.watchdog.watch_loop())
        showing = asyncio.ensure_future(self._show_progress(fleet.progress))

        def stop(signal_number: int) -> None:
            watching.cancel()
            fleet.stop(signal_number)

        group.handle_signals(stop)
        try:
            targets = read_targets(self.file, self.request.run.parse_target)
            await fleet.run(targets, self.concurrency, self.request.rate)
        finally:
            watching.cancel()
            showing.cancel()
            self._erase_progress()

    async def _show_progress(self, progress: Progress) -> None:
        """On a terminal one line that changes, elsewhere a line now and then."""
        is_terminal = sys.stderr.isatty()
        while True:
            progress.sample()
            await asyncio.sleep(PAINT_INTERVAL if is_terminal else LINE_INTERVAL)
            text = progress.text(self.lang)
            write_note(f"\r\x1b[K{text}" if is_terminal else f"{text}\n")

    def _erase_progress(self) -> None:
        if sys.stderr.isatty():
            write_note("\r\x1b[K")

    async def _write_summary(self, fleet: Fleet, is_complete: bool) -> None:
        await fleet.write_summary({"complete": is_complete, "repeated": fleet.repeated})
        text = summary_text(self.journal, fleet.view, is_complete)
        if not is_complete:
            path = str(self.journal.path)
            text += translate("fleet.continue", self.lang, path=path) + "\n"
        write_note(text)

    def announce(self) -> None:
        """Say on stderr how fast and how gently the targets are asked, and where the journal is."""
        text = translate(
            "fleet.begins",
            self.lang,
            rate=f"{self.request.rate:g}",
            concurrency=self.concurrency,
            domain=PER_KEY,
            address=PER_ADDRESS,
            resolver=PER_NAME_SERVER,
        )
        write_note(f"{text}\n{self.journal_text()}\n")

    def journal_text(self) -> str:
        return translate("fleet.journal", self.lang, path=sanitize(str(self.journal.path)))

    @property
    def lang(self) -> str:
        return self.request.run.output.language


@contextmanager
def opened_list(path: str) -> Iterator[BinaryIO]:
    if path == "-":
        yield sys.stdin.buffer
        return
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        file = os.fdopen(descriptor, "rb")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}.") from None
    with file:
        yield file


@contextmanager
def opened_journal(request: FleetRequest) -> Iterator[Journal]:
    path = Path(request.journal) if request.journal else _usual_journal(request)
    try:
        journal = Journal(path, _fingerprint(request), request.resume)
    except JournalError as error:
        raise UsageError(f"{error} (--journal FILE names another.)") from None
    if journal.replaced:
        lang = request.run.output.language
        write_note(translate("fleet.anew", lang, count=journal.replaced) + "\n")
    with contextlib.closing(journal):
        yield journal


def _usual_journal(request: FleetRequest) -> Path:
    """Return the path of the journal of this list: beside the history."""
    path = request.path if request.path == "-" else str(Path(request.path).absolute())
    name = blake2b(path.encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()
    return history_path().parent / "fleet" / f"{name}.sqlite3"


def _fingerprint(request: FleetRequest) -> str:
    """Return a digest of the options that decide what a result is. They may hold secrets."""
    run = request.run
    words = (*run.options.rerun_args, *run.options.filter_args, *run.websockets)
    secrets = (*run.options.request.headers, run.options.request.cookie)
    facts = repr((words, secrets, run.options.timeout, request.summary, *request.vantages))
    return blake2b(facts.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
