"""Parses the command line, starts the command and returns the exit status."""

import contextlib
import os
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from diagnose.cli import request
from diagnose.cli.parser import COMMANDS, DESCRIPTION, build_parser, run_arguments
from diagnose.model import Report, Target
from diagnose.model.view import View
from diagnose.outputs.terminal import choose_language, sanitize
from diagnose.parsers.target import UsageError, suggestion

USAGE, BUG, INTERRUPTED = 64, 70, 130

if TYPE_CHECKING:
    from diagnose.cli.runs import RunGroup
    from diagnose.model.events import Sink
    from diagnose.tui.main import ScreenResult


def main(arguments: list[str], may_fork: bool = False) -> int:
    """Run the command and return its exit status. Raise nothing. `may_fork` is True if this process
    has one thread and belongs to us."""
    try:
        return _main(arguments, may_fork)
    except UsageError as error:
        return _report_failure(arguments, str(error), USAGE)
    except BrokenPipeError:
        return 0
    except KeyboardInterrupt:
        return INTERRUPTED
    except SystemExit as exit_request:
        return exit_request.code if isinstance(exit_request.code, int) else 0
    except Exception as error:
        if os.environ.get("DIAGNOSE_DEBUG"):
            raise
        message = f"A fault of diagnose itself: {type(error).__name__}: {error}"
        return _report_failure(arguments, f"{message} (DIAGNOSE_DEBUG=1 shows where)", BUG)


