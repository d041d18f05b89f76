"""The file of what runs said: JSON lines, for this user's eyes alone. Whatever is wrong with it,
nothing is lost but history, so nothing here raises."""

import fcntl
import os
import stat
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from diagnose.history.entries import LONGEST, Entry, decode, encode

#: It is cut when it is larger than this (bytes), to so many lines and so many bytes.
LARGEST, LINES, LEFT = 2 * 1024 * 1024, 2000, 1536 * 1024
#: One that somebody else made larger is read from here on (bytes from its end).
READ = 8 * 1024 * 1024

#: How long another writer is waited for, and how often it is asked (seconds).
PATIENCE, PAUSE = 1.0, 0.01


def place(environment: Mapping[str, str] = os.environ) -> Path:
    """Where it lies (XDG Base Directory Specification: a relative path is none)."""
    given = environment.get("XDG_STATE_HOME", "")
    home = Path(given) if given.startswith("/") else _home(environment) / ".local" / "state"
    return home / "diagnose" / "history.jsonl"


def _home(environment: Mapping[str, str]) -> Path:
    given = environment.get("HOME", "") or os.path.expanduser("~")  # noqa: PTH111
    return Path(given if given.startswith("/") else "/")


def load(path: Path) -> tuple[Entry, ...]:
    """What runs said, the newest last. Lines that cannot be understood are passed over."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            about = os.fstat(handle)
            if not stat.S_ISREG(about.st_mode):
                return ()
            file.seek(max(about.st_size - READ, 0))
            data = file.read(READ)
    except OSError:
        return ()
    return _entries(data)


def _entries(data: bytes) -> tuple[Entry, ...]:
    lines = data.decode("utf-8", "replace").split("\n")
    return tuple(one for text in lines if text and (one := decode(text)) is not None)


def append(path: Path, one: Entry) -> bool:
    """Write what a run said behind the others, in one piece; whether that was done."""
    data = encode(one)
    if len(data) > LONGEST:
        return False
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _locked(path) as handle:
            return handle is not None and _write(path, handle, data)
    except OSError:
        return False


@contextmanager
def _locked(path: Path) -> Iterator[int | None]:
    """The file, open, with nobody else writing to it; None where that is not to be had."""
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
    until = time.monotonic() + PATIENCE
    while True:
        handle = os.open(path, flags, 0o600)
        try:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                yield None
                return
            held = _lock(handle, until)
            if not held or _is_it(path, handle):
                yield handle if held else None
                return
            # It was cut meanwhile: another file has its name now.
        finally:
            os.close(handle)


def _lock(handle: int, until: float) -> bool:
    while True:
        with suppress(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        if time.monotonic() >= until:
            return False
        time.sleep(PAUSE)


def _is_it(path: Path, handle: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False


def _write(path: Path, handle: int, data: bytes) -> bool:
    size = os.fstat(handle).st_size
    if size and os.pread(handle, 1, size - 1) != b"\n":
        data = b"\n" + data  # somebody was cut off in the middle of a line
    if os.write(handle, data) != len(data):
        os.ftruncate(handle, size)
        return False
    if size + len(data) > LARGEST:
        with suppress(OSError):
            _cut(path)
    return True


def _cut(path: Path) -> None:
    """Put a shorter file in its place: a reader sees the one or the other."""
    data = b"".join(map(encode, kept(load(path))))
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".history-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def kept(entries: Sequence[Entry]) -> list[Entry]:
    """The newest entries. Prints are what takes room, and are wanted only of a target's last good
    run of each kind of look."""
    newest, met, room = [], set(), LEFT
    for one in reversed(entries[-LINES:]):
        look = (one.target, one.server, one.looked)
        is_wanted = one.status == "ok" and look not in met
        met |= {look} if one.status == "ok" else set()
        made = one if is_wanted else replace(one, prints={}, looked=())
        room -= len(encode(made))
        if room < 0:
            break
        newest.append(made)
    return newest[::-1]
