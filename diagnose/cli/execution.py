"""Does a run and turns whatever ends it into an exit status."""

import contextlib
import os
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

from diagnose.cli.help_text import DESCRIPTION
from diagnose.cli.output import (
    announce_publication,
    event_sink,
    note_failure,
    reports_status,
    write,
    write_after_events,
    write_document,
    write_note,
    written_documents,
)
from diagnose.cli.parser import words_language
from diagnose.cli.request import RunRequest
from diagnose.i18n import SOURCE_LANGUAGE
from diagnose.outputs.terminal import sanitize, terminal_columns
from diagnose.parsers.target import NamelessMessageError, UsageError
from diagnose.processes import interrupts

if TYPE_CHECKING:
    from diagnose.history.baseline import Document
    from diagnose.model import Report
    from diagnose.model.view import View

USAGE, BUG, INTERRUPTED = 64, 70, 130


def execute(request: RunRequest, arguments: list[str]) -> int:
    """Do a run whose arguments are parsed already, and return the exit status. Raise nothing."""
    return guarded(arguments, lambda: diagnose(request))


def guarded(arguments: list[str], work: Callable[[], int]) -> int:
    """Do the work of these arguments, and return the exit status. Raise nothing."""
    status = _status(arguments, work)
    return _as_promised(arguments, status)


def end_interrupted(arguments: list[str]) -> int:
    """Write what is due after Ctrl-C outside of `guarded`, unless something is written already.
    Return the exit status. Raise nothing."""
    return _as_promised(arguments, _report_interruption(arguments, written=0))


def _as_promised(arguments: list[str], status: int) -> int:
    """Return the exit status as the format has it."""
    if not _names_format(arguments, "nagios"):
        return status
    from diagnose.outputs.nagios import plugin_status

    return plugin_status(status)


def _status(arguments: list[str], work: Callable[[], int]) -> int:
    written = written_documents()
    try:
        return work()
    except NamelessMessageError as error:
        from diagnose.cli.own_sites import with_own_sites

        return _report_failure(arguments, with_own_sites(error, arguments), USAGE)
    except UsageError as error:
        return _report_failure(arguments, str(error), USAGE)
    except BrokenPipeError:
        return 0
    except KeyboardInterrupt:
        return _report_interruption(arguments, written)
    except SystemExit as exit_request:
        return exit_request.code if isinstance(exit_request.code, int) else 0
    except Exception as error:
        if os.environ.get("DIAGNOSE_DEBUG"):
            raise
        return _report_failure(arguments, _fault_text(error, arguments), BUG)


def _fault_text(error: Exception, arguments: list[str]) -> str:
    """Return what went wrong in diagnose itself, and where the report of it is."""
    from diagnose.cli.fault_file import write_fault

    message = f"A fault of diagnose itself: {type(error).__name__}: {error}"
    if path := write_fault(error, arguments):
        return f"{message} ({path} is a report to send; names and addresses may be in it)"
    return f"{message} (DIAGNOSE_DEBUG=1 shows where)"


def _report_failure(arguments: list[str], message: str, status: int) -> int:
    """Write one line to stderr. With --json, also write a document to stdout; with --nagios, write
    to stdout alone: Icinga takes both for the output, and shows its first line."""
    message = _translated(arguments, message)
    if _names_format(arguments, "nagios"):
        from diagnose.outputs.nagios import failure_text

        with contextlib.suppress(OSError, ValueError, UsageError):
            write(failure_text(message))
        return status
    write_note(f"diagnose: {sanitize(message)}\n")
    if _names_format(arguments, "json") or _names_format(arguments, "jsonl"):
        from diagnose.outputs.json import failure_document
        from diagnose.recording.codec import json_line

        origin = "usage" if status == USAGE else "diagnose"
        with contextlib.suppress(OSError, ValueError):
            write(json_line(failure_document(message, status, origin)), "json")
    return status


