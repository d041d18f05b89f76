"""The commands that make room on a full file system: they remove lines of logs, and nothing
undoes that. And that which removes the mark of a program's maintenance. See `commands`."""

from diagnose.model.steps import Command, Effect, Risk
from diagnose.model.user_commands import as_user


def empty_log(path: str, owner: str) -> Command:
    """Empty a log that a program writes on: a file that is removed keeps its room until the program
    opens it anew (truncate(1)). The owner does it, who may have put a link there by then."""
    return _removing(as_user(owner, ("truncate", "-c", "-s", "0", "--", path)), path)


def remove_log(path: str, owner: str) -> Command:
    """Remove a log that was put aside, as its owner."""
    return _removing(as_user(owner, ("rm", "--", path)), path)


def remove_mark(path: str, owner: str) -> Command:
    """Remove a file that is a mark by being there, as its owner."""
    return _removing(as_user(owner, ("rm", "--", path)), path)


def shorten_journal(mebibytes: int) -> Command:
    """Remove the oldest files of systemd's journal (journalctl(1))."""
    return Command(
        ("journalctl", f"--vacuum-size={mebibytes}M"), Effect.CHANGE, risk=Risk.REMOVES_FILES
    )


def _removing(argv: tuple[str, ...], path: str) -> Command:
    return Command(argv, Effect.CHANGE, changes=(path,), risk=Risk.REMOVES_FILES)
