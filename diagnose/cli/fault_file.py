"""What a fault of diagnose itself leaves behind: a report of it, filled in, so that nobody has to
provoke it a second time."""

import os
import platform
import traceback
from collections.abc import Iterable, Iterator

from diagnose._version import VERSION
from diagnose.cli.help_text import COMMANDS
from diagnose.history.store import history_path, make_folder
from diagnose.model import Crash

MAX_LENGTH = 64 * 1024


def write_fault(error: BaseException, arguments: list[str]) -> str:
    """Write a report of what ended the program. Return its path, "" if it cannot be written."""
    trace = "".join(traceback.format_exception(error))
    return _write(type(error).__name__, [trace], arguments)


def write_crashes(crashes: Iterable[Crash], arguments: list[str]) -> str:
    """Write a report of the faults that runs went on without. Return as `write_fault` does; "" also
    if no traceback is known."""
    traces = {crash.where: crash.trace for crash in crashes if crash.trace}
    texts = [f"{place}:\n{trace}" for place, trace in traces.items()]
    return _write(", ".join(traces), texts, arguments) if texts else ""


def _write(subject: str, traces: Iterable[str], arguments: list[str]) -> str:
    """Write a report into a file beside the history, which only this user may read, in the place of
    the report before: the options, the versions, the terminal, the tracebacks."""
    text = "\n".join(_report_lines(subject, "\n".join(traces), arguments)) + "\n"
    path = history_path().with_name("fault.txt")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    try:
        make_folder(path)
        with os.fdopen(
            os.open(path, flags, 0o600), "w", encoding="utf-8", errors="replace"
        ) as file:
            file.write(text)
    except OSError:
        return ""
    return str(path)


def _report_lines(subject: str, trace: str, arguments: list[str]) -> Iterator[str]:
    """Yield the lines of a report. Of the command only the options are named: their values are
    names, addresses and secrets."""
    command = [word for word in arguments[:1] if word in COMMANDS]
    options = [word.partition("=")[0] for word in arguments if word.startswith("-")]
    variables = [f"{name}={os.environ.get(name, '')}" for name in ("LANG", "LC_ALL", "TERM")]
    yield f"# {subject} in diagnose {VERSION}"
    yield ""
    yield f"- command: {' '.join(('diagnose', *command, *options))} (values left out)"
    yield f"- Python {platform.python_version()}, {platform.platform()}"
    yield f"- {'root' if os.geteuid() == 0 else 'not root'}, {', '.join(variables)}"
    yield "- what I did, and what I expected:"
    yield ""
    yield "```"
    yield trace[-MAX_LENGTH:].rstrip("\n")
    yield "```"
