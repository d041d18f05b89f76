"""Parses the command line, starts the command and returns the exit status."""

import contextlib
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import NoReturn, assert_never

from diagnose.cli.execution import diagnose, guarded
from diagnose.cli.help_text import COMMANDS
from diagnose.cli.output import write, write_note
from diagnose.cli.parser import words_language
from diagnose.cli.request import AboutRequest, RunRequest
from diagnose.cli.request_parser import parse_run
from diagnose.parsers.target import NamelessMessageError
from diagnose.processes import interrupts


def main(arguments: list[str], may_fork: bool = False) -> int:
    """Run the command and return its exit status. Raise nothing. `may_fork` is True if this process
    has one thread and belongs to us."""
    return guarded(arguments, lambda: _main(arguments, may_fork))


def exit_now(status: int) -> NoReturn:
    """End the process at once, without waiting for threads that wait for a name server."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)


def _main(arguments: list[str], may_fork: bool) -> int:
    if arguments and arguments[0] in COMMANDS:
        interrupts.stop_noting()
        from diagnose.cli import commands

        return commands.HANDLERS[arguments[0]](arguments[1:])
    try:
        request = parse_run(arguments)
    except NamelessMessageError as error:
        request = _about_own_sites(error, arguments)
    if isinstance(request, AboutRequest):
        return _print_about(request)
    if url := _site_before(request, arguments):
        request = parse_run([*arguments, url])
        assert isinstance(request, RunRequest)
    if _shows_screen(request):
        interrupts.stop_noting()
        from diagnose.cli import screen

        return screen.show_targets(request)
    if may_fork and _asks_name_servers(request):
        from diagnose.processes import parser_process

        parser_process.start()
    return diagnose(request)


def _about_own_sites(error: NamelessMessageError, arguments: list[str]) -> RunRequest:
    """Return the request about the sites of this server, of one of which a message without a name
    tells. Raise the error where it may be another."""
    from diagnose.cli.own_sites import reported_sites

    urls = reported_sites(error, arguments)
    requests = [parse_run([*arguments, url]) for url in urls]
    targets = [each for request in requests for each in getattr(request, "targets", ())]
    if not requests or len(targets) != len(urls) or not isinstance(requests[0], RunRequest):
        raise error
    _tell_own_sites(urls, arguments)
    return replace(requests[0], targets=tuple(targets), is_one_reported=len(urls) > 1)


def _site_before(request: RunRequest, arguments: list[str]) -> str:
    """Return the only site of this server, for a message alone that names the application behind
    it; "" for everything else."""
    # The value of an option is a number mostly ("--timeout 40").
    words = [
        argument
        for argument in arguments
        if not argument.startswith("-") and not argument.isdecimal()
    ]
    is_alone = len(words) == 1
    if len(request.targets) != 1 or request.targets[0].symptom is None or not is_alone:
        return ""
    from diagnose.cli.own_sites import is_behind_a_site, site_before

    target = request.targets[0]
    url = site_before(target, arguments) if is_behind_a_site(target) else ""
    if url:
        _tell_own_sites((url,), arguments)
    return url


def _tell_own_sites(urls: Sequence[str], arguments: list[str]) -> None:
    from diagnose.i18n.command_line import translate_error

    text = f"The message names no site. It is taken to be about {urls[0]}, which this server serves"
    if len(urls) > 1:
        text = (
            f"The message names no site. The sites of this server are compared: {', '.join(urls)}"
        )
    write_note(f"{translate_error(text, words_language(arguments))}\n")


def _asks_name_servers(request: RunRequest) -> bool:
    """Return whether DNS answers will be parsed, whose library takes long to import. With many
    targets it is imported once, and asking another process costs more."""
    from diagnose.parsers.hostnames import is_address

    options = request.options
    is_one = len(request.targets) == 1 and options.outside and not request.is_plan
    is_named = options.address is None and not options.by_proxy
    return is_one and is_named and not is_address(request.targets[0].host)


def _shows_screen(request: RunRequest) -> bool:
    """Return whether the screen opens. It looks again and again: what globalping measures would be
    published each time."""
    is_single = request.wait_s is None and "globalping" not in request.options.vantages
    is_run = not (request.is_plan or request.baseline)
    return is_single and is_run and request.output.wants_screen()


def _print_about(request: AboutRequest) -> int:
    match request.topic:
        case "version":
            from diagnose._version import VERSION

            write(f"diagnose {VERSION}\n")
        case "schema":
            from diagnose.cli.schemas import report_schema

            write(report_schema())
        case "spec":
            from diagnose.cli.description import specification

            write(specification(), "json")
        case "completion":
            from diagnose.cli.description import completion_script

            write(completion_script(request.shell))
        case "probes":
            from diagnose.cli.probe_plan import render_list

            write(render_list(request.output.view()))
        case _:
            assert_never(request.topic)
    return 0
