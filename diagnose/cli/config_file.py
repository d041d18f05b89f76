"""Where configuration files are, and how they are read: the system's, then the user's.

A file that others may write is refused to root: it names servers to log in to, and what not to
report. platformdirs would say the same paths and costs more than the rest of the command line
(ADR 34); a test compares them.
"""

import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from diagnose.model.frozen import frozen
from diagnose.parsers.target import UsageError

SYSTEM_FILE = Path("/etc/diagnose/config.toml")
#: Bytes. A larger file is a mistake.
MAX_SIZE = 256 * 1024
#: More names joined by dots than any key has. tomllib takes a time that grows with their square: at
#: 256 KiB half an hour.
_DEEP_KEY = re.compile(r"""(?<!["'\w-])(?:["'\w-]++[ \t]*+\.[ \t]*+){64,}""")


@frozen(eq=False)
class ConfigFile:
    """A file that was read: its path, its text and the parsed table."""

    path: str
    text: str
    table: Mapping[str, Any]


def user_file(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the path of the user's file (XDG Base Directory Specification: a relative path is
    ignored)."""
    config_home = environment.get("XDG_CONFIG_HOME", "")
    if config_home.startswith("/"):
        folder = Path(config_home)
    else:
        home = environment.get("HOME", "") or os.path.expanduser("~")  # noqa: PTH111
        folder = Path(home) / ".config"
    return folder / "diagnose" / "config.toml"


def candidates(choice: str | None) -> tuple[Path, ...]:
    """Return the files that count, the last one most: those of `--config`, or the two usual
    ones."""
    if choice is None:
        return SYSTEM_FILE, user_file()
    return () if choice == "none" else (Path(choice),)


def has_files(choice: str | None) -> bool:
    """Return whether any file counts. This is all that a run without files pays."""
    return choice not in {None, "none"} or any(map(_exists, candidates(choice)))


def read_files(choice: str | None) -> tuple[ConfigFile, ...]:
    """Read the files that exist. Raise UsageError for one that cannot be read or parsed, and for a
    file of `--config` that is not there."""
    paths = candidates(choice)
    return tuple(read_file(path) for path in paths if choice is not None or _exists(path))


def _exists(path: Path) -> bool:
    """Return whether a file is there. In a folder that is closed to this user, none is meant for
    them: a monitoring system may run plugins with the HOME of root."""
    try:
        os.stat(path)  # noqa: PTH116
    except OSError:
        return False
    return True


def read_file(path: Path) -> ConfigFile:
    """Read and parse one file. Raise UsageError with its name, and the line where possible."""
    import tomllib

    text = _read_text(path)
    if _DEEP_KEY.search(text):
        raise UsageError(f"{path}: it has a key of more than 64 names.")
    try:
        return ConfigFile(str(path), text, tomllib.loads(text))
    except (ValueError, RecursionError) as error:  # ValueError: an integer of too many digits
        raise UsageError(f"{path}: it is no TOML: {error}.") from None


def _read_text(path: Path) -> str:
    try:
        # Without O_NONBLOCK, opening a pipe would wait for a writer.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise UsageError(f"{path}: it is no file.")
            if os.geteuid() == 0:
                _check_writers(path, status)
                _check_writers(path.resolve().parent, os.stat(path.resolve().parent))  # noqa: PTH116
            data = file.read(MAX_SIZE + 1)
    except (OSError, ValueError) as error:
        if isinstance(error, UsageError):
            raise
        raise UsageError(f"{path}: {getattr(error, 'strerror', None) or error}.") from None
    if len(data) > MAX_SIZE:
        raise UsageError(f"{path}: it is larger than {MAX_SIZE >> 10} KiB.")
    try:
        return data.decode("utf-8-sig")  # Windows' editors write a byte order mark
    except UnicodeDecodeError:
        raise UsageError(f"{path}: it is no text in UTF-8.") from None


def _check_writers(path: Path, status: os.stat_result) -> None:
    """Raise UsageError if anybody but root may write a file, or replace the files of a folder."""
    import shlex

    writers = [f"it belongs to the user {status.st_uid}"] if status.st_uid else []
    # In a sticky folder nobody replaces the files of others (inode(7)).
    is_sticky = stat.S_ISDIR(status.st_mode) and status.st_mode & stat.S_ISVTX
    if not is_sticky:
        writers += ["its group may write it"] if status.st_mode & stat.S_IWGRP else []
        writers += ["everybody may write it"] if status.st_mode & stat.S_IWOTH else []
    if writers:
        name = shlex.quote(str(path))
        raise UsageError(
            f"{path}: refused as root, because {' and '.join(writers)}:"
            f" chown root {name} && chmod go-w {name}, or --config none."
        )
