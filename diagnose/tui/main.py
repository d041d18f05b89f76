"""The screen, from the first paint to what is left of it in the scrollback."""

import gc
import os

from diagnose.model import Report
from diagnose.model.frozen import frozen
from diagnose.model.view import View
from diagnose.processes.signals import EXIT_SIGTERM
from diagnose.tui.messages import Services
from diagnose.tui.session import Session

#: How long a run that is given up may take to say what it knows (seconds).
STOP_TIMEOUT = 1.0

#: Terminals of sixteen colours.
_FEW_COLORS = {"linux", "xterm", "screen", "vt100", "ansi"}


@frozen
class ScreenResult:
    """What stays on the terminal: the reports as they were shown; and the exit status that a
    signal asks for, or 0."""

    reports: tuple[tuple[Report, View], ...] = ()
    status: int = 0


def run_screen(
    sessions: list[Session], services: Services, view: View, mouse: bool
) -> ScreenResult:
    """Show the sessions, whose runs are under way, until the person leaves."""
    from diagnose.tui.app import DiagnoseApp

    app = DiagnoseApp(sessions, services, view)
    if os.environ.get("TERM", "") in _FEW_COLORS and not os.environ.get("COLORTERM"):
        app.theme = "ansi-dark"
    app.call_later(gc.enable)  # this process stays; until it was painted there was no time for it
    exit_mode = app.run(mouse=mouse)
    if app.return_code:
        raise RuntimeError("the screen broke down")
    for session in app.sessions:
        session.stop()
    for session in app.sessions:
        session.wait(STOP_TIMEOUT)
    reports = [] if exit_mode == "silently" else app.final_reports()
    return ScreenResult(tuple(reports), EXIT_SIGTERM if exit_mode == "terminated" else 0)
