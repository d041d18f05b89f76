"""--output: a file is replaced in one step."""

import json
import os
import stat
import threading
from pathlib import Path

import pytest

from diagnose.cli import main
from diagnose.cli.atomic_file import replace_file
from diagnose.outputs import FORMATS
from tests.support.command_line import diagnose


def _names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_a_new_file_can_be_read_by_others(tmp_path: Path) -> None:
    file = tmp_path / "site.prom"
    before = os.umask(0o077)
    try:
        replace_file(str(file), b"one")
    finally:
        os.umask(before)
    assert file.read_bytes() == b"one"
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    assert _names(tmp_path) == ["site.prom"]


def test_a_file_keeps_its_mode(tmp_path: Path) -> None:
    file = tmp_path / "site.json"
    file.write_text("old")
    file.chmod(0o600)
    replace_file(str(file), b"new")
    assert (file.read_text(), stat.S_IMODE(file.stat().st_mode)) == ("new", 0o600)


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    other, link = tmp_path / "other", tmp_path / "link"
    other.write_text("precious")
    link.symlink_to(other)
    replace_file(str(link), b"new")
    assert other.read_text() == "precious"
    assert not link.is_symlink()


def test_a_reader_sees_no_part(tmp_path: Path) -> None:
    file = tmp_path / "site.prom"
    contents = {b"a" * 100_000, b"b" * 200_000}
    replace_file(str(file), b"a" * 100_000)
    stop = threading.Event()

    def write_again() -> None:
        while not stop.is_set():
            for content in contents:
                replace_file(str(file), content)

    writer = threading.Thread(target=write_again)
    writer.start()
    try:
        assert all(file.read_bytes() in contents for _ in range(200))
    finally:
        stop.set()
        writer.join()


def test_nothing_stays_of_a_failed_attempt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "site.json"
    file.write_text("old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        replace_file(str(file), b"new")
    assert _names(tmp_path) == ["site.json"]
    assert file.read_text() == "old"


def test_a_device_and_a_pipe_are_written_to(shut: int) -> None:
    replace_file("/dev/null", b"x")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
    words = ("--outside", f"127.0.0.1:{shut}", "--json", "--output", "/dev/stdout")
    assert json.loads(diagnose(*words).stdout)["verdict"]["exit_code"] == 2


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_goes_to_a_file(name: str, shut: int, tmp_path: Path) -> None:
    file = tmp_path / "report"
    words = ("--outside", f"127.0.0.1:{shut}", "--format", name)
    result = diagnose(*words, "--output", str(file))
    assert result.stdout == ""
    assert str(shut) in file.read_text("utf-8")
    assert _names(tmp_path) == ["report"]
    assert result.returncode == (0 if name == "zabbix-lld" else 2)


def test_the_lines_of_events_are_all_there(shut: int, tmp_path: Path) -> None:
    file = tmp_path / "events"
    diagnose("--jsonl", "--outside", f"127.0.0.1:{shut}", "-o", str(file))
    kinds = [json.loads(line)["type"] for line in file.read_text("utf-8").splitlines()]
    assert kinds[0] == "started"
    assert "observation" in kinds
    assert kinds[-1] == "report"


@pytest.mark.parametrize(
    ("path", "reason"), [("", "it is a folder"), ("gone/x", "there is no folder")]
)
def test_a_path_that_cannot_be_written_is_refused_first(
    path: str, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.main(["x.example", "--output", str(tmp_path / path)]) == 64
    assert reason in capsys.readouterr().err
