"""`diagnose fleet` as a program of its own, on loopback ports that refuse."""

import json
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from diagnose.cli.request_parser import parse_fleet
from diagnose.parsers.target import UsageError
from tests.support.command_line import ENVIRONMENT, ROOT

PROGRAM = [sys.executable, "-m", "diagnose", "fleet"]


def environment(folder: Path) -> dict[str, str]:
    return {**ENVIRONMENT, "XDG_STATE_HOME": str(folder / "state")}


def fleet(folder: Path, *words: str, text: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *words], cwd=ROOT, env=environment(folder), input=text, capture_output=True,
        encoding="utf-8", timeout=60, check=False,
    )  # fmt: skip


def lines(text: str, kind: str) -> list[dict[str, Any]]:
    """Return the lines of one type."""
    return [line for line in map(json.loads, text.splitlines()) if line["type"] == kind]


@pytest.fixture
def journals(tmp_path: Path) -> Iterator[Path]:
    """The folder of the journals. A run that reaches the end of its list leaves none."""
    yield tmp_path / "state" / "diagnose" / "fleet"
    assert not list((tmp_path / "state" / "diagnose" / "fleet").glob("*"))


def test_each_target_is_a_line_and_a_cause_is_one_group(
    tmp_path: Path, shut: int, journals: Path
) -> None:
    text = f"# shops\n127.0.0.1:{shut}\nhttp://127.0.0.1:{shut}/a\nnot a target\n127.0.0.1:{shut}\n"
    done = fleet(tmp_path, "-", "--summary", "--rate", "1000", text=text)
    assert done.returncode == 3  # a line that names no target is unknown
    verdicts = lines(done.stdout, "verdict")
    assert {line["verdict"]["status"] for line in verdicts} == {"critical"}
    assert {line["schema_version"] for line in verdicts} == {"1.0"}
    (group,) = lines(done.stdout, "group")
    assert (group["check"], group["size"]) == ("tcp.refused", 2)
    assert sorted(group["members"]) == sorted(line["target"]["url"] for line in verdicts)
    assert {line["root_causes"][0]["group"] for line in verdicts} == {group["group"]}
    (error,) = lines(done.stdout, "error")
    assert (error["line"], error["input"]) == (4, "not a target")
    (summary,) = lines(done.stdout, "summary")
    assert done.stdout.splitlines()[-1] == json.dumps(summary)
    assert (summary["targets"], summary["repeated"], summary["complete"]) == (3, 1, True)
    assert "At most 1000 targets begin in a second" in done.stderr
    assert "tcp.refused" in done.stderr


def test_lines_are_whole_reports_unless_a_summary_is_asked_for(
    tmp_path: Path, shut: int, journals: Path
) -> None:
    done = fleet(tmp_path, "-", text=f"127.0.0.1:{shut}")
    (report,) = lines(done.stdout, "report")
    assert report["findings"][0]["check"] == "tcp.refused"
    assert done.returncode == 2


def test_real_lines_keep_the_schema_that_is_printed(tmp_path: Path, shut: int) -> None:
    schema = json.loads(fleet(tmp_path, "--schema").stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    text = f"127.0.0.1:{shut}\nhttp://127.0.0.1:{shut}/a\nnot a target\n"
    whole = fleet(tmp_path, "-", "--rate", "1000", text=text).stdout
    short = fleet(tmp_path, "-", "--summary", "--rate", "1000", text=text).stdout
    lines = [json.loads(line) for line in (whole + short).splitlines()]
    assert {line["type"] for line in lines} == {"report", "verdict", "error", "group", "summary"}
    for line in lines:
        validator.validate(line)
        # It holds each field of our own lines: without any of them the line is wrong.
        for name in set(line) if line["type"] != "report" else {"type", "verdict"}:
            without = {key: value for key, value in line.items() if key != name}
            assert not validator.is_valid(without), (line["type"], name)


def targets(shut: int, count: int = 30) -> list[str]:
    return [f"http://127.0.0.{number % 9 + 1}:{shut}/{number}" for number in range(count)]


def wait_for_output(process: subprocess.Popen[Any], output: Path) -> None:
    """Wait until the program has written something more, or has ended."""
    before = output.stat().st_size
    while output.stat().st_size == before and process.poll() is None:
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.01)


