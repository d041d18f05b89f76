"""The history file: JSON lines, readable by this user only. Nothing here raises: an error costs no
more than history."""

import fcntl
import os
import stat
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from errno import ENOENT
from pathlib import Path

from diagnose.history.entries import MAX_LINE, HistoryEntry, decode, encode

#: A larger file (bytes) is trimmed to this number of lines and bytes.
MAX_SIZE, MAX_LINES, TRIMMED_SIZE = 2 * 1024 * 1024, 2000, 1536 * 1024
#: A file that others made larger is read only from this many bytes before its end.
MAX_READ = 8 * 1024 * 1024

#: How long to wait for another writer, and the interval between attempts (seconds).
LOCK_TIMEOUT, LOCK_INTERVAL = 1.0, 0.01


def history_path(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the path of the file (XDG Base Directory Specification: a relative path is
    ignored)."""
    state_home = environment.get("XDG_STATE_HOME", "")
    home = (
        Path(state_home) if state_home.startswith("/") else _home(environment) / ".local" / "state"
    )
    return home / "diagnose" / "history.jsonl"


def make_folder(path: Path) -> None:
    """Make the folder of a file below the user's home, for this user alone. Raise OSError if that
    is not possible, or if there is no home: that of a service is often named and missing."""
    if not any(parent.is_dir() for parent in path.parents[1:4]):
        raise FileNotFoundError(ENOENT, "there is no home", str(path.parents[1]))
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)


def _home(environment: Mapping[str, str]) -> Path:
    home = environment.get("HOME", "") or os.path.expanduser("~")  # noqa: PTH111
    return Path(home if home.startswith("/") else "/")


def load_entries(path: Path) -> tuple[HistoryEntry, ...]:
    """Read the entries, the newest last. Lines that cannot be decoded are skipped."""
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
    """Append an entry with a single write. Return True on success."""
    data = encode(entry)
    if len(data) > MAX_LINE:
        return False
    try:
        make_folder(path)
        with _locked(path) as handle:
            return handle is not None and _write(path, handle, data)
    except OSError:
        return False


@contextmanager
def _locked(path: Path) -> Iterator[int | None]:
    """Open and lock the file; None if that is not possible."""
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
            # It was trimmed meanwhile: the path now belongs to another file. Try again.
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
        data = b"\n" + data  # the last writer was interrupted within a line
    if os.write(descriptor, data) != len(data):
        os.ftruncate(descriptor, size)
        return False
    if size + len(data) > MAX_SIZE:
        with suppress(OSError):
            _trim(path)
    return True


def _trim(path: Path) -> None:
    """Replace the file by a shorter one atomically."""
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
    """Return the newest entries. Fingerprints take most of the space, so they are kept only for the
    last healthy run of each target, server and set of complete kinds."""
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
