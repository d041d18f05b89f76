"""Words -> run -> exit status. Nothing is looked at here and nothing is judged."""

import contextlib
import os
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from diagnose.cli import request
from diagnose.cli.parser import COMMANDS, DESCRIPTION, looking, parser
from diagnose.model import Report, Target
from diagnose.model.view import View
from diagnose.outputs.terminal import language, safe
from diagnose.parsers.target import UsageError, suggestion

USAGE, BUG, INTERRUPTED = 64, 70, 130

if TYPE_CHECKING:
    from diagnose.cli.runs import Stop
    from diagnose.model.events import Sink
    from diagnose.tui.main import Left


def main(words: list[str], alone: bool = False) -> int:
    """Do what the words say; the exit status. Raises nothing. `alone`: the process is ours, has
    one thread, and may be forked."""
    try:
        return _main(words, alone)
    except UsageError as error:
        return _failed(words, str(error), USAGE)
    except BrokenPipeError:
        return 0
    except KeyboardInterrupt:
        return INTERRUPTED
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 0
    except Exception as error:
        if os.environ.get("DIAGNOSE_DEBUG"):
            raise
        message = f"A fault of diagnose itself: {type(error).__name__}: {error}"
        return _failed(words, f"{message} (DIAGNOSE_DEBUG=1 shows where)", BUG)


def leave(status: int) -> NoReturn:
    """End the process now: a name server that does not answer holds up nobody at the end."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)


def _main(words: list[str], alone: bool) -> int:
    if words and words[0] in COMMANDS:
        command = words[0]
        return _WORK[command](parser(command).parse_intermixed_args(words[1:]))
    options = parser().parse_intermixed_args(words)
    if options.version:
        return _version()
    if options.schema:
        return _schema()
    if _wants_screen(options):
        from diagnose.cli import screen

        return _left(screen.of_targets(options), options)
    if alone and options.words and not options.inside:
        request.have_company()
    return _diagnose(options)


def _version() -> int:
    from diagnose._version import VERSION

    _write(f"diagnose {VERSION}\n")
    return 0


def _schema() -> int:
    _write(Path(__file__).parents[1].joinpath("schema", "report-1.json").read_text("utf-8"))
    return 0


def _failed(words: list[str], message: str, status: int) -> int:
    """One line on stderr; under --json a document on stdout all the same."""
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(f"diagnose: {safe(message)}\n")
    asked = {
        *words,
        *(f"--{after}" for before, after in pairwise(words) if before == "--format"),
    }
    if asked & {"--json", "--format=json", "--jsonl", "--format=jsonl"}:
        from diagnose.outputs.json import failed
        from diagnose.recording.codec import line

        where = "usage" if status == USAGE else "diagnose"
        with contextlib.suppress(OSError, ValueError):
            _write(line(failed(message, status, where)), "json")
    return status


def _diagnose(options: Namespace) -> int:
    if not options.words:
        _say(DESCRIPTION + "\nA TARGET is missing. See diagnose --help.\n")
        if options.format in {"json", "jsonl"}:
            raise UsageError("A TARGET is missing.")
        return USAGE
    targets = request.targets(options)
    request.check(options)
    view, form = request.view(options), options.format
    reports, status = _look(targets, options, lambda: _sink(options, view))
    if form != "jsonl":
        _print(reports, options, view)
    return status or max(_exit_status(report) for report in reports)


def _wants_screen(options: Namespace) -> bool:
    """On a terminal, unless some form of the plain report was asked for."""
    if options.format or options.quiet or options.verbose or options.redact:
        return False
    from diagnose import tui

    return tui.usable()


def _left(left: "Left", options: Namespace) -> int:
    """What the screen leaves on the terminal; the exit status."""
    _write_out(left.told, options)
    return left.status or max((_exit_status(report) for report, _ in left.told), default=0)


def _look(
    targets: list[Target], options: Namespace, sink: "Callable[[], Sink]"
) -> tuple[list[Report], int]:
    """Look at all targets side by side, each with a sink of its own; the reports in the targets'
    order, and the exit status that a signal asks for, or 0."""
    from diagnose.cli.runs import complete
    from diagnose.engine import run
    from diagnose.net.local import LocalNet

    how = request.how(options)

    async def looked(stop: "Stop") -> list[Report]:
        async with request.door(options) as door:
            return await stop.all(
                run(one, how, LocalNet(), stop.watchdog.remember(sink()), door) for one in targets
            )

    return complete(looked, how)


def _sink(options: Namespace, view: View) -> "Sink":
    """Who is told what happens in one run."""
    if options.format == "jsonl":
        from diagnose.outputs import jsonl

        def made(view: View) -> "Sink":
            return jsonl.sink(view, lambda text: _write(text, "jsonl"))

        if options.redact:
            from diagnose.recording import redaction

            return redaction.sink(view, made, request.judge(options))
        return made(view)
    if sys.stderr.isatty() and not options.quiet and os.environ.get("TERM", "dumb") != "dumb":
        from diagnose.outputs import progress

        return progress.sink(view.lang, _say)
    from diagnose.model.events import nowhere

    return nowhere


def _print(reports: list[Report], options: Namespace, view: View) -> None:
    """The answer: one report after another, or all of them in one document."""
    told = [(report, view) for report in reports]
    if options.redact:
        from diagnose.recording import redaction

        told = [redaction.report(report, view, request.judge(options)) for report in reports]
    _write_out(told, options)


def _write_out(told: Sequence[tuple[Report, View]], options: Namespace) -> None:
    from diagnose.outputs import writer

    form = options.format or "text"
    if form == "json" and len(told) > 1:
        from diagnose.outputs.json import document, written

        _write(written([document(*one) for one in told]), form)
        return
    if form == "html":
        from diagnose.outputs.html import together

        _write(together(told), form)
        return
    render = writer(form)
    for number, (report, seen_by) in enumerate(told):
        gap = "\n" if number and form in {"text", "markdown"} else ""
        _write(gap + render(report, seen_by), form)


def _exit_status(report: Report) -> int:
    from diagnose.checking.root_cause import exit_status

    return exit_status(report)


def _write(text: str, form: str = "text") -> None:
    """To stdout: for programs and for files always in UTF-8, for a person in the terminal's own
    encoding, in which what it lacks becomes a question mark. `| head` is silent."""
    if form in {"json", "jsonl", "markdown", "html"}:
        # A lone surrogate becomes the escape that JSON has for it.
        data = text.encode("utf-8", "backslashreplace")
    else:
        data = text.encode(sys.stdout.encoding or "utf-8", "replace")
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        _leave_stdout()
    except OSError as error:
        _leave_stdout()
        raise UsageError(f"Standard output: {error.strerror}.") from None


def _leave_stdout() -> None:
    """Nobody reads any more. What is written at exit must not complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _say(text: str) -> None:
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(text)
        sys.stderr.flush()


