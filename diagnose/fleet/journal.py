"""What a fleet has done, in a file of SQLite, so that a run that was killed can be continued.

A result is stored before it is written. Of all results, only the last one may then be stored and
not written, or written in part; its text is kept (`pending`) and is completed on resumption
(`diagnose.fleet.result_stream`). A commit does not wait for the disk (WAL, synchronous=NORMAL): it
survives the end of the process, whichever way, and a loss of power costs at most the last seconds.
"""

import os
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

from diagnose.fleet.grouping import Cause
from diagnose.model.frozen import frozen

#: The layout of the file. Another one is not read.
LAYOUT = 1

_TABLES = """
CREATE TABLE facts (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE results (target TEXT PRIMARY KEY, status TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE causes (id TEXT PRIMARY KEY, check_id TEXT NOT NULL, kind TEXT NOT NULL,
    place TEXT NOT NULL, title TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE members (cause TEXT NOT NULL, target TEXT NOT NULL, PRIMARY KEY (cause, target))
    WITHOUT ROWID;
"""

#: What workers answered about targets that are not finished: other vantages have not answered yet.
_ANSWERS = """CREATE TABLE IF NOT EXISTS answers (target TEXT NOT NULL, vantage TEXT NOT NULL,
    message BLOB NOT NULL, PRIMARY KEY (target, vantage)) WITHOUT ROWID"""


class JournalError(Exception):
    """The journal cannot be used; the text says why."""


@frozen
class Group:
    """Targets that fail for the same cause: how many, and some of them."""

    cause: Cause
    size: int
    members: tuple[str, ...]


class Journal:
    """The results so far. Raises `JournalError` if the file cannot be opened, is used by another
    process, or belongs to a run with other `options`."""

    def __init__(self, path: Path, options: str, resume: bool) -> None:
        self.path = path
        #: How many results of an earlier run were thrown away.
        self.replaced = 0
        if path.exists() and not _is_journal(path):
            raise JournalError(f"{path} is no journal of diagnose fleet.")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.touch(0o600)
            self._database = sqlite3.connect(path, isolation_level=None, timeout=0.5)
            try:
                self._open(options, resume)
            except BaseException:
                self._database.close()
                raise
        except (OSError, sqlite3.Error) as error:
            raise JournalError(f"{path}: {_reason(error)}.") from None

    def _open(self, options: str, resume: bool) -> None:
        execute = self._database.execute
        # Another process that opens the same journal gets "database is locked".
        execute("PRAGMA locking_mode = EXCLUSIVE")
        execute("PRAGMA journal_mode = WAL")
        execute("PRAGMA synchronous = NORMAL")
        execute("BEGIN EXCLUSIVE")
        execute("COMMIT")
        layout = execute("PRAGMA user_version").fetchone()[0]
        if layout and not resume:
            self.replaced = sum(self.counts().values())
        if not layout or not resume:
            self._drop_tables()
            self._database.executescript(f"BEGIN;{_TABLES}PRAGMA user_version = {LAYOUT};COMMIT;")
            self._set_fact("options", options)
        elif layout != LAYOUT:
            raise JournalError(f"{self.path} was written by another version of diagnose.")
        elif self._fact("options") != options:
            raise JournalError(f"{self.path} belongs to a run with other options.")
        execute(_ANSWERS)

    def _drop_tables(self) -> None:
        for table in ("facts", "results", "causes", "members", "answers"):
            self._database.execute(f"DROP TABLE IF EXISTS {table}")

    def close(self) -> None:
        self._database.close()

    def remove(self) -> None:
        """Remove the file: everything is done."""
        self.close()
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self.path}{suffix}").unlink(missing_ok=True)

    def is_finished(self, target: str) -> bool:
        """Return whether a target is finished."""
        query = "SELECT 1 FROM results WHERE target = ?"
        return self._database.execute(query, (target,)).fetchone() is not None

    def add(self, target: str, status: str, causes: Iterable[Cause], text: str) -> None:
        """Store a result, and its text until the next result."""
        execute = self._database.execute
        execute("BEGIN")
        try:
            execute("INSERT OR REPLACE INTO results VALUES (?, ?)", (target, status))
            self._add_causes(target, causes)
            self._set_fact("pending", text)
        except BaseException:
            execute("ROLLBACK")
            raise
        execute("COMMIT")

    def _add_causes(self, target: str, causes: Iterable[Cause]) -> None:
        for cause in causes:
            row = (cause.group, cause.check, cause.kind, cause.place, cause.title)
            self._database.execute("INSERT OR IGNORE INTO causes VALUES (?, ?, ?, ?, ?)", row)
            member = (cause.group, target)
            self._database.execute("INSERT OR IGNORE INTO members VALUES (?, ?)", member)

    @property
    def run_id(self) -> str:
        """A name of this run of the list, for workers: it stays the same when it is continued."""
        if not self._fact("run"):
            self._set_fact("run", os.urandom(8).hex())
        return self._fact("run")

    def add_answer(self, target: str, vantage: str, message: bytes) -> None:
        """Store what one vantage answered about a target, named by its digest; the first answer
        stays."""
        row = (target, vantage, message)
        self._database.execute("INSERT OR IGNORE INTO answers VALUES (?, ?, ?)", row)

    def answers(self, target: str) -> dict[str, bytes]:
        """Return what is known about a target that is not finished, by vantage."""
        query = "SELECT vantage, message FROM answers WHERE target = ? ORDER BY vantage"
        return dict(self._database.execute(query, (target,)).fetchall())

    def remove_answers(self, target: str) -> None:
        self._database.execute("DELETE FROM answers WHERE target = ?", (target,))

    @property
    def pending(self) -> str:
        """The text of the last result: whether all of it was written is not known."""
        return self._fact("pending")

    def settle(self) -> None:
        """Say that all results were written."""
        self._set_fact("pending", "")

    def counts(self) -> dict[str, int]:
        """Return how many targets are finished, by the status of their verdict."""
        query = "SELECT status, count(*) FROM results GROUP BY status"
        return dict(self._database.execute(query).fetchall())

    def groups(self, max_members: int) -> Iterator[Group]:
        """Return the causes, the one with the most members first, each with the first members."""
        query = """SELECT causes.*, count(*) AS size FROM causes JOIN members ON cause = id
            GROUP BY id ORDER BY size DESC, check_id, place"""
        members = "SELECT target FROM members WHERE cause = ? ORDER BY target LIMIT ?"
        for cause_id, check, kind, place, title, size in self._database.execute(query):
            rows = self._database.execute(members, (cause_id, max_members))
            yield Group(Cause(check, kind, place, title), size, tuple(row[0] for row in rows))

    def _fact(self, key: str) -> str:
        row = self._database.execute("SELECT value FROM facts WHERE key = ?", (key,)).fetchone()
        return str(row[0]) if row else ""

    def _set_fact(self, key: str, value: str) -> None:
        self._database.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (key, value))


def _is_journal(path: Path) -> bool:
    """Return whether a file is empty or one of SQLite (https://sqlite.org/fileformat.html)."""
    try:
        with path.open("rb") as file:
            beginning = file.read(16)
    except OSError:
        return False
    return beginning in {b"", b"SQLite format 3\0"}


def _reason(error: OSError | sqlite3.Error) -> str:
    if isinstance(error, OSError):
        return error.strerror or str(error)
    is_locked = "locked" in str(error)
    return "another run of diagnose fleet uses it" if is_locked else str(error)
