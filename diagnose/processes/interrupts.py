"""Ctrl-C while the program is still loading: it ends as a run does that is interrupted.

Python raises KeyboardInterrupt wherever it happens to be. Inside the callback of a weak reference,
as each import has, the exception is printed and forgotten (Python documentation,
`sys.unraisablehook`). Therefore the interrupt is also noted.

Nothing is imported here but what the interpreter has anyway.
"""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

_SIGINT = 2
_noted: list[int] = []


def note_interrupts() -> None:
    """From now on, note that Ctrl-C was pressed. If SIGINT is ignored, it stays ignored."""
    import _signal  # `signal` imports enum

    _noted.clear()
    if _signal.getsignal(_SIGINT) is _signal.default_int_handler:
        _signal.signal(_SIGINT, _note)


def stop_noting() -> None:
    """Leave the interrupts to who handles them in a way of its own."""
    import _signal

    if _signal.getsignal(_SIGINT) is _note:
        _signal.signal(_SIGINT, _signal.default_int_handler)
    if _noted:
        raise KeyboardInterrupt


def is_interrupted() -> bool:
    """Return whether Ctrl-C was pressed since `note_interrupts`."""
    return bool(_noted)


def let_the_next_kill() -> None:
    """Let the next Ctrl-C end the process at once, whatever it does."""
    import _signal

    try:  # noqa: SIM105 (contextlib would be imported)
        _signal.signal(_SIGINT, _signal.SIG_DFL)
    except ValueError:  # not the main thread
        pass


def _note(number: int, _: "FrameType | None") -> None:
    _noted.append(number)
    # What is forgotten is not printed either.
    sys.unraisablehook = lambda _: None
    raise KeyboardInterrupt
