"""Runs the screen and returns what to print on the terminal afterwards."""

import codecs
from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module

from diagnose.model import Report
from diagnose.model.frozen import frozen
from diagnose.model.view import View
from diagnose.outputs.terminal import terminal_charset
from diagnose.processes.signals import EXIT_SIGTERM
from diagnose.tui.messages import Services
from diagnose.tui.session import Session

#: Seconds that an unfinished run gets to report what it knows.
STOP_TIMEOUT = 1.0


@frozen
class ScreenResult:
    """The reports to print on the terminal, as they were shown, and the exit status required by a
    signal, or 0."""

    reports: tuple[tuple[Report, View], ...] = ()
    status: int = 0


def key_decoder(_: str) -> Callable[[], codecs.IncrementalDecoder]:
    """Return what makes a decoder for the keys of this terminal. Bytes that are no characters there
    are U+FFFD."""
    charset = terminal_charset()
    decoder = codecs.getincrementaldecoder("utf-8" if charset in {"", "ascii"} else charset)
    return partial(decoder, "replace")


def run_screen(
    sessions: list[Session],
    services: Services,
    view: View,
    mouse: bool,
    key_map: Mapping[str, str] = {},
    inline: bool = False,
) -> ScreenResult:
    """Show the sessions, whose runs have started, until the user quits. `key_map` are the keys that
    the user has chosen (`diagnose.tui.key_map`). With `inline` it is drawn below the prompt, and
    what stood on the terminal stays."""
    from diagnose.tui.app import DiagnoseApp
    from diagnose.tui.key_parser import KeyParser

    driver = import_module(f"textual.drivers.linux_{'inline_' if inline else ''}driver")
    vars(driver)["XTermParser"] = KeyParser
    # Textual reads keys as UTF-8 and ends at the first byte that is none, as of a GBK terminal.
    vars(driver)["getincrementaldecoder"] = key_decoder
    app = DiagnoseApp(sessions, services, view, key_map)
    exit_mode = app.run(mouse=mouse, inline=inline)
    if app.return_code:
        raise RuntimeError("the screen broke down") from app._exception
    for session in app.sessions:
        session.stop()
    for session in app.sessions:
        session.wait(STOP_TIMEOUT)
    reports = [] if exit_mode == "silently" else app.final_reports()
    return ScreenResult(tuple(reports), EXIT_SIGTERM if exit_mode == "terminated" else 0)
