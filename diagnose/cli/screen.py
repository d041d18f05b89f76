"""Connects the command line with the screen: the services that the screen uses, in a process of
their own if possible, and the reports that are printed after it ends."""

import asyncio
import contextlib
import os
import signal
import sys
import termios
from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn

from diagnose import tui
from diagnose.checking.verdicts import exit_status
from diagnose.cli.option_values import server_url
from diagnose.cli.output import note_crashes, write_views
from diagnose.cli.request import FixRequest, RunRequest
from diagnose.cli.runs import open_machine, report_builder
from diagnose.model import Crash, Evidence, Report, Target
from diagnose.model.events import Concluded, Sink
from diagnose.model.frozen import frozen
from diagnose.model.view import View
from diagnose.model.visitor import visitor_address
from diagnose.parsers.target import UsageError
from diagnose.processes import parser_process, worker
from diagnose.processes.ssh_session import ssh_connection
from diagnose.processes.worker import Channel, Service
from diagnose.tui.messages import (
    FixOutput,
    HistoryChanges,
    Kind,
    LocalSites,
    MaskedReport,
    RecentTargets,
    RunRequested,
    Services,
)
from diagnose.tui.session import Session

if TYPE_CHECKING:
    from diagnose.cli.demo.faults import Fault
    from diagnose.cli.demo.nginx_site import NginxSite
    from diagnose.cli.fix import Dialog
    from diagnose.machine import Machine
    from diagnose.probes import Options

#: The largest number of targets of earlier runs in the list.
MAX_EARLIER = 20

DiagnosisRunner = Callable[[RunRequested, Sink], Coroutine[Any, Any, Report]]


@frozen
class ScreenServices:
    """The functions with which the command line serves the screen: diagnose, fix, parse a target,
    build a report. `open_machine` opens the server whose sites are listed; `server` is the SSH URL
    of the inspected server. For a recording or a demonstration, no history is kept."""

    run_diagnosis: DiagnosisRunner
    apply_fix: "Callable[[RunRequested, Dialog, bool], Coroutine[Any, Any, int]]"
    parse_target: Callable[[str], Target]
    conclude: Callable[[Evidence, tuple[Crash, ...]], Report]
    open_machine: "Callable[[], AbstractAsyncContextManager[Machine | None]]" = nullcontext
    server: str = ""
    kind: Kind = "site"


def show_targets(request: RunRequest) -> int:
    """Show the screen for the request's targets, or for this server's sites. Return the exit
    status."""

    async def run_diagnosis(requested: RunRequested, sink: Sink) -> Report:
        from diagnose import engine
        from diagnose.net.local import LocalNet

        options = requested_options(request.options, requested)
        async with open_machine(options) as machine:
            return await engine.run(requested.target, options, LocalNet(), sink, machine)

    async def apply_fix(requested: RunRequested, dialog: "Dialog", undo: bool) -> int:
        from diagnose.cli import fix

        options = requested_options(request.options, requested)
        run_request = replace(request, targets=(requested.target,), options=options)
        return await fix.execute(FixRequest(run_request, "undo" if undo else "fix"), dialog)

    services = ScreenServices(
        run_diagnosis,
        apply_fix,
        request.parse_target,
        report_builder(request.options),
        lambda: open_machine(request.options),
        request.options.server or "",
        "part" if request.is_partial else "site",
    )
    return _run_screen(services, request, request.view())


def requested_options(options: "Options", requested: RunRequested) -> "Options":
    """Return the options of a run that the screen requests."""
    options = replace(options, only=requested.only or options.only)
    if not requested.server:
        return options
    return replace(options, server=requested.server, inside=True)


def show_recording(report: Report, request: RunRequest, view: View) -> int:
    """Show a recording. It can be read but not fixed."""

    async def run_diagnosis(requested: RunRequested, sink: Sink) -> Report:
        sink(Concluded(report))
        return report

    return _show_single(run_diagnosis, "recording", request, view)


def show_embedded_demo(request: RunRequest, faults: "Sequence[Fault]") -> int:
    """Show the demonstration's little servers. They have no inside that could be fixed."""
    from diagnose.cli.demo import embedded

    faults_by_path = {embedded.target_of(fault).path: fault for fault in faults}

    async def run_diagnosis(requested: RunRequested, sink: Sink) -> Report:
        return await embedded.run(sink, faults_by_path[requested.target.path])

    return _show_single(run_diagnosis, "demo", request, request.view())


def show_demo_sites(request: RunRequest, sites: "Sequence[NginxSite]") -> int:
    """Show the demonstration's sites, whose nginx can be looked into and fixed."""
    sites_by_port = {site.files.port: site for site in sites}

    async def run_diagnosis(requested: RunRequested, sink: Sink) -> Report:
        return await sites_by_port[requested.target.port].run(sink, requested.only)

    async def apply_fix(requested: RunRequested, dialog: "Dialog", undo: bool) -> int:
        from diagnose.cli import fix
        from diagnose.model.events import null_sink

        site = sites_by_port[requested.target.port]
        if undo:
            return await fix.undo(site.machine, dialog)
        return await fix.fix(site.machine, lambda: site.run(null_sink), dialog)

    services = ScreenServices(
        run_diagnosis, apply_fix, _refuse, report_builder(request.options), kind="demo-server"
    )
    return _run_screen(services, request, request.view())


