"""Exit statuses for a process that a signal ended, as shells report it (bash(1), EXIT STATUS)."""

import signal
from asyncio import CancelledError

#: The exit status is this number plus the signal's number.
SIGNALLED = 128
EXIT_SIGINT, EXIT_SIGTERM = SIGNALLED + signal.SIGINT, SIGNALLED + signal.SIGTERM


def signal_number(ending: BaseException | None) -> int:
    """Return the number of the signal that cancelled a run (the argument of its CancelledError), or
    0."""
    number = ending.args[0] if isinstance(ending, CancelledError) and ending.args else 0
    return number if isinstance(number, int) else 0
