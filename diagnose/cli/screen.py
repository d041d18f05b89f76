"""Connects the command line with the screen: the services that the screen uses, in a process of
their own if possible, and the reports that are printed after it ends."""

import asyncio
import contextlib
import os
import signal
import sys
import termios
from argparse import Namespace
from collections.abc import Callable, Coroutine, Iterable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from diagnose import tui
from diagnose.cli import request
from diagnose.cli.parser import server_url
from diagnose.model import Crash, Evidence, Report, Target
from diagnose.model.events import Concluded, Sink
from diagnose.model.frozen import frozen
from diagnose.model.view import View
from diagnose.model.visitor import visitor_address
from diagnose.parsers.target import UsageError, parse_target
from diagnose.processes import worker
from diagnose.processes.worker import Channel, Service
from diagnose.tui.messages import (
    FixOutput,
    HistoryChanges,
    Kind,
    LocalSites,
    MaskedReport,
    RecentTargets,
    RunRequest,
    Services,
)
from diagnose.tui.session import Session

if TYPE_CHECKING:
    from diagnose.cli.fix import Dialog
    from diagnose.machine import Machine
    from diagnose.tui.main import ScreenResult

#: The largest number of targets of earlier runs in the list.
MAX_EARLIER = 20

DiagnosisRunner = Callable[[RunRequest, Sink], Coroutine[Any, Any, Report]]


@frozen
class ScreenServices:
    """The functions with which the command line serves the screen: diagnose, fix, parse a target,
    build a report. `open_machine` opens the server whose sites are listed; `server` is the SSH URL
    of the inspected server. For a recording or a demonstration, no history is kept."""

    run_diagnosis: DiagnosisRunner
    apply_fix: "Callable[[RunRequest, Dialog, bool], Coroutine[Any, Any, int]]"
    parse_target: Callable[[str], Target]
    conclude: Callable[[Evidence, tuple[Crash, ...]], Report]
    open_machine: "Callable[[], AbstractAsyncContextManager[Machine | None]]" = nullcontext
    server: str = ""
    kind: Kind = "site"


def show_targets(options: Namespace) -> "ScreenResult":
    """Show the screen for the given targets, or for this server's sites. Return what to print after
    it ends."""
    targets = request.targets(options) if options.words else []
    request.check_options(options)
    is_partial = options.outside or options.only or options.skip

    async def run_diagnosis(run_request: RunRequest, sink: Sink) -> Report:
        from diagnose.engine import run
        from diagnose.net.local import LocalNet

        run_options = _request_options(options, run_request)
        async with request.open_machine(run_options) as door:
            return await run(
                run_request.target, request.probe_options(run_options), LocalNet(), sink, door
            )

    async def apply_fix(run_request: RunRequest, dialog: "Dialog", undo: bool) -> int:
        run_options = _request_options(options, run_request, undo=undo, resume=False)
        return await request.apply_fix(run_options, [run_request.target], dialog)

    ws, view = tuple(options.ws), request.view(options)
    services = ScreenServices(
        run_diagnosis,
        apply_fix,
        lambda text: parse_target(text, ws, view.lang),
        request.report_builder(options),
        lambda: request.open_machine(options),
        options.server or "",
        "part" if is_partial else "site",
    )
    return _run_screen(targets, services, view, options)


def _request_options(options: Namespace, run_request: RunRequest, **overrides: object) -> Namespace:
    """Return the options for a run that the screen requests."""
    changed_options: dict[str, object] = {"only": run_request.only or options.only}
    if run_request.server:
        changed_options |= {"server": run_request.server, "outside": False}
    return Namespace(**{**vars(options), **changed_options, **overrides})


def show_recording(report: Report, options: Namespace, view: View) -> "ScreenResult":
    """Show a recording. It can be read but not fixed."""

    async def run_diagnosis(run_request: RunRequest, sink: Sink) -> Report:
        sink(Concluded(report))
        return report

    return _show_single(report.evidence.target, run_diagnosis, "recording", options, view)


def show_demo(options: Namespace, view: View) -> "ScreenResult":
    from diagnose.cli import demo

    async def run_diagnosis(run_request: RunRequest, sink: Sink) -> Report:
        return await demo.run(sink)

    return _show_single(demo.TARGET, run_diagnosis, "demo", options, view)


def _show_single(
    target: Target, run_diagnosis: DiagnosisRunner, kind: Kind, options: Namespace, view: View
) -> "ScreenResult":
    """Show a single report that cannot be fixed, without other targets."""

    def refuse(*_: object) -> Any:
        raise UsageError("There is no other target here.")

    services = ScreenServices(
        run_diagnosis, refuse, refuse, request.report_builder(options), kind=kind
    )
    return _run_screen([target], services, view, options)


def _run_screen(
    targets: list[Target], services: ScreenServices, view: View, options: Namespace
) -> "ScreenResult":
    os.environ.update(tui.textual_environment())
    # Without its terminal the screen is useless, even if nohup(1) made us ignore SIGHUP.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    if options.color == "never":
        os.environ["NO_COLOR"] = "1"
    elif os.environ.get("NO_COLOR") == "":
        del os.environ["NO_COLOR"]
    executor = worker.start_executor(
        worker_services(services), frozenset({"mend"}), request.start_parser_process
    )
    tui_services = Services(executor, services.parse_target, server_url, services.kind)
    sessions = [Session(target, tui_services).start() for target in targets]

    from diagnose.tui.main import run_screen

    try:
        screen_result = run_screen(sessions, tui_services, view, options.mouse)
    finally:
        executor.close()
    with contextlib.suppress(OSError, ValueError, termios.error):
        # Discard late responses of the terminal, so that the shell does not read them as input.
        termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)
    return replace(screen_result, reports=()) if tui.in_browser() else screen_result


def worker_services(services: ScreenServices) -> dict[str, Service]:
    """Return the services for the screen's `Services`, by name."""

    async def run(channel: Channel, run_request: RunRequest) -> None:
        report = await services.run_diagnosis(run_request, channel.tell)
        # The result for one visitor is not the state of the site.
        is_partial = run_request.only or visitor_address(report.evidence)
        if not (report.interrupted or is_partial or services.kind in {"demo", "recording"}):
            await asyncio.to_thread(
                _record_run, report, run_request.server or services.server, channel
            )

    async def apply_fix(channel: Channel, run_request: RunRequest, undo: bool, view: View) -> None:
        from diagnose.cli.fix import Dialog

        dialog = Dialog(view, lambda text: channel.tell(FixOutput(text)), channel.ask)
        await services.apply_fix(run_request, dialog, undo)

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
