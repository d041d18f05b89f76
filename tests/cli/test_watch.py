"""`diagnose watch` as a program of its own, on a loopback port that refuses."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from diagnose.cli.request_parser import parse_watch
from diagnose.cli.schemas import lines_schema
from diagnose.parsers.target import UsageError
from tests.support.command_line import ENVIRONMENT, ROOT

PROGRAM = [sys.executable, "-m", "diagnose", "watch", "--interval", "1s"]


def watch(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *words], cwd=ROOT, env=ENVIRONMENT, capture_output=True, encoding="utf-8",
        timeout=60, check=False,
    )  # fmt: skip


def test_it_ends_after_so_many_pulses_with_the_worst_status(shut: int) -> None:
    done = watch("--count", "1", f"http://127.0.0.1:{shut}/")
    assert done.returncode == 2
    (line,) = done.stdout.splitlines()
    assert "critical" in line
    assert f"http://127.0.0.1:{shut}/" in line
    assert "A pulse every 1 s" in done.stderr


def test_each_pulse_and_each_diagnosis_is_a_line(shut: int) -> None:
    done = watch("--count", "1", "--jsonl", f"http://127.0.0.1:{shut}/")
    verdict, pulse = map(json.loads, done.stdout.splitlines())
    validator = jsonschema.Draft202012Validator(json.loads(lines_schema()))
    validator.validate(verdict)
    validator.validate(pulse)
    assert (verdict["type"], verdict["reason"], verdict["difference"]) == ("verdict", "first", None)
    assert verdict["root_causes"][0]["check"] == "tcp.refused"
    assert (pulse["type"], pulse["difference"]) == ("pulse", None)
    assert pulse["answers"] == [
        {"question": "http", "address": "127.0.0.1", "path": None, "outcome": "refused",
         "certificate": None},
    ]  # fmt: skip


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it(shut: int, number: signal.Signals, status: int) -> None:
    with subprocess.Popen(
        [*PROGRAM, f"http://127.0.0.1:{shut}/"], cwd=ROOT, env=ENVIRONMENT,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert "critical" in process.stdout.readline()
        process.send_signal(number)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == status
    assert "Traceback" not in errors


def test_nobody_reads_any_more(shut: int) -> None:
    with subprocess.Popen(
        [*PROGRAM, "--jsonl", f"http://127.0.0.1:{shut}/"], cwd=ROOT, env=ENVIRONMENT,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
    ) as process:  # fmt: skip
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr is not None
        try:
            assert process.wait(30) == 0
            errors = process.stderr.read()
        finally:
            process.kill()
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ((), "Watch what"),
        (("a.example", "--interval", "0.2s"), "at least 1s"),
        (("a.example", "--interval", "soon"), "--interval takes"),
        (("a.example", "--full-interval", "0"), "--full-interval takes"),
        (("a.example", "--count", "0"), "--count takes"),
        (("a.example", "--server", "ssh://a"), "leave --server out"),
        (("a.example", "--inside"), "leave --inside out"),
        (("a.example", "--vantage", "globalping"), "leave --vantage out"),
        (("a.example", "--idle", "5"), "leave --idle out"),
    ],
)
def test_words_that_watch_nothing_are_refused(words: tuple[str, ...], problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        parse_watch(words)


def test_a_mistake_is_said_with_status_64(tmp_path: Path) -> None:
    done = watch()
    assert done.returncode == 64
    assert "Watch what?" in done.stderr
