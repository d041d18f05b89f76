"""Writes reports to stdout, and notes to stderr."""

import contextlib
import io
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from diagnose.cli.request import RunRequest
from diagnose.model import Report
from diagnose.model.view import View
from diagnose.outputs.terminal import terminal_charset
from diagnose.parsers.target import UsageError

if TYPE_CHECKING:
    from diagnose.model.events import Sink


_written = 0


def written_documents() -> int:
    """Return how many texts went to stdout or into the file of the reports, even if only in
    part."""
    return _written


def write(text: str, output_format: str = "text") -> None:
    """Write to stdout: data formats always in UTF-8; text in the terminal's encoding, with "?" for
    characters that it lacks. A closed pipe (`| head`) is not an error. Raise UsageError if stdout
    cannot be written for another reason."""
    if output_format not in {"text", "plain", "nagios"}:
        # json.dumps keeps lone surrogates; write them as JSON escapes.
        data = text.encode("utf-8", "backslashreplace")
    else:
        data = text.encode(sys.stdout.encoding or "utf-8", "replace")
    _write_bytes(data)


def _write_bytes(data: bytes) -> None:
    global _written
    _written += 1
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


def use_terminal_charset() -> None:
    """Let stdout and stderr write in the character set that the locale names. Python does so only
    if that locale is installed."""
    charset = terminal_charset()
    if charset in {"", "utf-8", "ascii"} or os.environ.get("PYTHONIOENCODING"):
        return
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.encoding != charset:
            stream.reconfigure(encoding=charset, errors="replace")


def write_if_possible(text: str) -> None:
    """Write text, but let the fix continue if nobody can read it."""
    # EIO: the terminal is gone; ENOSPC: the disk is full.
    with contextlib.suppress(UsageError):
        write(text)


def write_note(text: str) -> None:
    """Write to stderr, if that is possible."""
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(text)
        sys.stderr.flush()


def note_failure(
    request: RunRequest, view: View, reports: Sequence[Report], seconds_left: float
) -> None:
    """Note on stderr what does not work yet, and how long it is still waited for."""
    from diagnose.checking.verdicts import verdict
    from diagnose.i18n.reports import translate
    from diagnose.outputs.document import single_line
    from diagnose.outputs.verdict_text import verdict_sentence

    if request.output.verbosity < 0:
        return
    worst = max(reports, key=lambda report: verdict(report).exit_status)
    sentence = single_line(verdict_sentence(worst, view.lang))
    text = translate("not-yet", view.lang, sentence=sentence, seconds=round(seconds_left))
    write_note(f"{text}\n")


def announce_publication(request: RunRequest) -> None:
    """Say on stderr what becomes public, before anything is sent (`--vantage globalping`)."""
    if "globalping" not in request.options.vantages:
        return
    from diagnose.i18n.reports import translate
    from diagnose.outputs.terminal import sanitize
    from diagnose.parsers.globalping import published_facts

    urls = ", ".join(map(published_facts, request.targets))
    text = translate("globalping.public", request.output.language, urls=urls)
    write_note(f"{sanitize(text)}\n")


def save(path: str, text: str) -> None:
    """Write a file; "-" is stdout. Raise UsageError if that fails."""
    save_bytes(path, text.encode("utf-8", "backslashreplace"))


def save_bytes(path: str, data: bytes) -> None:
    """Write a file as `save` does."""
    if path == "-":
        _write_bytes(data)
        return
    try:
        Path(path).write_bytes(data)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}.") from None


def event_sink(request: RunRequest, view: View) -> "Sink":
    """Return the sink for the events of one run: a stream of JSON lines, progress, or nothing."""
    if request.output.format == "jsonl" and not request.output.path:
        return _json_lines(request, view)
    is_terminal = sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"
    if is_terminal and request.output.verbosity >= 0:
        from diagnose.outputs.progress import ProgressLine
        from diagnose.outputs.terminal import terminal_columns

        return ProgressLine(view.lang, write_note, request.options.idle, terminal_columns())
    from diagnose.model.events import null_sink

    return null_sink


