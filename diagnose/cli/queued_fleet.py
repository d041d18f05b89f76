"""`diagnose fleet FILE --nats URL`: the targets are diagnosed by workers on other machines."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from diagnose.cli.fleet import FleetCommand, opened_journal, opened_list
from diagnose.cli.output import write_note
from diagnose.cli.queue_notes import QueueNotes, report_error
from diagnose.cli.request import FleetRequest
from diagnose.cli.runs import RunGroup
from diagnose.fleet.jetstream import DEFAULT_QUEUED, Access, QueueError, require_client
from diagnose.fleet.pool import PER_KEY
from diagnose.fleet.run import Fleet, Result
from diagnose.i18n import reports
from diagnose.i18n.fleet import translate
from diagnose.parsers.target import UsageError
from diagnose.processes.collection import collect_garbage

if TYPE_CHECKING:
    from diagnose.fleet.jetstream.connection import Connection
    from diagnose.fleet.jetstream.messages import Task
    from diagnose.fleet.jetstream.task_queue import TaskQueue
    from diagnose.fleet.target_list import ListedTarget
    from diagnose.model import Target

#: The name of a fleet in the lists of the server.
_NAME = "fleet"


def execute(request: FleetRequest, access: Access) -> int:
    """Run the fleet and return the exit status, as `diagnose.cli.fleet` does; 78 if the queue
    cannot be used, 3 if it cannot be reached."""
    require_client()
    _check_timeout(request)
    collect_garbage()
    with opened_list(request.path) as file, opened_journal(request) as journal:
        try:
            return QueuedCommand(request, file, journal, *_queue(request, access)).execute()
        except QueueError as error:
            return report_error(error, request.run.output.language)


def _check_timeout(request: FleetRequest) -> None:
    from diagnose.fleet.jetstream.messages import MAX_TIMEOUT

    if request.run.options.timeout > MAX_TIMEOUT:
        raise UsageError(f"--timeout: workers take at most {MAX_TIMEOUT:g} seconds for a target.")


def _queue(request: FleetRequest, access: Access) -> "tuple[Connection, QueueNotes]":
    from diagnose.fleet.jetstream.connection import Connection

    notes = QueueNotes(request.run.output.language)
    return Connection(access, _NAME, notes.trouble), notes


@dataclass(slots=True)
class QueuedCommand(FleetCommand):
    """One fleet whose targets go through a queue."""

    connection: "Connection"
    notes: QueueNotes
    queue: "TaskQueue | None" = None

    def fleet(self) -> Fleet:
        from diagnose.fleet.jetstream.task_queue import TaskQueue

        self.queue = queue = TaskQueue(
            self.connection, self.journal, self.request.vantages, self._task, self.notes.trouble
        )

        async def examine(listed: "ListedTarget", target: "Target") -> Result | None:
            from diagnose.fleet.jetstream.answers import result_of

            return result_of(listed, target, await queue.ask(listed))

        fleet = self.make_fleet(examine)
        fleet.on_finished = queue.forget
        return fleet

    @property
    def concurrency(self) -> int:
        return self.request.concurrency or DEFAULT_QUEUED

    def _task(self, listed: "ListedTarget") -> "Task":
        from diagnose.fleet.jetstream.messages import Task

        assert listed.target is not None
        options = self.request.run.options
        return Task(
            version=1,
            line=listed.line,
            text=listed.target.input,
            websockets=listed.target.websockets,
            timeout=options.timeout,
            family=4 if options.family == 4 else 6 if options.family == 6 else None,
            only=options.only,
            skip=options.skip,
            lang=self.lang,
            compact=self.request.summary,
        )

    async def run(self, fleet: Fleet, group: RunGroup) -> None:
        assert self.queue is not None
        await self.connection.open()
        try:
            await self.queue.prepare()
            work = (super(QueuedCommand, self).run(fleet, group), self.queue.collect())
            await _until_first(*work, self.queue.watch())
            await self.queue.close(is_complete=not group.status)
        finally:
            await self.connection.close()

    def announce(self) -> None:
        text = translate(
            "nats.begins",
            self.lang,
            rate=f"{self.request.rate:g}",
            concurrency=self.concurrency,
            domain=PER_KEY,
            vantages=reports.translate("join.list", self.lang).join(self.request.vantages),
        )
        write_note(f"{text}\n{self.journal_text()}\n")


async def _until_first(*works: Coroutine[Any, Any, None]) -> None:
    """Run them beside one another until the first one ends. Raise what it raised."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()
