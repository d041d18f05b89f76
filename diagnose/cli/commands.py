"""The commands besides `diagnose TARGET`. Each takes its words and returns the exit status."""

import os
import sys
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from diagnose.cli.output import (
    announce_publication,
    event_sink,
    reports_status,
    save,
    save_bytes,
    write,
    write_after_events,
    write_if_possible,
    write_note,
    write_reports,
)
from diagnose.cli.request import DemoRequest, RunRequest
from diagnose.cli.request_parser import (
    parse_bundle,
    parse_demo,
    parse_explain,
    parse_fix,
    parse_fleet,
    parse_list,
    parse_mcp,
    parse_output,
    parse_record,
    parse_replay,
    parse_serve,
    parse_watch,
    parse_web,
    parse_worker,
)
from diagnose.cli.schemas import lines_schema
from diagnose.i18n.reports import translate
from diagnose.parsers.target import UsageError, suggestion

if TYPE_CHECKING:
    from diagnose.cli.demo.faults import Fault
    from diagnose.cli.demo.nginx_site import NginxSite
    from diagnose.model import Report
    from diagnose.model.events import Sink


def _explain(words: Sequence[str]) -> int:
    from diagnose.checking import registry
    from diagnose.outputs import check_page

    request = parse_explain(words)
    for check_id in request.check_ids:
        if check_id not in registry.check_ids():
            hint = suggestion(check_id, registry.check_ids()) or " See diagnose list."
            if registry.layer_checks(check_id):
                hint = f" It is a layer: diagnose list {check_id} names its checks."
            raise UsageError(f"There is no check {check_id!r}.{hint}")
    view = request.output.view()
    write("\n".join(check_page.render(check_id, view) for check_id in request.check_ids))
    return 0


def _list(words: Sequence[str]) -> int:
    from diagnose.outputs import check_page

    request = parse_list(words)
    view = request.output.view()
    write(check_page.render_list(view, sys.stdout.isatty(), request.layers))
    return 0


def _record(words: Sequence[str]) -> int:
    from diagnose.checking.verdicts import exit_status
    from diagnose.cli.runs import run_targets
    from diagnose.model.events import null_sink
    from diagnose.recording.redaction import masked_recording

    request = parse_record(words)
    announce_publication(request.run)
    (report,), status = run_targets(request.run.targets, request.run.options, lambda: null_sink)
    save(request.path, masked_recording(report.evidence, os.geteuid() == 0))
    count = len(report.evidence.observations)
    lang = request.run.view().lang
    write_note(translate("recorded", lang, path=str(request.path), count=count) + "\n")
    return status or exit_status(report)


def _bundle(words: Sequence[str]) -> int:
    from diagnose.checking.verdicts import exit_status
    from diagnose.cli.bundle import bundle
    from diagnose.cli.runs import report_builder, run_targets

    request = parse_bundle(words)
    run, view = request.run, request.run.view()
    (report,), status = run_targets(run.targets, run.options, lambda: event_sink(run, view))
    save_bytes(request.path, bundle(report, view, report_builder(run.options)))
    write_note(translate("bundled", view.lang, path=str(request.path)) + "\n")
    return status or exit_status(report)


def _replay(words: Sequence[str]) -> int:
    from diagnose.checking.conclusion import conclude
    from diagnose.probes import Options
    from diagnose.recording.codec import decode, read_recording

    replay = parse_replay(words)
    recording = decode(read_recording(replay.path))
    observations = recording.evidence.observations
    options = Options(ignores=replay.ignores)
    report = replace(
        conclude(recording.evidence, replay.ignores),
        duration=max((observation.at for observation in observations), default=0.0),
    )
    request = RunRequest((recording.evidence.target,), options, replay.output)
    view = replace(request.view(), hostname=recording.hostname, privileged=recording.privileged)
    if request.output.wants_screen():
        from diagnose.cli import screen

        return screen.show_recording(report, request, view)
    write_reports([report], request, view)
    return reports_status([report], request, view)


def _fix(words: Sequence[str]) -> int:
    import asyncio
    import signal

    from diagnose.cli import fix

    request = parse_fix(words)
    is_unattended = request.yes or request.dry_run
    if not (is_unattended or (sys.stdin.isatty() and sys.stdout.isatty())):
        raise UsageError(
            "Nothing was done: there is no terminal on which to ask. With --yes it is done without "
            "a question; with --dry-run it is only shown."
        )
    ask = None if is_unattended else _ask
    dialog = fix.Dialog(request.run.view(), write_if_possible, ask, request.dry_run)
    # The fix itself may cut the connection of this terminal. It must finish in any case.
    signal.signal(signal.SIGHUP, lambda *_: None)
    return asyncio.run(fix.execute(request, dialog))