def _json_lines(request: RunRequest, view: View) -> "Sink":
    from diagnose.outputs import jsonl

    def make_sink(view: View) -> "Sink":
        return jsonl.sink(view, lambda text: write(text, "jsonl"))

    if not request.output.redact:
        return make_sink(view)
    from diagnose.cli.runs import report_builder
    from diagnose.recording import redaction

    return redaction.sink(view, make_sink, report_builder(request.options))


def write_after_events(reports: Iterable[Report], request: RunRequest, view: View) -> None:
    """Write the reports of runs, unless `event_sink` has already written them as JSON lines."""
    if request.output.format != "jsonl" or request.output.path:
        write_reports(reports, request, view)


def write_reports(reports: Iterable[Report], request: RunRequest, view: View) -> None:
    """Write the reports of a request's runs, masked if it says so."""
    report_views = [(report, view) for report in reports]
    if request.output.redact:
        from diagnose.cli.runs import report_builder
        from diagnose.recording import redaction

        build_report = report_builder(request.options)
        report_views = [
            redaction.masked_report(report, view, build_report) for report, view in report_views
        ]
    report_views = _in_each_language(report_views, request.output.also_lang)
    output_format = request.output.format or "text"
    if request.output.path:
        _write_file(request.output.path, report_views, output_format)
    else:
        write_views(report_views, output_format)
    if output_format != "nagios":  # whose stderr is output too
        note_crashes([report for report, _ in report_views], view.lang)


def note_crashes(reports: Iterable[Report], lang: str) -> None:
    """Say on stderr where a report of our own faults in these runs is, if there are any."""
    crashes = [crash for report in reports for crash in report.crashes]
    if crashes:
        from diagnose.cli.fault_file import write_crashes
        from diagnose.i18n.reports import translate

        if path := write_crashes(crashes, sys.argv[1:]):
            write_note(f"{translate('fault-report', lang, path=path)}\n")


def _in_each_language(
    report_views: Sequence[tuple[Report, View]], also_lang: str | None
) -> list[tuple[Report, View]]:
    """Return each report for its reader, followed by the same for the readers of `also_lang`."""
    return [
        (report, replace(view, lang=lang))
        for report, view in report_views
        for lang in dict.fromkeys((view.lang, also_lang or view.lang))
    ]


def write_document(text: str, request: RunRequest) -> None:
    """Write a document that is no report to where the reports would go."""
    if request.output.path:
        _replace(request.output.path, text)
    else:
        write(text, request.output.format or "text")


def _write_file(path: str, report_views: Sequence[tuple[Report, View]], output_format: str) -> None:
    if output_format == "jsonl":
        from diagnose.outputs.jsonl import render_stream

        texts = [render_stream(report, view) for report, view in report_views]
    else:
        texts = list(_texts(report_views, output_format))
    _replace(path, "".join(texts))


def _replace(path: str, text: str) -> None:
    """Replace a file in one step. Raise UsageError if that fails."""
    from diagnose.cli.atomic_file import replace_file

    global _written
    _written += 1
    try:
        replace_file(path, text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}.") from None


def reports_status(reports: Sequence[Report], request: RunRequest, view: View) -> int:
    """Return the exit status of a process that ends with these reports, with a plugin's
    thresholds."""
    from diagnose.checking.verdicts import exit_status

    if request.output.format == "nagios":
        from diagnose.outputs.nagios import plugin_state

        return max(plugin_state(report, view) for report in reports)
    return max(exit_status(report) for report in reports)


def write_views(report_views: Sequence[tuple[Report, View]], output_format: str) -> None:
    """Write the reports one after another, or all in one document, each for its view."""
    for text in _texts(report_views, output_format):
        write(text, output_format)


def _texts(report_views: Sequence[tuple[Report, View]], output_format: str) -> Iterator[str]:
    from diagnose.outputs import document_writer, writer

    if render_all := document_writer(output_format):
        yield render_all(report_views)
        return
    render = writer(output_format)
    for number, (report, view) in enumerate(report_views):
        gap = "\n" if number and output_format in {"text", "markdown"} else ""
        yield gap + render(report, view)
