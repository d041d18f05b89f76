"""Parses the command line, starts the command and returns the exit status."""

import contextlib
import os
import sys
from itertools import pairwise
from pathlib import Path
from typing import Literal, NoReturn

from diagnose.cli.output import (
    announce_publication,
    event_sink,
    write,
    write_after_events,
    write_note,
)
from diagnose.cli.parser import COMMANDS, DESCRIPTION
from diagnose.cli.request import RunRequest, parse_run
from diagnose.outputs.terminal import sanitize
from diagnose.parsers.target import UsageError

USAGE, BUG, INTERRUPTED = 64, 70, 130


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
        from diagnose.cli import commands

        return commands.HANDLERS[arguments[0]](arguments[1:])
    request = parse_run(arguments)
    if isinstance(request, str):
        return _about(request)
    # The screen looks again and again, and what globalping measures is public each time.
    if request.output.wants_screen() and "globalping" not in request.options.vantages:
        from diagnose.cli import screen

        return screen.show_targets(request)
    if may_fork and request.targets and request.options.outside:
        from diagnose.processes import parser_process

        parser_process.start()
    return _diagnose(request)


def _about(topic: Literal["version", "schema"]) -> int:
    if topic == "version":
        from diagnose._version import VERSION

        write(f"diagnose {VERSION}\n")
    else:
        write(Path(__file__).parents[1].joinpath("schema", "report-1.json").read_text("utf-8"))
    return 0


def _report_failure(arguments: list[str], message: str, status: int) -> int:
    """Write one line to stderr. With --json, also write a document to stdout."""
    write_note(f"diagnose: {sanitize(message)}\n")
    flags = {
        *arguments,
        *(f"--{after}" for before, after in pairwise(arguments) if before == "--format"),
    }
    if flags & {"--json", "--format=json", "--jsonl", "--format=jsonl"}:
        from diagnose.outputs.json import failure_document
        from diagnose.recording.codec import json_line

        origin = "usage" if status == USAGE else "diagnose"
        with contextlib.suppress(OSError, ValueError):
            write(json_line(failure_document(message, status, origin)), "json")
    return status


def _diagnose(request: RunRequest) -> int:
    if not request.targets:
        write_note(DESCRIPTION + "\nA TARGET is missing. See diagnose --help.\n")
        if request.output.format in {"json", "jsonl"}:
            raise UsageError("A TARGET is missing.")
        return USAGE
    from diagnose.checking.root_cause import exit_status
    from diagnose.cli.runs import run_targets  # imports asyncio: not before the fork

    view = request.view()
    announce_publication(request)
    reports, status = run_targets(
        request.targets, request.options, lambda: event_sink(request, view)
    )
    write_after_events(reports, request, view)
    return status or max(exit_status(report) for report in reports)
