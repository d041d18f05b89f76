"""The commands that make room on a full file system: they remove lines of logs, and nothing
undoes that. And those which remove the mark of a program's maintenance, and copy a file over
another. See `commands`."""

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


def copy_over(source: str, path: str) -> tuple[Command, ...]:
    """Write the content of a file into another one, which keeps its owner and mode; what was in it
    is kept beside it (cp(1))."""
    kept = f"{path}.before-copy"
    return (
        Command(
            ("cp", "-p", path, kept),
            Effect.CHANGE,
            undo=("rm", "--", kept),
            changes=(path, kept),
            aspect="entry",
            risk=Risk.EDITS_FILES,
        ),
        Command(
            ("cp", source, path),
            Effect.CHANGE,
            undo=("cp", kept, path),
            changes=(source, path),
            risk=Risk.EDITS_FILES,
        ),
    )


def _removing(argv: tuple[str, ...], path: str) -> Command:
    return Command(argv, Effect.CHANGE, changes=(path,), risk=Risk.REMOVES_FILES)
