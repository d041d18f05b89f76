"""The screen, from the first paint to what is left of it in the scrollback."""

from dataclasses import replace

from diagnose.outputs import View
from diagnose.tui.session import Doors, Session


def show(sessions: list[Session], doors: Doors, view: View, found: bool = False) -> str:
    """Show the sessions, whose runs are under way, until the person leaves; how."""
    from diagnose.tui.app import DiagnoseApp

    while True:
        app = DiagnoseApp(sessions, doors, view, found)
        left = app.run() or "silently"
        if left != "language":
            break
        view = replace(view, lang="en" if view.lang == "zh" else "zh")
    for one in sessions:
        one.stop()
    return left