def test_killed_again_and_again_it_loses_and_repeats_nothing(tmp_path: Path, shut: int) -> None:
    path, output = tmp_path / "list", tmp_path / "out"
    path.write_text("\n".join(targets(shut)))
    command = [*PROGRAM, str(path), "--summary", "--resume", "--rate"]
    for _ in range(3):
        with output.open("ab") as stdout:
            # So few in a second that the end of the list is far when it is killed.
            process = subprocess.Popen(
                [*command, "2"], cwd=ROOT, env=environment(tmp_path), stdout=stdout,
                stderr=subprocess.DEVNULL,
            )  # fmt: skip
        wait_for_output(process, output)
        process.send_signal(signal.SIGKILL)
        process.wait()
    with output.open("ab") as stdout:
        subprocess.run(
            [*command, "1000"], cwd=ROOT, env=environment(tmp_path), stdout=stdout, check=False,
            stderr=subprocess.DEVNULL, timeout=60,
        )  # fmt: skip
    finished = Counter(
        line["target"]["url"] for line in lines(output.read_text("utf-8"), "verdict")
    )
    assert finished == Counter(targets(shut))


def test_ctrl_c_ends_with_a_summary_and_the_rest_follows(tmp_path: Path, shut: int) -> None:
    path = tmp_path / "list"
    path.write_text("\n".join(targets(shut)))
    output = tmp_path / "out"
    with output.open("ab") as stdout:
        process = subprocess.Popen(
            [*PROGRAM, str(path), "--summary", "--rate", "2"], cwd=ROOT,
            env=environment(tmp_path), stdout=stdout, stderr=subprocess.PIPE, encoding="utf-8",
        )  # fmt: skip
        wait_for_output(process, output)
        process.send_signal(signal.SIGINT)
        _, notes = process.communicate(timeout=30)
        assert process.returncode == 130
        (summary,) = lines(output.read_text("utf-8"), "summary")
        assert not summary["complete"]
        assert "Interrupted after" in notes
        assert "--resume" in notes
        resumed = fleet(tmp_path, str(path), "--summary", "--rate", "1000", "--resume")
    finished = lines(output.read_text("utf-8") + resumed.stdout, "verdict")
    assert Counter(line["target"]["url"] for line in finished) == Counter(targets(shut))


def test_nobody_who_reads_is_no_fault(tmp_path: Path, shut: int) -> None:
    process = subprocess.Popen(
        [*PROGRAM, "-", "--rate", "1000"], cwd=ROOT, env=environment(tmp_path),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
    )  # fmt: skip
    assert process.stdout is not None
    process.stdout.close()
    process.stdout = None
    _, notes = process.communicate(f"127.0.0.1:{shut}\n", timeout=30)
    assert process.returncode == 0
    assert "Traceback" not in notes
    assert "fault" not in notes


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ((), "Name one list"),
        (("a", "b"), "Name one list"),
        (("list", "--rate", "0"), "--rate takes"),
        (("list", "--concurrency", "many"), "--concurrency takes"),
        (("list", "--server", "ssh://a"), "leave --server out"),
        (("list", "--inside"), "leave --inside out"),
        (("list", "--from", "203.0.113.1"), "leave --from out"),
        (("list", "--vantage", "globalping"), "leave --vantage out"),
    ],
)
def test_words_that_make_no_fleet_are_refused(words: tuple[str, ...], problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        parse_fleet(words)


def test_a_list_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    done = fleet(tmp_path, "/nonexistent/list")
    assert done.returncode == 64
    assert "/nonexistent/list: No such file or directory." in done.stderr


def test_a_journal_that_is_none_stays(tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.write_text("a.example\n")
    done = fleet(tmp_path, str(path), "--journal", str(path))
    assert done.returncode == 64
    assert "no journal" in done.stderr
    assert path.read_text() == "a.example\n"