def _show_single(
    run_diagnosis: DiagnosisRunner, kind: Kind, request: RunRequest, view: View
) -> int:
    """Show a single report that cannot be fixed, without other targets."""
    services = ScreenServices(
        run_diagnosis, _refuse, _refuse, report_builder(request.options), kind=kind
    )
    return _run_screen(services, request, view)


def _refuse(*_: object) -> NoReturn:
    raise UsageError("There is no other target here.")


def _run_screen(services: ScreenServices, request: RunRequest, view: View) -> int:
    """Show the screen, and afterwards print the reports that remain. Return the exit status."""
    _prepare_environment(request.output.color)
    executor = worker.start_executor(
        worker_services(services), frozenset({"mend"}), parser_process.start
    )
    tui_services = Services(executor, services.parse_target, server_url, services.kind)
    sessions = [Session(target, tui_services).start() for target in request.targets]

    from diagnose.tui.main import run_screen

    try:
        output = request.output
        screen_result = run_screen(
            sessions, tui_services, view, output.mouse, dict(output.keys), output.inline
        )
    finally:
        executor.close()
    with contextlib.suppress(OSError, ValueError, termios.error):
        # Discard late responses of the terminal, so that the shell does not read them as input.
        termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)
    report_views = () if tui.in_browser() else screen_result.reports
    write_views(report_views, "text")
    note_crashes([report for report, _ in report_views], view.lang)
    return screen_result.status or max(
        (exit_status(report) for report, _ in report_views), default=0
    )


def _prepare_environment(color: str) -> None:
    """Set the variables that Textual reads when it is imported, and the handling of SIGHUP."""
    os.environ.update(tui.textual_environment(bool(ssh_connection())))
    # Without its terminal the screen is useless, even if nohup(1) made us ignore SIGHUP.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    if color == "never":
        os.environ["NO_COLOR"] = "1"
    elif os.environ.get("NO_COLOR") == "":
        del os.environ["NO_COLOR"]


def worker_services(services: ScreenServices) -> dict[str, Service]:
    """Return the services for the screen's `Services`, by name."""

    async def run(channel: Channel, requested: RunRequested) -> None:
        report = await services.run_diagnosis(requested, channel.tell)
        # The result for one visitor is not the state of the site.
        is_partial = requested.only or visitor_address(report.evidence)
        if not (report.interrupted or is_partial or services.kind != "site"):
            await asyncio.to_thread(
                _record_run, report, requested.server or services.server, channel
            )

    async def apply_fix(channel: Channel, requested: RunRequested, undo: bool, view: View) -> None:
        from diagnose.cli.fix import Dialog

        dialog = Dialog(view, lambda text: channel.tell(FixOutput(text)), channel.ask, folds=True)
        await services.apply_fix(requested, dialog, undo)

    async def mask(channel: Channel, report: Report, view: View) -> None:
        from diagnose.recording import redaction

        channel.tell(MaskedReport(*redaction.masked_report(report, view, services.conclude)))

    async def sites(channel: Channel) -> None:
        server_sites = await _server_sites(services)
        channel.tell(LocalSites(tuple(server_sites)))
        await asyncio.to_thread(
            _send_earlier_targets, services, {site.url for site in server_sites}, channel
        )

    return {"run": run, "mend": apply_fix, "mask": mask, "sites": sites}


def _record_run(report: Report, server: str, channel: Channel) -> None:
    """Send the changes since the target was last healthy, and add this run to the history."""
    from diagnose import history

    path, url = history.history_path(), report.evidence.target.url
    channel.tell(
        HistoryChanges(history.changes_since_healthy(history.load_entries(path), url, report))
    )
    history.append_entry(path, history.make_entry(report, server))


async def _server_sites(services: ScreenServices) -> list[Target]:
    """Return the sites that the server's nginx serves. A run finds their WebSockets itself."""
    from diagnose.probes.inside.site_discovery import find_sites

    async with services.open_machine() as machine:
        discovered = () if machine is None else await find_sites(machine)
    return list(_parse_targets(services, ((site.url, ()) for site in discovered)))


def _send_earlier_targets(
    services: ScreenServices, listed_urls: set[str], channel: Channel
) -> None:
    from diagnose import history

    earlier = {
        entry.target: entry
        for entry in history.known_targets(history.load_entries(history.history_path()))
        if entry.target not in listed_urls
    }
    targets = _parse_targets(
        services, ((entry.target, entry.websockets) for entry in earlier.values())
    )
    channel.tell(
        RecentTargets(tuple((target, earlier[target.url]) for target in targets)[:MAX_EARLIER])
    )


def _parse_targets(
    services: ScreenServices, sites: Iterable[tuple[str, tuple[str, ...]]]
) -> Iterable[Target]:
    for url, websockets in sites:
        with contextlib.suppress(UsageError):
            target = services.parse_target(url)
            yield replace(
                target, websockets=tuple(dict.fromkeys((*target.websockets, *websockets)))
            )
