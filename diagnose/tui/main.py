"""The screen, from the first paint to what is left of it in the scrollback."""

import gc
import os

from diagnose.model import Report
from diagnose.model.frozen import frozen
from diagnose.model.view import View
from diagnose.processes.signals import EXIT_SIGTERM
from diagnose.tui.messages import Behind
from diagnose.tui.session import Session

#: How long a run that is given up may take to say what it knows (seconds).
PATIENCE = 1.0

#: Terminals of sixteen colours.
_FEW_COLORS = {"linux", "xterm", "screen", "vt100", "ansi"}


@frozen
class Left:
    """What stays on the terminal: the reports as they were shown; and the exit status that a
    signal asks for, or 0."""

    told: tuple[tuple[Report, View], ...] = ()
    status: int = 0


def show(sessions: list[Session], behind: Behind, view: View, mouse: bool) -> Left:
    """Show the sessions, whose runs are under way, until the person leaves."""
    from diagnose.tui.app import DiagnoseApp

    app = DiagnoseApp(sessions, behind, view)
    if os.environ.get("TERM", "") in _FEW_COLORS and not os.environ.get("COLORTERM"):
        app.theme = "ansi-dark"
    app.call_later(gc.enable)  # this process stays; until it was painted there was no time for it
    left = app.run(mouse=mouse)
    if app.return_code:
        raise RuntimeError("the screen broke down")
    for one in app.sessions:
        one.stop()
    for one in app.sessions:
        one.wait(PATIENCE)
    told = [] if left == "silently" else app.left()
    return Left(tuple(told), EXIT_SIGTERM if left == "terminated" else 0)