def exit_now(status: int) -> NoReturn:
    """End the process at once, without waiting for threads that wait for a name server."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)


def _main(arguments: list[str], may_fork: bool) -> int:
    if arguments and arguments[0] in COMMANDS:
        command = arguments[0]
        return _HANDLERS[command](build_parser(command).parse_intermixed_args(arguments[1:]))
    options = build_parser().parse_intermixed_args(arguments)
    if options.version:
        return _version()
    if options.schema:
        return _schema()
    if _wants_screen(options):
        from diagnose.cli import screen

        return _finish_screen(screen.show_targets(options), options)
    if may_fork and options.words and not options.inside:
        request.start_parser_process()
    return _diagnose(options)


def _version() -> int:
    from diagnose._version import VERSION

    _write(f"diagnose {VERSION}\n")
    return 0


def _schema() -> int:
    _write(Path(__file__).parents[1].joinpath("schema", "report-1.json").read_text("utf-8"))
    return 0


def _report_failure(arguments: list[str], message: str, status: int) -> int:
    """Write one line to stderr. With --json, also write a document to stdout."""
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(f"diagnose: {sanitize(message)}\n")
    flags = {
        *arguments,
        *(f"--{after}" for before, after in pairwise(arguments) if before == "--format"),
    }
    if flags & {"--json", "--format=json", "--jsonl", "--format=jsonl"}:
        from diagnose.outputs.json import failure_document
        from diagnose.recording.codec import json_line

        origin = "usage" if status == USAGE else "diagnose"
        with contextlib.suppress(OSError, ValueError):
            _write(json_line(failure_document(message, status, origin)), "json")
    return status


def _diagnose(options: Namespace) -> int:
    if not options.words:
        _write_stderr(DESCRIPTION + "\nA TARGET is missing. See diagnose --help.\n")
        if options.format in {"json", "jsonl"}:
            raise UsageError("A TARGET is missing.")
        return USAGE
    targets = request.targets(options)
    request.check_options(options)
    view, output_format = request.view(options), options.format
    reports, status = _run_targets(targets, options, lambda: _sink(options, view))
    if output_format != "jsonl":
        _print(reports, options, view)
    return status or max(_exit_status(report) for report in reports)


def _wants_screen(options: Namespace) -> bool:
    """Return True on a terminal, unless an option asks for the plain report."""
    if options.format or options.quiet or options.verbose or options.redact:
        return False
    from diagnose import tui

    return tui.is_usable()


def _finish_screen(screen_result: "ScreenResult", options: Namespace) -> int:
    """Print the reports that remain after the screen has ended. Return the exit status."""
    _write_out(screen_result.reports, options)
    return screen_result.status or max(
        (_exit_status(report) for report, _ in screen_result.reports), default=0
    )


def _run_targets(
    targets: list[Target], options: Namespace, sink: "Callable[[], Sink]"
) -> tuple[list[Report], int]:
    """Diagnose all targets concurrently, each with its own sink. Return the reports in the order of
    the targets, and the exit status required by a signal, or 0."""
    from diagnose.cli.runs import run_to_end
    from diagnose.engine import run
    from diagnose.net.local import LocalNet

    probe_options = request.probe_options(options)

    async def run_all(group: "RunGroup") -> list[Report]:
        async with request.open_machine(options) as door:
            return await group.run_all(
                run(target, probe_options, LocalNet(), group.watchdog.record(sink()), door)
                for target in targets
            )

    return run_to_end(run_all, probe_options)


def _sink(options: Namespace, view: View) -> "Sink":
    """Return the sink for the events of one run."""
    if options.format == "jsonl":
        from diagnose.outputs import jsonl

        def make_sink(view: View) -> "Sink":
            return jsonl.sink(view, lambda text: _write(text, "jsonl"))

        if options.redact:
            from diagnose.recording import redaction

            return redaction.sink(view, make_sink, request.report_builder(options))
        return make_sink(view)
    if sys.stderr.isatty() and not options.quiet and os.environ.get("TERM", "dumb") != "dumb":
        from diagnose.outputs import progress

        return progress.sink(view.lang, _write_stderr)
    from diagnose.model.events import null_sink

    return null_sink


def _print(reports: list[Report], options: Namespace, view: View) -> None:
    """Print the reports one after another, or all in one document."""
    report_views = [(report, view) for report in reports]
    if options.redact:
        from diagnose.recording import redaction

        report_views = [
            redaction.masked_report(report, view, request.report_builder(options))
            for report in reports
        ]
    _write_out(report_views, options)


def _write_out(report_views: Sequence[tuple[Report, View]], options: Namespace) -> None:
    from diagnose.outputs import writer

    output_format = options.format or "text"
    if output_format == "json" and len(report_views) > 1:
        from diagnose.outputs.json import document, to_json

        _write(to_json([document(*report_view) for report_view in report_views]), output_format)
        return
    if output_format == "html":
        from diagnose.outputs.html import render_all

        _write(render_all(report_views), output_format)
        return
    render = writer(output_format)
    for number, (report, view) in enumerate(report_views):
        gap = "\n" if number and output_format in {"text", "markdown"} else ""
        _write(gap + render(report, view), output_format)


def _exit_status(report: Report) -> int:
    from diagnose.checking.root_cause import exit_status

    return exit_status(report)


def _write(text: str, output_format: str = "text") -> None:
    """Write to stdout: data formats always in UTF-8; text in the terminal's encoding, with "?" for
    characters that it lacks. A closed pipe (`| head`) is not an error."""
    if output_format in {"json", "jsonl", "markdown", "html"}:
        # json.dumps keeps lone surrogates; write them as JSON escapes.
        data = text.encode("utf-8", "backslashreplace")
    else:
        data = text.encode(sys.stdout.encoding or "utf-8", "replace")
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        _detach_stdout()
    except OSError as error:
        _detach_stdout()
        raise UsageError(f"Standard output: {error.strerror}.") from None


def _detach_stdout() -> None:
    """Redirect stdout to /dev/null, so that the flush at exit does not fail on the closed pipe."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _write_stderr(text: str) -> None:
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(text)
        sys.stderr.flush()


def _explain(options: Namespace) -> int:
    from diagnose.checking import registry
    from diagnose.outputs import check_page

    if not options.words:
        raise UsageError("Which check? diagnose list names them all.")
    for check_id in options.words:
        if check_id not in registry.check_ids():
            hint = suggestion(check_id, registry.check_ids()) or " See diagnose list."
            raise UsageError(f"There is no check {check_id!r}.{hint}")
    view = request.view(options)
    _write("\n".join(check_page.render(check_id, view) for check_id in options.words))
    return 0


def _list(options: Namespace) -> int:
    from diagnose.outputs import check_page

    _write(check_page.render_list(request.view(options)))
    return 0


