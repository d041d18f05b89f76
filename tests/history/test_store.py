"""The file of earlier runs, and what it is asked for."""

import fcntl
import json
import os
import stat
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from diagnose.history import HistoryEntry, append_entry, history_path, load_entries, store
from diagnose.history.entries import MAX_LINE, decode, encode
from tests.support.history_evidence import an_entry


def test_it_lies_where_states_lie() -> None:
    assert history_path({"HOME": "/h"}) == Path("/h/.local/state/diagnose/history.jsonl")
    given = {"HOME": "/h", "XDG_STATE_HOME": "/s"}
    assert history_path(given) == Path("/s/diagnose/history.jsonl")
    assert history_path({**given, "XDG_STATE_HOME": "s"}) == history_path({"HOME": "/h"})


def test_what_is_appended_is_loaded_the_newest_last(tmp_path: Path) -> None:
    path = tmp_path / "state" / "diagnose" / "history.jsonl"
    assert load_entries(path) == ()
    first, second = an_entry(minutes=-9), an_entry("critical", causes=("tcp.refused",))
    assert append_entry(path, first)
    assert append_entry(path, second)
    assert load_entries(path) == (first, second)


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "diagnose" / "history.jsonl"
    append_entry(path, an_entry())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def broken_line(**fields: object) -> bytes:
    return json.dumps({**json.loads(encode(an_entry())), **fields}).encode() + b"\n"


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"nonsense\n",
        b"[]\n",
        b"[" * 99_999 + b"\n",
        b"\xff\xfe\n",
        encode(an_entry())[:60] + b"\n",
        broken_line(history=2),
        broken_line(status="fine"),
        broken_line(at="yesterday"),
        broken_line(at="2026-11-24T12:00:00"),
        broken_line(target=None),
        broken_line(prints={"a": 1}),
        broken_line(prints=[]),
        broken_line(duration=float("nan")),
        broken_line(duration=10**400),
    ],
)
def test_lines_that_cannot_be_understood_are_passed_over(tmp_path: Path, line: bytes) -> None:
    path, one = tmp_path / "history.jsonl", an_entry()
    path.write_bytes(encode(one) + line + encode(one))
    assert load_entries(path) == (one, one)


def test_fields_of_a_later_version_are_passed_over() -> None:
    assert decode(broken_line(colour="red").decode()) == an_entry()


def test_a_line_that_was_cut_off_does_not_spoil_the_next(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.write_bytes(encode(an_entry())[:60])
    assert append_entry(path, an_entry())
    assert load_entries(path) == (an_entry(),)


def test_where_nothing_can_be_written_nothing_is_lost_but_history(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert not append_entry(tmp_path / "file" / "history.jsonl", an_entry())
    assert load_entries(tmp_path / "file" / "history.jsonl") == ()
    assert not append_entry(tmp_path, an_entry())
    assert load_entries(tmp_path) == ()
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    assert not append_entry(fifo, an_entry())
    assert load_entries(fifo) == ()
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "file")
    assert not append_entry(link, an_entry())
    assert not (tmp_path / "file").read_text()


def test_an_entry_that_is_too_long_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    assert not append_entry(path, an_entry(target="https://shop.example.com/" + "a" * MAX_LINE))
    assert not path.exists()


def test_one_who_writes_for_too_long_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "LOCK_TIMEOUT", 0.0)
    path = tmp_path / "history.jsonl"
    with path.open("wb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert not append_entry(path, an_entry())
    assert append_entry(path, an_entry())


def test_many_write_at_once_and_none_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though the file is cut, and so is another one, again and again."""
    monkeypatch.setattr(store, "MAX_SIZE", 4096)
    monkeypatch.setattr(store, "LOCK_TIMEOUT", 60.0)
    path = tmp_path / "history.jsonl"

    def write(number: int) -> None:
        for minute in range(20):
            assert append_entry(
                path, an_entry("critical", minutes=minute, server=f"ssh://{number}")
            )

    writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for one in writers:
        one.start()
    for one in writers:
        one.join()
    found = load_entries(path)
    assert len(found) == 80
    assert len(set(found_at(found))) == 80
    assert [one.name for one in tmp_path.iterdir()] == ["history.jsonl"]


def found_at(entries: tuple[HistoryEntry, ...]) -> list[tuple[str, str]]:
    return [(entry.server, entry.at) for entry in entries]


def test_a_file_that_grew_too_large_keeps_the_newest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MAX_SIZE", 100)
    monkeypatch.setattr(store, "MAX_LINES", 3)
    path = tmp_path / "history.jsonl"
    for minute in range(5):
        assert append_entry(path, an_entry("critical", minutes=minute))
    assert load_entries(path) == tuple(an_entry("critical", minutes=minute) for minute in (2, 3, 4))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_prints_are_kept_of_the_last_good_run_of_each_kind_of_look() -> None:
    outside = an_entry("ok", -9, prints={"address (IPv4)": "::1"})
    inside = an_entry("ok", -8, prints={"server": "web1"}, looked=("file",))
    bad = an_entry("critical", -7, prints={"server": "web1"}, looked=("file",))
    newer = replace(inside, at=an_entry(minutes=-6).at)
    left = store.trimmed([outside, inside, bad, newer])
    assert left[0] == outside
    assert [one.prints for one in left[1:]] == [{}, {}, {"server": "web1"}]


def test_what_is_kept_is_bounded_whatever_it_is() -> None:
    many = {f"file /{number}": "a" * 300 for number in range(90)}
    entries = [an_entry(target=f"https://{n}.example.com/", prints=many) for n in range(100)]
    left = store.trimmed(entries)
    assert sum(len(encode(one)) for one in left) <= store.TRIMMED_SIZE
    assert left[-1] == entries[-1]
    assert len(left) < 100


def test_a_home_that_is_missing_is_not_made(tmp_path: Path) -> None:
    """HOME=/nonexistent, as services have it."""
    path = history_path({"HOME": str(tmp_path / "none")})
    assert not append_entry(path, an_entry())
    assert not (tmp_path / "none").exists()
    there = history_path({"HOME": str(tmp_path)})
    assert append_entry(there, an_entry())
