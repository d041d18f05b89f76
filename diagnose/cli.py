"""Words -> run -> exit status. Nothing is looked at here and nothing is judged."""

import contextlib
import os
import sys
from argparse import Namespace
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from diagnose.arguments import COMMANDS, DESCRIPTION, looking, parser
from diagnose.model import Crash, Evidence, Report, Target
from diagnose.outputs import View
from diagnose.outputs.terminal import columns, language, safe, wants_ascii, wants_color
from diagnose.targets import UsageError, read, suggestion

USAGE, BUG, INTERRUPTED = 64, 70, 130

if TYPE_CHECKING:
    from diagnose.events import Sink
    from diagnose.running import Stop


#: What a run's second process is for.
_BESIDE = ("diagnose.wire.dns", "diagnose.wire.certificates")


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
        return _screen(options, alone)
    if alone and options.words and not options.inside:
        _have_company()
    return _diagnose(options)


def _have_company() -> None:
    from diagnose import beside

    beside.begin(_BESIDE)


def _version() -> int:
    from diagnose._version import VERSION

    _write(f"diagnose {VERSION}\n")
    return 0


def _schema() -> int:
    _write(Path(__file__).with_name("schema").joinpath("report-1.json").read_text("utf-8"))
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
        from diagnose.record import line

        where = "usage" if status == USAGE else "diagnose"
        with contextlib.suppress(OSError, ValueError):
            _write(line(failed(message, status, where)), "json")
    return status


def _diagnose(options: Namespace) -> int:
    if not options.words:
        sys.stderr.write(DESCRIPTION + "\nA TARGET is missing. See diagnose --help.\n")
        if options.format in {"json", "jsonl"}:
            raise UsageError("A TARGET is missing.")
        return USAGE
    targets = _targets(options)
    _check_options(options)
    view, form = _view(options), options.format
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


def _screen(options: Namespace, alone: bool) -> int:
    """The screen; when it ends, the plain report stands in the scrollback."""
    targets = _targets(options) if options.words else []
    _check_options(options)
    partial = options.outside or options.only or options.skip

    async def look(asked: Any, sink: "Sink") -> Report:
        from diagnose.engine import run
        from diagnose.net.local import LocalNet

        own = _as_asked(options, asked)
        async with _door(own) as door:
            return await run(asked.target, _how(own), LocalNet(), sink, door)

    async def mend(asked: Any, talk: Any, undo: bool) -> int:
        own = _as_asked(options, asked, undo=undo, resume=False)
        return await _fixing(own, [asked.target], talk)

    from diagnose.interactive import Ways

    ws, view = tuple(options.ws), _view(options)
    ways = Ways(
        look, mend, lambda word: read(word, ws, view.lang), _conclude(options),
        options.server or "", "part" if partial else "site",
    )  # fmt: skip
    return _shown(options, targets, view, ways, alone)


def _as_asked(options: Namespace, asked: Any, **more: object) -> Namespace:
    """The options of a look that the screen asks for."""
    own: dict[str, object] = {"only": asked.only or options.only}
    if asked.server:
        own |= {"server": asked.server, "outside": False}
    return Namespace(**{**vars(options), **own, **more})


def _shown(
    options: Namespace, targets: list[Target], view: View, ways: Any, alone: bool = True
) -> int:
    """Have the screen show this; the exit status of what is left."""
    from diagnose import interactive

    if options.color == "never":
        os.environ["NO_COLOR"] = "1"
    told = interactive.show(targets, ways, view, _have_company if alone else None, options.mouse)
    _write_out(told, options)
    return max((_exit_status(report) for report, _ in told), default=0)


def _shown_alone(
    options: Namespace, view: View, target: Target, look: Callable[..., Any], kind: Any
) -> int:
    """The screen of what is there once: it is not mended, and there is no other target."""
    from diagnose.interactive import Ways

    def refuse(*_: object) -> Any:
        raise UsageError("There is no other target here.")

    ways = Ways(look, refuse, refuse, _conclude(options), kind=kind)
    return _shown(options, [target], view, ways)


def _targets(options: Namespace) -> list[Target]:
    lang, known = language(options.lang), tuple(COMMANDS)
    first = options.words[0]
    if first in known:
        raise UsageError(f"The command comes first: diagnose {first} …")
    # Servers are called web1: that is no mistyped command.
    like = tuple(one for one in known if one != "web")
    if "." not in first and first != "localhost" and (hint := suggestion(first, like)):
        raise UsageError(f"There is no command {first!r}.{hint} (A host: https://{first}/)")
    return [read(word, tuple(options.ws), lang) for word in options.words]