def _record(options: Namespace) -> int:
    from diagnose.model.events import null_sink
    from diagnose.recording.redaction import masked_recording

    if len(options.words) != 1:
        raise UsageError("Record one target: diagnose record TARGET -o FILE.")
    if not options.output:
        raise UsageError("Where to? diagnose record TARGET -o FILE (- is standard output).")
    targets = request.targets(options)
    request.check_options(options)
    (report,), status = _run_targets(targets, options, lambda: null_sink)
    _save(options.output, masked_recording(report.evidence, os.geteuid() == 0))
    count = len(report.evidence.observations)
    _write_stderr(f"{options.output}: {count} observations, names and addresses masked.\n")
    return status or _exit_status(report)


def _save(path: str, text: str) -> None:
    if path == "-":
        _write(text, "jsonl")
        return
    try:
        Path(path).write_text(text, "utf-8", "backslashreplace")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}.") from None


def _replay(options: Namespace) -> int:
    from dataclasses import replace

    from diagnose.engine import conclude
    from diagnose.recording.codec import decode, read_recording

    if len(options.words) != 1:
        raise UsageError("Replay one recording: diagnose replay FILE.")
    recording = decode(read_recording(options.words[0]))
    observations = recording.evidence.observations
    report = replace(
        conclude(recording.evidence),
        duration=max((observation.at for observation in observations), default=0.0),
    )
    view = replace(
        request.view(options), hostname=recording.hostname, privileged=recording.privileged
    )
    if _wants_screen(options):
        from diagnose.cli import screen

        return _finish_screen(screen.show_recording(report, options, view), options)
    _print([report], options, view)
    return _exit_status(report)


def _fix(options: Namespace) -> int:
    import asyncio
    import signal

    from diagnose.cli import fix

    if not (options.yes or options.dry or (sys.stdin.isatty() and sys.stdout.isatty())):
        raise UsageError("Cannot ask without a terminal: use --yes or --dry-run.")
    if options.outside or options.only or options.skip:
        raise UsageError("A fix has to see everything: leave --outside, --only and --skip out.")
    if len(options.words) != 1 and not (options.undo or options.resume):
        raise UsageError("Fix one target: diagnose fix TARGET.")
    request.check_options(options)
    ask = None if options.yes or options.dry else _ask
    dialog = fix.Dialog(request.view(options), _write_quietly, ask, options.dry)
    targets = request.targets(options) if options.words else []
    # The fix itself may cut the connection of this terminal. It must finish in any case.
    signal.signal(signal.SIGHUP, lambda *_: None)
    return asyncio.run(request.apply_fix(options, targets, dialog))


def _write_quietly(text: str) -> None:
    """Write text, but let the fix continue if nobody can read it."""
    # EIO: the terminal is gone; ENOSPC: the disk is full.
    with contextlib.suppress(UsageError):
        _write(text)


def _ask(question: str) -> bool:
    try:
        return input(f"{question} [y/N] ").strip().lower() in {"y", "yes", "是"}
    except (EOFError, OSError):
        return False


def _demo(options: Namespace) -> int:
    from diagnose.cli import demo
    from diagnose.cli.runs import run_to_end
    from diagnose.probes import Options

    view, output_format = request.view(options), options.format or "text"
    if _wants_screen(options):
        from diagnose.cli import screen

        return _finish_screen(screen.show_demo(options, view), options)
    if output_format == "text" and not options.quiet:
        _write(demo.introduction(view) + "\n")
    sink = _sink(options, view)
    (report,), status = run_to_end(
        lambda group: group.run_all([demo.run(group.watchdog.record(sink))]), Options()
    )
    if output_format != "jsonl":
        _print([report], options, view)
    return status


def _web(options: Namespace) -> int:
    from diagnose import web

    if options.words:
        request.targets(options)
    request.check_options(options)
    return web.serve(
        options.words, run_arguments(options), options.port, choose_language(options.lang)
    )


_HANDLERS: dict[str, Callable[[Namespace], int]] = {
    "explain": _explain,
    "list": _list,
    "fix": _fix,
    "record": _record,
    "replay": _replay,
    "demo": _demo,
    "web": _web,
}
