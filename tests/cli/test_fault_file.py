"""The file that a fault of diagnose itself leaves."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from diagnose.checking import conclusion
from diagnose.checking.registry import load_check
from diagnose.cli import execution
from diagnose.cli.fault_file import MAX_LENGTH, write_crashes, write_fault
from diagnose.cli.main import main
from diagnose.model import Claim, Crash, Evidence


def fault() -> int:
    raise ZeroDivisionError("of shop.example.com")


def test_it_says_where_and_only_this_user_reads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.delenv("DIAGNOSE_DEBUG", raising=False)
    assert execution.guarded(["--lang", "en"], fault) == 70
    file = tmp_path / "diagnose" / "fault.txt"
    assert capsys.readouterr().err == (
        "diagnose: A fault of diagnose itself: ZeroDivisionError: of shop.example.com"
        f" ({file} is a report to send; names and addresses may be in it)\n"
    )
    text = file.read_text()
    assert text.startswith("# ZeroDivisionError in diagnose ")
    assert "\n- command: diagnose --lang (values left out)\n" in text
    assert 'raise ZeroDivisionError("of shop.example.com")' in text
    assert file.stat().st_mode & 0o777 == 0o600
    assert execution.guarded(["--lang", "zh"], fault) == 70
    assert f"（{file} 是可以发送的报告" in capsys.readouterr().err


def test_the_last_fault_replaces_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    write_fault(ValueError("x" * 2 * MAX_LENGTH), [])
    path = Path(write_fault(ValueError("short"), []))
    assert path.read_text().endswith("ValueError: short\n```\n")
    assert path.stat().st_size < MAX_LENGTH


def test_without_a_folder_the_variable_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tmp_path.joinpath("file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    monkeypatch.delenv("DIAGNOSE_DEBUG", raising=False)
    assert write_fault(ValueError(), []) == ""
    assert execution.guarded(["--lang", "en"], fault) == 70
    assert "(DIAGNOSE_DEBUG=1 shows where)" in capsys.readouterr().err


EVIDENCE = Path(__file__).parents[2] / "docs/evidence/refused-desk.jsonl"


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_check_that_crashes_leaves_a_report_and_no_traceback_on_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], lang: str
) -> None:
    def crash(evidence: Evidence) -> Iterator[Claim]:
        raise ZeroDivisionError("of shop.example.com")

    broken = replace(load_check("tcp.refused"), judge=crash)
    monkeypatch.setattr(conclusion, "runnable_ids", lambda _, **__: ("tcp.refused",))
    monkeypatch.setattr(conclusion, "load_check", lambda _: broken)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr("sys.argv", ["diagnose", "replay", "secret.example", "--lang", lang])
    assert main(["replay", str(EVIDENCE), "--format", "text", "--lang", lang]) == 3
    out, err = capsys.readouterr()
    file = tmp_path / "diagnose" / "fault.txt"
    assert "tcp.refused: ZeroDivisionError: of shop.example.com" in " ".join(out.split())
    assert "Traceback" not in out + err
    assert str(file) in err
    text = file.read_text()
    assert text.startswith("# tcp.refused in diagnose ")
    assert "command: diagnose replay --lang (values left out)" in text
    assert 'raise ZeroDivisionError("of shop.example.com")' in text
    assert "secret.example" not in text


def test_a_crash_without_a_traceback_leaves_no_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert write_crashes([Crash("run", "It ended too soon.")], []) == ""
