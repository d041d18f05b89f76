"""`diagnose worker`: diagnoses the targets of fleets on other machines, until a signal ends it."""

import asyncio
from typing import TYPE_CHECKING

from diagnose import engine
from diagnose.cli.output import write_note
from diagnose.cli.queue_notes import QueueNotes, report_error
from diagnose.cli.request import WorkerRequest
from diagnose.cli.runs import RunGroup
from diagnose.cli.watchdog import LOOP_GRACE, Watchdog
from diagnose.exporter.target_policy import GuardedNet
from diagnose.fleet.fair_runs import FairRuns
from diagnose.fleet.jetstream import QueueError, require_client
from diagnose.fleet.pool import affordable_concurrency
from diagnose.i18n.fleet import translate
from diagnose.net.local import LocalNet
from diagnose.outputs.terminal import sanitize
from diagnose.processes.collection import collect_garbage

if TYPE_CHECKING:
    from diagnose.fleet.jetstream.connection import Connection
    from diagnose.fleet.jetstream.worker import Diagnose
    from diagnose.model import Report, Target
    from diagnose.net import Net
    from diagnose.probes import Options


def execute(request: WorkerRequest) -> int:
    """Work, and return the exit status: that of the signal; 78 if the queue cannot be used, 3 if it
    cannot be reached at the start."""
    require_client()
    collect_garbage()
    watchdog = Watchdog(request.options)
    group = RunGroup(watchdog)
    # Not asyncio.run: at its end it waits for threads that wait for a name server.
    loop = asyncio.new_event_loop()
    try:
        with watchdog.watching(LOOP_GRACE):
            loop.run_until_complete(_work(request, group))
    except QueueError as error:
        return report_error(error, request.output.language)
    return group.status


async def _work(request: WorkerRequest, group: RunGroup) -> None:
    from diagnose.fleet.jetstream.connection import Connection
    from diagnose.fleet.jetstream.streams import prepare_tasks

    # It may run for months: only a piece of work that blocks the event loop is too long.
    watching = asyncio.ensure_future(group.watchdog.watch_loop())
    notes = QueueNotes(request.output.language)
    connection = Connection(request.queue, request.vantage, notes.trouble)
    try:
        await connection.open()
        await prepare_tasks(await connection.jetstream(), request.vantage)
        await _take_tasks(request, group, connection)
    finally:
        watching.cancel()
        await connection.close()


async def _take_tasks(request: WorkerRequest, group: RunGroup, connection: "Connection") -> None:
    from diagnose.fleet.jetstream.messages import TASKS
    from diagnose.fleet.jetstream.streams import ack_wait, prepare_tasks
    from diagnose.fleet.jetstream.subscription import Subscription
    from diagnose.fleet.jetstream.worker import FINISH_SECONDS, Worker

    lang, concurrency = request.output.language, affordable_concurrency(request.concurrency)
    subscription = Subscription(
        connection,
        TASKS,
        request.vantage,
        lambda jetstream: prepare_tasks(jetstream, request.vantage),
    )
    seconds = await ack_wait(await connection.jetstream(), request.vantage)
    worker = Worker(connection, subscription, _diagnosis(request), concurrency, seconds)

    def stop(signal_number: int) -> None:
        write_note(translate("nats.stopping", lang, seconds=f"{FINISH_SECONDS:g}") + "\n")
        worker.stop(signal_number)

    group.handle_signals(stop)
    server = sanitize(request.queue.url)
    facts = {"server": server, "vantage": request.vantage, "concurrency": str(concurrency)}
    write_note(translate("nats.works", lang, **facts) + "\n")
    await worker.run()


def _diagnosis(request: WorkerRequest) -> "Diagnose":
    from diagnose.fleet.jetstream.task_diagnosis import TaskDiagnosis

    async def run(target: "Target", options: "Options", net: "Net") -> "Report":
        return await engine.run(target, options, net)

    runs = FairRuns(lambda: GuardedNet(LocalNet(), request.policy))
    view = request.output.view()
    return TaskDiagnosis(run, runs, request.options, view, request.policy.refusal).diagnose