def _explain(options: Namespace) -> int:
    from diagnose.checking import registry
    from diagnose.outputs import check_page

    if not options.words:
        raise UsageError("Which check? diagnose list names them all.")
    for check_id in options.words:
        if check_id not in registry.names():
            hint = suggestion(check_id, registry.names()) or " See diagnose list."
            raise UsageError(f"There is no check {check_id!r}.{hint}")
    view = request.view(options)
    _write("\n".join(check_page.page(check_id, view) for check_id in options.words))
    return 0


def _list(options: Namespace) -> int:
    from diagnose.outputs import check_page

    _write(check_page.listing(request.view(options)))
    return 0


def _record(options: Namespace) -> int:
    from diagnose.model.events import nowhere
    from diagnose.recording.redaction import recorded

    if len(options.words) != 1:
        raise UsageError("Record one target: diagnose record TARGET -o FILE.")
    if not options.output:
        raise UsageError("Where to? diagnose record TARGET -o FILE (- is standard output).")
    targets = request.targets(options)
    request.check(options)
    (report,), status = _look(targets, options, lambda: nowhere)
    _save(options.output, recorded(report.evidence, os.geteuid() == 0))
    count = len(report.evidence.observations)
    _say(f"{options.output}: {count} observations, names and addresses masked.\n")
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
    from diagnose.recording.codec import decode, load

    if len(options.words) != 1:
        raise UsageError("Replay one recording: diagnose replay FILE.")
    recorded = decode(load(options.words[0]))
    seen = recorded.evidence.observations
    report = replace(
        conclude(recorded.evidence), duration=max((one.at for one in seen), default=0.0)
    )
    view = replace(
        request.view(options), hostname=recorded.hostname, privileged=recorded.privileged
    )
    if _wants_screen(options):
        from diagnose.cli import screen

        return _left(screen.of_recording(report, options, view), options)
    _print([report], options, view)
    return _exit_status(report)


def _fix(options: Namespace) -> int:
    import asyncio
    import signal

    from diagnose.cli import fix

    if not (options.yes or options.dry or (sys.stdin.isatty() and sys.stdout.isatty())):
        raise UsageError("There is no terminal to ask at: --yes does it, --dry-run shows it.")
    if options.outside or options.only or options.skip:
        raise UsageError("A fix has to see everything: leave --outside, --only and --skip out.")
    if len(options.words) != 1 and not (options.undo or options.resume):
        raise UsageError("Fix one target: diagnose fix TARGET.")
    request.check(options)
    ask = None if options.yes or options.dry else _ask
    talk = fix.Talk(request.view(options), _tell, ask, options.dry)
    targets = request.targets(options) if options.words else []
    # The connection over which somebody typed this may be lost by the very change: a fix comes to
    # its end all the same.
    signal.signal(signal.SIGHUP, lambda *_: None)
    return asyncio.run(request.mend(options, targets, talk))


def _tell(text: str) -> None:
    """A fix is more than its words: without a reader it goes on."""
    # EIO: the terminal has gone; ENOSPC: nothing more fits there.
    with contextlib.suppress(UsageError):
        _write(text)


def _ask(question: str) -> bool:
    try:
        return input(f"{question} [y/N] ").strip().lower() in {"y", "yes", "是"}
    except (EOFError, OSError):
        return False


def _demo(options: Namespace) -> int:
    from diagnose.cli import demo
    from diagnose.cli.runs import complete
    from diagnose.probes import Options

    view, form = request.view(options), options.format or "text"
    if _wants_screen(options):
        from diagnose.cli import screen

        return _left(screen.of_demo(options, view), options)
    if form == "text" and not options.quiet:
        _write(demo.introduction(view) + "\n")
    sink = _sink(options, view)
    (report,), status = complete(
        lambda stop: stop.all([demo.run(stop.watchdog.remember(sink))]), Options()
    )
    if form != "jsonl":
        _print([report], options, view)
    return status


def _web(options: Namespace) -> int:
    from diagnose import web

    if options.words:
        request.targets(options)
    request.check(options)
    return web.serve(options.words, looking(options), options.port, language(options.lang))


_WORK: dict[str, Callable[[Namespace], int]] = {
    "explain": _explain,
    "list": _list,
    "fix": _fix,
    "record": _record,
    "replay": _replay,
    "demo": _demo,
    "web": _web,
}
