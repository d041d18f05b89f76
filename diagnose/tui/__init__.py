"""The screen: a front end of events like every other, and the only one that knows Textual.

`usable` is asked before anything of it is imported.
"""

import os
import sys
from collections.abc import Mapping

#: A screen smaller than this gets the plain report.
MIN_COLUMNS, MIN_ROWS = 60, 18


def in_browser(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether the screen goes to a page (`diagnose.web`), and standard output with it."""
    return environment.get("TEXTUAL_DRIVER", "").endswith(":WebDriver")


def is_usable(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether a person sits before a terminal that can show it. Textual itself does not ask, and
    hangs where there is none."""
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


def textual_environment(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The variables to be set before Textual is imported, which reads them then: fewer frames
    and no animation over SSH. It takes an empty NO_COLOR for one that is set."""
    variables = {}
    if environment.get("SSH_CONNECTION") or environment.get("SSH_TTY"):
        variables = {
            "TEXTUAL_FPS": "15",
            "TEXTUAL_ANIMATIONS": "none",
            "TEXTUAL_SMOOTH_SCROLL": "0",
        }
    return {name: value for name, value in variables.items() if name not in environment}
