import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Protocol

import pytest

from diagnose.fleet.grouping import Cause
from diagnose.fleet.journal import Journal, JournalError

REFUSED = Cause("tcp.refused", "address", "203.0.113.10 port 443", "Nothing listens")
EXPIRED = Cause("certificate.expired", "certificate", "ab12", "It expired")


class Opened(Protocol):
    def __call__(self, path: Path, resume: bool = True, options: str = "options") -> Journal: ...


@pytest.fixture
def opened() -> Iterator[Opened]:
    """Opens journals, and closes them at the end of the test."""
    with ExitStack() as journals:

        def open_journal(path: Path, resume: bool = True, options: str = "options") -> Journal:
            return journals.enter_context(closing(Journal(path, options, resume)))

        yield open_journal


def test_a_result_is_known_to_the_next_run(opened: Opened, tmp_path: Path) -> None:
    path = tmp_path / "new" / "journal"
    journal = opened(path)
    journal.add("a", "critical", [REFUSED], "line a\n")
    journal.close()
    again = opened(path)
    assert again.is_finished("a")
    assert not again.is_finished("b")
    assert (again.pending, again.counts()) == ("line a\n", {"critical": 1})
    again.settle()
    assert again.pending == ""


def test_targets_with_the_same_cause_are_one_group_the_largest_first(
    opened: Opened, tmp_path: Path
) -> None:
    journal = opened(tmp_path / "journal")
    journal.add("a", "critical", [EXPIRED], "")
    for target in ("b", "c", "d"):
        journal.add(target, "critical", [REFUSED, EXPIRED] if target == "b" else [REFUSED], "")
    first, second = journal.groups(max_members=2)
    assert (first.cause, first.size, first.members) == (REFUSED, 3, ("b", "c"))
    assert (second.cause, second.size, second.members) == (EXPIRED, 2, ("a", "b"))


def test_without_resumption_it_begins_anew_and_says_what_was_lost(
    opened: Opened, tmp_path: Path
) -> None:
    path = tmp_path / "journal"
    journal = opened(path)
    journal.add("a", "ok", [], "")
    journal.close()
    anew = opened(path, resume=False)
    assert (anew.replaced, anew.is_finished("a"), anew.counts()) == (1, False, {})


def test_a_run_with_other_options_is_not_continued(opened: Opened, tmp_path: Path) -> None:
    opened(tmp_path / "journal").close()
    with pytest.raises(JournalError, match="other options"):
        opened(tmp_path / "journal", options="others")


def test_a_journal_in_use_is_refused_and_not_emptied(opened: Opened, tmp_path: Path) -> None:
    path = tmp_path / "journal"
    journal = opened(path)
    journal.add("a", "ok", [], "")
    script = (
        "import sys; from pathlib import Path; from diagnose.fleet.journal import Journal;"
        "Journal(Path(sys.argv[1]), 'options', False)"
    )
    other = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=False
    )
    assert "another run of diagnose fleet uses it" in other.stderr
    assert journal.is_finished("a")


@pytest.mark.parametrize("content", ["a.example\nb.example\n", "SQLite format 3\0 and then none"])
def test_another_kind_of_file_is_left_alone(opened: Opened, tmp_path: Path, content: str) -> None:
    path = tmp_path / "list"
    path.write_text(content)
    with pytest.raises(JournalError):
        opened(path, resume=False)
    assert path.read_text() == content


def test_a_folder_that_cannot_be_written_is_said(opened: Opened, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(JournalError, match=r"Not a directory|File exists"):
        opened(tmp_path / "file" / "journal")


def test_nothing_is_left_of_a_removed_journal(opened: Opened, tmp_path: Path) -> None:
    journal = opened(tmp_path / "journal")
    journal.add("a", "ok", [], "")
    journal.remove()
    assert list(tmp_path.iterdir()) == []


def test_answers_of_workers_stay_until_the_target_is_finished(
    opened: Opened, tmp_path: Path
) -> None:
    journal = opened(tmp_path / "journal")
    journal.add_answer("a", "tokyo", b"first")
    journal.add_answer("a", "tokyo", b"second")
    journal.add_answer("a", "paris", b"other")
    journal.close()
    again = opened(tmp_path / "journal")
    assert again.answers("a") == {"paris": b"other", "tokyo": b"first"}
    again.remove_answers("a")
    assert again.answers("a") == {}


def test_a_run_keeps_its_name_until_it_begins_anew(opened: Opened, tmp_path: Path) -> None:
    names = []
    for resume in (True, True, False):
        journal = opened(tmp_path / "journal", resume)
        names.append(journal.run_id)
        journal.close()
    first, continued, anew = names
    assert first == continued != anew
    assert len(anew) == 16