def _check_options(options: Namespace) -> None:
    if options.server and options.outside:
        raise UsageError("--server looks inside and --outside does not: leave one of them out.")
    if options.address and options.family and (":" in options.address) != (options.family == 6):
        raise UsageError(
            f"--address {options.address} is not of the family that -{options.family} asks for."
        )


def _look(
    targets: list[Target], options: Namespace, sink: "Callable[[], Sink]"
) -> tuple[list[Report], int]:
    """Look at all targets side by side, each with a sink of its own; the reports in the targets'
    order, and the exit status that a signal asks for, or 0."""
    from diagnose.engine import run
    from diagnose.net.local import LocalNet
    from diagnose.running import complete

    how = _how(options)

    async def looked(stop: "Stop") -> list[Report]:
        async with _door(options) as door:
            return await stop.all(run(one, how, LocalNet(), sink(), door) for one in targets)

    return complete(looked)


def _how(options: Namespace) -> Any:
    from diagnose.probes import Options

    inside = False if options.outside else True if options.inside or options.server else None
    return Options(
        outside=not options.inside,
        inside=inside,
        timeout=options.timeout,
        family=options.family,
        address=options.address,
        resolver=options.resolver,
        cafile=options.cafile,
        server=options.server,
        only=options.only,
        skip=options.skip,
    )


def _door(options: Namespace) -> contextlib.AbstractAsyncContextManager[Any]:
    if options.outside:
        return contextlib.nullcontext()
    if options.server:
        from diagnose.machine.ssh import SshMachine

        return SshMachine(options.server)
    from diagnose.machine.local import LocalMachine

    return contextlib.nullcontext(LocalMachine())


def _sink(options: Namespace, view: View) -> "Sink":
    """Who is told what happens in one run."""
    if options.format == "jsonl":
        from diagnose.outputs import jsonl

        def made(view: View) -> "Sink":
            return jsonl.sink(view, lambda text: _write(text, "jsonl"))

        if options.redact:
            from diagnose.outputs import redaction

            return redaction.sink(view, made, _conclude(options))
        return made(view)
    if sys.stderr.isatty() and not options.quiet and os.environ.get("TERM", "dumb") != "dumb":
        from diagnose.outputs import progress

        return progress.sink(view.lang, _say)
    from diagnose.events import nowhere

    return nowhere


def _conclude(options: Namespace) -> Callable[[Evidence, tuple[Crash, ...]], Report]:
    """What judges masked evidence as the run itself judged its own."""
    from diagnose.engine import conclude
    from diagnose.probes import Options

    how = _how(options) if hasattr(options, "only") else Options()
    return lambda seen, crashes: conclude(seen, how, crashes)


def _print(reports: list[Report], options: Namespace, view: View) -> None:
    """The answer: one report after another, or all of them in one document."""
    told = [(report, view) for report in reports]
    if options.redact:
        from diagnose.outputs import redaction

        told = [redaction.report(report, view, _conclude(options)) for report in reports]
    _write_out(told, options)


def _write_out(told: list[tuple[Report, View]], options: Namespace) -> None:
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
    from diagnose.reasoning import verdict

    return verdict(report).exit_status


def _view(options: Namespace) -> View:
    quiet = getattr(options, "quiet", False)
    return View(
        lang=language(options.lang),
        width=columns(),
        color=wants_color(options.color, sys.stdout.isatty()),
        ascii=wants_ascii(options.glyphs),
        verbosity=-1 if quiet else getattr(options, "verbose", 0),
        hostname=os.uname().nodename,
        privileged=os.geteuid() == 0,
        again=_again(options),
    )


def _again(options: Namespace) -> tuple[str, ...]:
    """The options without which another run would look at something else."""
    words: list[str] = []
    for name in ("server", "address", "resolver", "cafile"):
        if value := getattr(options, name, None):
            words += [f"--{name}", value]
    if family := getattr(options, "family", None):
        words.append(f"-{family}")
    return tuple(words)


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
        # Nobody reads any more. What is written at exit must not complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _say(text: str) -> None:
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(text)
        sys.stderr.flush()


