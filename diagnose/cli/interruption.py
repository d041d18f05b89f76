"""What is written after Ctrl-C while the program still loads: the reports of runs that have not
begun, for a program that reads the output."""

import signal

from diagnose.checking.conclusion import not_begun
from diagnose.cli.help_text import COMMANDS
from diagnose.cli.output import event_sink, write, write_reports
from diagnose.cli.parser import words_language
from diagnose.cli.request import RunRequest
from diagnose.cli.request_parser import parse_run
from diagnose.i18n.reports import translate
from diagnose.model.events import Concluded, Started
from diagnose.outputs.json import failure_document
from diagnose.parsers.target import UsageError
from diagnose.processes.signals import EXIT_SIGINT
from diagnose.recording.codec import json_line

#: Formats for people, who have pressed Ctrl-C and want no report of nothing; and a list of targets.
_WITHOUT_REPORT = {None, "text", "plain", "markdown", "html", "zabbix-lld"}


def write_interrupted(arguments: list[str]) -> None:
    """Write a report for each target of these arguments; of a command of its own, the document of
    a run that did not take place. Nothing, if a person reads the output. Raise UsageError if it
    cannot be written."""
    request = _request(arguments)
    if request is None:
        if "--json" in arguments:
            message = translate("interrupted", words_language(arguments))
            write(json_line(failure_document(message, EXIT_SIGINT, "diagnose")), "json")
        return
    if request.is_plan or request.output.format in _WITHOUT_REPORT:
        return
    options = request.options
    reports = [
        not_begun(target, options.scope, options.ignores, signal.SIGINT)
        for target in request.targets
    ]
    if request.output.format == "jsonl" and not request.output.path:
        for report in reports:
            sink = event_sink(request, request.view())
            for event in (
                Started(report.evidence.target, report.evidence.scope),
                Concluded(report),
            ):
                sink(event)
        return
    write_reports(reports, request, request.view())


def _request(arguments: list[str]) -> RunRequest | None:
    """Return what is to be diagnosed; None if it is something else, or if nothing is named."""
    if arguments[:1] and arguments[0] in COMMANDS:
        return None
    try:
        request = parse_run(arguments)
    except (UsageError, SystemExit):
        return None
    return request if isinstance(request, RunRequest) and request.targets else None
