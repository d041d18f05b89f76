"""Exit statuses for a process that a signal ended, as shells report it (bash(1), EXIT STATUS)."""

import contextlib
import signal
from asyncio import CancelledError
from collections.abc import Iterator
from types import FrameType

#: The exit status is this number plus the signal's number.
SIGNALLED = 128
EXIT_SIGINT, EXIT_SIGTERM = SIGNALLED + signal.SIGINT, SIGNALLED + signal.SIGTERM


def signal_number(ending: BaseException | None) -> int:
    """Return the number of the signal that cancelled a run (the argument of its CancelledError), or
    0."""
    number = ending.args[0] if isinstance(ending, CancelledError) and ending.args else 0
    return number if isinstance(number, int) else 0


@contextlib.contextmanager
def held_back() -> Iterator[None]:
    """Let the block end although Ctrl-C is pressed: it writes a report that is complete. Pressed
    again, Ctrl-C ends the process at once."""

    def let_the_next_kill(number: int, _: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)

    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    try:
        signal.signal(signal.SIGINT, let_the_next_kill)
    except ValueError:  # not the main thread
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