def _explain(options: Namespace) -> int:
    from diagnose import catalogue, explain

    if not options.words:
        raise UsageError("Which check? diagnose list names them all.")
    for check_id in options.words:
        if check_id not in catalogue.names():
            hint = suggestion(check_id, catalogue.names()) or " See diagnose list."
            raise UsageError(f"There is no check {check_id!r}.{hint}")
    view = _view(options)
    _write("\n".join(explain.page(check_id, view) for check_id in options.words))
    return 0


def _list(options: Namespace) -> int:
    from diagnose import explain

    _write(explain.listing(_view(options)))
    return 0


def _record(options: Namespace) -> int:
    from diagnose.events import nowhere
    from diagnose.outputs.redaction import recorded

    if len(options.words) != 1:
        raise UsageError("Record one target: diagnose record TARGET -o FILE.")
    if not options.output:
        raise UsageError("Where to? diagnose record TARGET -o FILE (- is standard output).")
    targets = _targets(options)
    _check_options(options)
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
    from diagnose.record import decode

    if len(options.words) != 1:
        raise UsageError("Replay one recording: diagnose replay FILE.")
    try:
        recorded = decode(Path(options.words[0]).read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise UsageError(f"{options.words[0]}: {reason}.") from None
    seen = recorded.evidence.observations
    report = replace(
        conclude(recorded.evidence), duration=max((one.at for one in seen), default=0.0)
    )
    view = replace(_view(options), hostname=recorded.hostname, privileged=recorded.privileged)
    if _wants_screen(options):
        return _screen_of(report, options, view)
    _print([report], options, view)
    return _exit_status(report)


def _screen_of(report: Report, options: Namespace, view: View) -> int:
    """A recording on the screen: to be read, and not to be mended."""
    from diagnose.events import Concluded

    async def look(asked: Any, sink: "Sink") -> Report:
        sink(Concluded(report))
        return report

    _shown_alone(options, view, report.evidence.target, look, "recording")
    return _exit_status(report)


def _fix(options: Namespace) -> int:
    import asyncio

    from diagnose import fix

    if not (options.yes or options.dry or (sys.stdin.isatty() and sys.stdout.isatty())):
        raise UsageError("There is no terminal to ask at: --yes does it, --dry-run shows it.")
    if options.outside or options.only or options.skip:
        raise UsageError("A fix has to see everything: leave --outside, --only and --skip out.")
    if len(options.words) != 1 and not (options.undo or options.resume):
        raise UsageError("Fix one target: diagnose fix TARGET.")
    _check_options(options)
    ask = None if options.yes or options.dry else _ask
    talk = fix.Talk(_view(options), lambda text: _write(text, "text"), ask, options.dry)
    targets = _targets(options) if options.words else []
    return asyncio.run(_fixing(options, targets, talk))


async def _fixing(options: Namespace, targets: list[Target], talk: Any) -> int:
    from diagnose import fix
    from diagnose.engine import run
    from diagnose.net.local import LocalNet

    how = _how(options)

    async def look(target: Target) -> Report:
        return await run(target, how, LocalNet(), door=machine)

    async with _door(options) as machine:
        if options.undo:
            return await fix.undo(machine, talk)
        if options.resume:
            return await fix.resume(machine, look, talk)
        return await fix.fix(machine, lambda: look(targets[0]), talk)


def _ask(question: str) -> bool:
    try:
        return input(question).strip().lower() in {"y", "yes", "是"}
    except EOFError:
        return False


def _demo(options: Namespace) -> int:
    from diagnose import demo
    from diagnose.running import complete

    view, form = _view(options), options.format or "text"
    if _wants_screen(options):
        return _screen_of_demo(options, view)
    if form == "text" and not options.quiet:
        _write(demo.introduction(view) + "\n")
    sink = _sink(options, view)
    (report,), status = complete(lambda stop: stop.all([demo.run(sink)]))
    if form != "jsonl":
        _print([report], options, view)
    return status


def _screen_of_demo(options: Namespace, view: View) -> int:
    from diagnose import demo

    async def look(asked: Any, sink: "Sink") -> Report:
        return await demo.run(sink)

    return _shown_alone(options, view, demo.TARGET, look, "demo")


def _web(options: Namespace) -> int:
    from diagnose import web

    if options.words:
        _targets(options)
    _check_options(options)
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