def _report_interruption(arguments: list[str], written: int) -> int:
    """Write the reports of runs that Ctrl-C ended before they began: a program that reads the
    output gets its document. `written` is the number of documents written before."""
    interrupts.let_the_next_kill()
    if written_documents() != written:
        return INTERRUPTED
    from diagnose.cli.interruption import write_interrupted

    # Nothing more can be done about a closed or full stdout.
    with contextlib.suppress(OSError, ValueError, UsageError):
        write_interrupted(arguments)
    return INTERRUPTED


def _translated(arguments: list[str], message: str) -> str:
    lang = words_language(arguments)
    if lang == SOURCE_LANGUAGE:
        return message
    from diagnose.i18n.command_line import translate_error

    return translate_error(message, lang)


def _names_format(arguments: list[str], name: str) -> bool:
    """Return whether the arguments, which may be invalid, ask for an output format."""
    is_option = f"--{name}" in arguments or f"--format={name}" in arguments
    return is_option or ("--format", name) in pairwise(arguments)


def _discover(request: RunRequest) -> int:
    """Write the targets for Zabbix, without a diagnosis."""
    from diagnose.outputs.zabbix_lld import render_targets

    if request.output.redact:
        raise UsageError("--redact masks names, and zabbix-lld is a list of names.")
    write_document(render_targets(request.targets), request)
    return 0


def _explain_missing_target(request: RunRequest) -> None:
    """Write the commands that ask for this server's sites, or else what a target is."""
    from diagnose.i18n.command_line import translate_error, translate_help

    lang = request.output.language
    if commands := _commands_of_own_sites(request):
        missing = translate_error("A TARGET is missing. This server has:", lang)
        write_note("\n".join((missing, *commands, "")))
        return
    from diagnose.cli.help_layout import lay_out

    missing = translate_error("A TARGET is missing. See diagnose --help.", lang)
    lines = lay_out(translate_help(DESCRIPTION, lang), terminal_columns())
    write_note("\n".join((*lines, "", missing, "")))


def _commands_of_own_sites(request: RunRequest) -> list[str]:
    if request.options.server or request.options.inside is False:
        return []
    import shlex  # few command lines lack the target

    from diagnose.cli.own_sites import own_sites

    return [f"  diagnose {sanitize(shlex.quote(url))}" for url in own_sites()]


def diagnose(request: RunRequest) -> int:
    """Diagnose the targets of a request, write the reports and return the exit status."""
    if not request.targets:
        if request.output.format != "nagios":
            _explain_missing_target(request)
        if request.output.format in {"json", "jsonl", "nagios"}:
            raise UsageError("A TARGET is missing.")
        return USAGE
    if request.output.format == "zabbix-lld":
        return _discover(request)
    if request.is_plan:
        from diagnose.cli.probe_plan import render_plans

        write(render_plans(request, request.view()))
        return 0
    from diagnose.cli.runs import run_targets  # imports asyncio: not before the fork
    from diagnose.processes.signals import held_back

    view = request.view()

    def run() -> "tuple[list[Report], int]":
        return run_targets(request.targets, request.options, lambda: event_sink(request, view))

    announce_publication(request)
    earlier = _read_baseline(request)
    if request.wait_s is None:
        reports, status = run()
    else:
        from diagnose.cli.waiting import run_until_well

        note = partial(note_failure, request, view)
        reports, status = run_until_well(run, request.wait_s, note)
    if request.is_one_reported:
        from diagnose.cli.own_sites import reports_of_message

        reports = reports_of_message(reports)
    with held_back():
        if earlier:
            _write_comparison(earlier, reports[0], request, view)
        else:
            write_after_events(reports, request, view)
        return status or reports_status(reports, request, view)


def _read_baseline(request: RunRequest) -> "list[Document]":
    """Return the documents of the file of `--baseline`: before anything is sent."""
    if request.baseline is None:
        return []
    from diagnose.cli.baseline import read_baseline

    return read_baseline(request.baseline)


def _write_comparison(
    earlier: "list[Document]", report: "Report", request: RunRequest, view: "View"
) -> None:
    from diagnose.cli import baseline

    is_json = request.output.format == "json"
    render = baseline.render_json if is_json else baseline.render_text
    write_document(render(earlier, report, view), request)
