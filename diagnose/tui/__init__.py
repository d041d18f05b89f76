"""The screen: a front end of events like every other, and the only package that imports Textual.

Call `is_usable` before importing anything else from it.
"""

import os
import sys
from collections.abc import Mapping

#: On a smaller terminal, the plain report is printed instead.
MIN_COLUMNS, MIN_ROWS = 60, 18


def in_browser(environment: Mapping[str, str] = os.environ) -> bool:
    """Return True if the screen is shown in a browser (`diagnose.web`); stdout then belongs to
    it."""
    return environment.get("TEXTUAL_DRIVER", "").endswith(":WebDriver")


def is_usable(environment: Mapping[str, str] = os.environ) -> bool:
    """Return True if there is an interactive terminal that can show the screen. Textual does not
    check this and hangs without one."""
    if in_browser(environment):
        return True
    if environment.get("TERM", "") in {"", "dumb", "unknown"}:
        return False
    if not all(stream and stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        return False
    try:
        columns, rows = os.get_terminal_size(sys.stderr.fileno())
    except (OSError, ValueError):
        return False
    return columns >= MIN_COLUMNS and rows >= MIN_ROWS


def textual_environment(
    over_ssh: bool, environment: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """Return the variables that must be set before Textual is imported, because it reads them at
    import: fewer frames and no animation over SSH."""
    variables = {}
    if over_ssh:
        variables = {
            "TEXTUAL_FPS": "15",
            "TEXTUAL_ANIMATIONS": "none",
            "TEXTUAL_SMOOTH_SCROLL": "0",
        }
    return {name: value for name, value in variables.items() if name not in environment}
