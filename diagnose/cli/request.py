"""What the words of the command line mean: which targets, how to look, through which door, how to
mend and to judge, and for whom it is written."""

import contextlib
import os
import sys
from argparse import Namespace
from collections.abc import Callable
from typing import TYPE_CHECKING

from diagnose.cli.parser import COMMANDS
from diagnose.model import Crash, Evidence, Report, Target
from diagnose.model.view import View
from diagnose.outputs.terminal import choose_language, terminal_columns, wants_ascii, wants_color
from diagnose.parsers.target import UsageError, parse_target, suggestion

if TYPE_CHECKING:
    from diagnose.cli.fix import Dialog
    from diagnose.machine import Machine
    from diagnose.probes import Options

#: Modules that the parser process imports.
_PARSER_MODULES = ("diagnose.parsers.dns", "diagnose.parsers.x509")


def targets(options: Namespace) -> list[Target]:
    """The targets that are named; UsageError for a word that looks like a mistyped command."""
    lang, commands = choose_language(options.lang), tuple(COMMANDS)
    first = options.words[0]
    if first in commands:
        raise UsageError(f"The command comes first: diagnose {first} …")
    # Servers are called web1: that is no mistyped command.
    candidates = tuple(command for command in commands if command != "web")
    if "." not in first and first != "localhost" and (hint := suggestion(first, candidates)):
        raise UsageError(f"There is no command {first!r}.{hint} (A host: https://{first}/)")
    return [parse_target(operand, tuple(options.ws), lang) for operand in options.words]


def check_options(options: Namespace) -> None:
    """UsageError where two options contradict each other."""
    if options.server and options.outside:
        raise UsageError("--server looks inside and --outside does not: leave one of them out.")
    if options.visitor and options.family and (":" in options.visitor) != (options.family == 6):
        raise UsageError(
            f"--from {options.visitor} is not of the family that -{options.family} asks for."
        )
    if options.address and options.family and (":" in options.address) != (options.family == 6):
        raise UsageError(
            f"--address {options.address} is not of the family that -{options.family} asks for."
        )


def probe_options(options: Namespace) -> "Options":
    """Return the `diagnose.probes.Options` of a run."""
    from diagnose.parsers.request_fields import RequestFields
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
        proxy=options.proxy,
        only=options.only,
        skip=options.skip,
        visitor=options.visitor,
        request=RequestFields(
            headers=tuple(options.header),
            cookie="; ".join(options.cookie),
            origin=options.origin,
            subprotocols=tuple(dict.fromkeys(options.subprotocol)),
        ),
    )


def open_machine(options: Namespace) -> "contextlib.AbstractAsyncContextManager[Machine | None]":
    """Open the server as a `Machine` for the duration of the block; None if it is not inspected."""
    if options.outside:
        return contextlib.nullcontext()
    if options.server:
        from diagnose.machine.ssh import SshMachine

        return SshMachine(options.server)
    from diagnose.machine.local import LocalMachine

    return contextlib.nullcontext(LocalMachine())


def report_builder(options: Namespace) -> Callable[[Evidence, tuple[Crash, ...]], Report]:
    """What judges masked evidence as the run itself judged its own."""

    def build_report(evidence: Evidence, crashes: tuple[Crash, ...]) -> Report:
        from diagnose.engine import conclude
        from diagnose.probes import Options

        return conclude(
            evidence, probe_options(options) if hasattr(options, "only") else Options(), crashes
        )

    return build_report


def view(options: Namespace) -> View:
    """For whom it is written."""
    quiet = getattr(options, "quiet", False)
    return View(
        lang=choose_language(options.lang),
        width=terminal_columns(),
        color=wants_color(options.color, sys.stdout.isatty()),
        ascii=wants_ascii(options.glyphs),
        verbosity=-1 if quiet else getattr(options, "verbose", 0),
        hostname=os.uname().nodename,
        privileged=os.geteuid() == 0,
        again=probe_options(options).rerun_args if hasattr(options, "only") else (),
    )


async def apply_fix(options: Namespace, targets: list[Target], dialog: "Dialog") -> int:
    """Run `diagnose fix` with these options and return its exit status."""
    from diagnose.cli import fix
    from diagnose.engine import run
    from diagnose.net.local import LocalNet

    async def run_diagnosis(target: Target) -> Report:
        return await run(target, probe_options(options), LocalNet(), server_machine=machine)

    async with open_machine(options) as machine:
        assert machine is not None, "fix always has a server"
        if options.undo:
            return await fix.undo(machine, dialog)
        if options.resume:
            return await fix.resume(machine, run_diagnosis, dialog)
        return await fix.fix(machine, lambda: run_diagnosis(targets[0]), dialog)


def start_parser_process() -> None:
    """Fork the second process (`diagnose.processes.parser_process`) while there is one thread."""
    from diagnose.processes import parser_process

    parser_process.start(_PARSER_MODULES)
