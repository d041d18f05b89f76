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

from diagnose.history.entries import MAX_LINE, HistoryEntry, decode, encode

#: It is cut when it is larger than this (bytes), to so many lines and so many bytes.
MAX_SIZE, MAX_LINES, TRIMMED_SIZE = 2 * 1024 * 1024, 2000, 1536 * 1024
#: One that somebody else made larger is read from here on (bytes from its end).
MAX_READ = 8 * 1024 * 1024

#: How long another writer is waited for, and how often it is asked (seconds).
LOCK_TIMEOUT, LOCK_INTERVAL = 1.0, 0.01


def history_path(environment: Mapping[str, str] = os.environ) -> Path:
    """Where it lies (XDG Base Directory Specification: a relative path is none)."""
    state_home = environment.get("XDG_STATE_HOME", "")
    home = (
        Path(state_home) if state_home.startswith("/") else _home(environment) / ".local" / "state"
    )
    return home / "diagnose" / "history.jsonl"


def _home(environment: Mapping[str, str]) -> Path:
    home = environment.get("HOME", "") or os.path.expanduser("~")  # noqa: PTH111
    return Path(home if home.startswith("/") else "/")


def load_entries(path: Path) -> tuple[HistoryEntry, ...]:
    """What runs said, the newest last. Lines that cannot be understood are passed over."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                return ()
            file.seek(max(status.st_size - MAX_READ, 0))
            data = file.read(MAX_READ)
    except OSError:
        return ()
    return _entries(data)


def _entries(data: bytes) -> tuple[HistoryEntry, ...]:
    lines = data.decode("utf-8", "replace").split("\n")
    return tuple(entry for text in lines if text and (entry := decode(text)) is not None)


def append_entry(path: Path, entry: HistoryEntry) -> bool:
    """Write what a run said behind the others, in one piece; whether that was done."""
    data = encode(entry)
    if len(data) > MAX_LINE:
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
    deadline = time.monotonic() + LOCK_TIMEOUT
    while True:
        descriptor = os.open(path, flags, 0o600)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                yield None
                return
            is_locked = _lock(descriptor, deadline)
            if not is_locked or _is_same_file(path, descriptor):
                yield descriptor if is_locked else None
                return
            # It was cut meanwhile: another file has its name now.
        finally:
            os.close(descriptor)


def _lock(descriptor: int, deadline: float) -> bool:
    while True:
        with suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        if time.monotonic() >= deadline:
            return False
        time.sleep(LOCK_INTERVAL)


def _is_same_file(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _write(path: Path, descriptor: int, data: bytes) -> bool:
    size = os.fstat(descriptor).st_size
    if size and os.pread(descriptor, 1, size - 1) != b"\n":
        data = b"\n" + data  # somebody was cut off in the middle of a line
    if os.write(descriptor, data) != len(data):
        os.ftruncate(descriptor, size)
        return False
    if size + len(data) > MAX_SIZE:
        with suppress(OSError):
            _trim(path)
    return True


def _trim(path: Path) -> None:
    """Put a shorter file in its place: a reader sees the one or the other."""
    data = b"".join(map(encode, trimmed(load_entries(path))))
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".history-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def trimmed(entries: Sequence[HistoryEntry]) -> list[HistoryEntry]:
    """The newest entries. Prints are what takes room, and are wanted only of a target's last good
    run of each kind of look."""
    newest, seen_kinds, bytes_left = [], set(), TRIMMED_SIZE
    for entry in reversed(entries[-MAX_LINES:]):
        run_kind = (entry.target, entry.server, entry.looked)
        is_wanted = entry.status == "ok" and run_kind not in seen_kinds
        seen_kinds |= {run_kind} if entry.status == "ok" else set()
        trimmed_entry = entry if is_wanted else replace(entry, prints={}, looked=())
        bytes_left -= len(encode(trimmed_entry))
        if bytes_left < 0:
            break
        newest.append(trimmed_entry)
    return newest[::-1]