def _ask(question: str) -> bool:
    try:
        return input(f"{question} [y/N] ").strip().lower() in {"y", "yes", "是"}
    except (EOFError, OSError):
        return False


def _demo(words: Sequence[str]) -> int:
    from diagnose.cli import demo

    request = parse_demo(words)
    view = request.output.view()
    if request.lists:
        write(demo.list_text(view))
        return 0
    fault = demo.find_fault(request.fault) if request.fault else None
    from diagnose.cli.demo.nginx_site import nginx_sites

    is_screen = request.output.wants_screen()
    fault_names = demo.FAULTS if is_screen else (demo.DEFAULT_FAULT,)
    faults = (fault,) if fault else fault_names
    with nginx_sites(faults) as sites:
        if sites:
            return _show_demo_sites(request, sites, is_screen)
        return _show_embedded_demo(request, faults, is_screen)


def _show_demo_sites(request: DemoRequest, sites: "tuple[NginxSite, ...]", is_screen: bool) -> int:
    targets = tuple(site.target for site in sites)
    run_request = RunRequest(targets, sites[0].options, request.output)
    if not is_screen:
        return _print_demo(run_request, sites[0].run)
    from diagnose.cli import screen

    return screen.show_demo_sites(run_request, sites)


def _show_embedded_demo(request: DemoRequest, faults: "Sequence[Fault]", is_screen: bool) -> int:
    from diagnose.cli.demo import embedded
    from diagnose.probes import Options

    targets = tuple(map(embedded.target_of, faults))
    run_request = RunRequest(targets, Options(), request.output)
    if not is_screen:
        return _print_demo(run_request, lambda sink: embedded.run(sink, faults[0]))
    from diagnose.cli import screen

    return screen.show_embedded_demo(run_request, faults)


def _print_demo(request: RunRequest, run: "Callable[[Sink], Coroutine[Any, Any, Report]]") -> int:
    from diagnose.cli import demo
    from diagnose.cli.runs import run_to_end

    view = request.view()
    is_text = request.output.format in {None, "text"} and request.output.verbosity >= 0
    if is_text:
        write(demo.introduction(request.targets[0], view) + "\n")
    sink = event_sink(request, view)
    reports, status = run_to_end(
        lambda group: group.run_all([run(group.watchdog.record(sink))]), request.options
    )
    write_after_events(reports, request, view)
    if is_text:
        write("\n" + demo.ending(view))
    return status


def _web(words: Sequence[str]) -> int:
    from diagnose import web

    request = parse_web(words)
    arguments = request.run.browser_arguments()
    return web.serve(request.words, arguments, request.port, request.run.output.language)


def _config(words: Sequence[str]) -> int:
    from diagnose.cli import config_command

    write(config_command.render(words))
    return 0


def _keys(words: Sequence[str]) -> int:
    from diagnose.cli import keys_command

    output = parse_output("keys", words)
    write(keys_command.render(output.view(), dict(output.keys)))
    return 0


def _mcp(words: Sequence[str]) -> int:
    from diagnose import agent
    from diagnose.cli.runs import open_machine, report_builder

    request = parse_mcp(words)
    return agent.serve(
        agent.ServerSettings(
            request.output.language, request.masks, request.options, report_builder, open_machine
        )
    )


def _serve(words: Sequence[str]) -> int:
    from diagnose import exporter

    request = parse_serve(words)
    if not request.resident or request.check_only:
        return exporter.serve(request.settings, request.check_only)
    from diagnose.cli.resident.process import resident

    with resident() as path:
        write_note(f"diagnose serve: The resident listens at {path}.\n")
        return exporter.serve(request.settings, check_only=False)


def _fleet(words: Sequence[str]) -> int:
    from diagnose.cli import fleet

    request = parse_fleet(words)
    if request is None:
        write(lines_schema(), "json")
        return 0
    if request.queue is not None:
        from diagnose.cli import queued_fleet

        return queued_fleet.execute(request, request.queue)
    return fleet.execute(request)


def _worker(words: Sequence[str]) -> int:
    from diagnose.cli import worker

    return worker.execute(parse_worker(words))


def _watch(words: Sequence[str]) -> int:
    from diagnose.cli import watch

    return watch.execute(parse_watch(words))


HANDLERS: dict[str, Callable[[Sequence[str]], int]] = {
    "explain": _explain,
    "list": _list,
    "fix": _fix,
    "record": _record,
    "bundle": _bundle,
    "replay": _replay,
    "config": _config,
    "keys": _keys,
    "demo": _demo,
    "serve": _serve,
    "web": _web,
    "mcp": _mcp,
    "fleet": _fleet,
    "worker": _worker,
    "watch": _watch,
}
