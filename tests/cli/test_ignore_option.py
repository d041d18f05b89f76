"""The option --ignore."""

import json
from datetime import date
from pathlib import Path

import pytest

from diagnose.cli import main
from diagnose.cli.option_values import ignore
from diagnose.cli.request import RunRequest
from diagnose.cli.request_parser import parse_run
from diagnose.model import Ignore
from diagnose.parsers.target import UsageError
from tests.support.command_line import diagnose


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tcp.refused", Ignore("tcp.refused")),
        ("tcp.refused@2026-12-31", Ignore("tcp.refused", date(2026, 12, 31))),
        ("tcp.refused=moves", Ignore("tcp.refused", None, "moves")),
        ("tcp.refused@2026-12-31=a=b @c", Ignore("tcp.refused", date(2026, 12, 31), "a=b @c")),
        ("tcp.refused=a@b", Ignore("tcp.refused", None, "a@b")),
    ],
)
def test_it_takes_a_check_a_day_and_a_reason(text: str, expected: Ignore) -> None:
    assert ignore(text) == expected
    assert ignore(expected.argument()) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tcp.refusd", "tcp.refused"),
        ("tcp.refused@tomorrow", "YYYY-MM-DD"),
        ("tcp.refused@2026-02-30", "YYYY-MM-DD"),
        ("tcp.refused@2026W01", "YYYY-MM-DD"),
        ("tcp.refused@", "YYYY-MM-DD"),
        ("@2026-12-31", "CHECK"),
        ("", "CHECK"),
        (f"tcp.refused={'x' * 501}", "500"),
    ],
)
def test_anything_else_is_refused_with_a_hint(text: str, expected: str) -> None:
    with pytest.raises(UsageError, match=expected):
        ignore(text)


def test_it_is_repeatable_and_repeated_by_printed_commands() -> None:
    request = parse_run(["x.example", "--ignore", "tcp.refused=a b", "--ignore", "dns.nxdomain"])
    assert isinstance(request, RunRequest)
    assert [each.check for each in request.options.ignores] == ["tcp.refused", "dns.nxdomain"]
    assert request.options.rerun_args[-4:] == (
        "--ignore", "tcp.refused=a b", "--ignore", "dns.nxdomain",
    )  # fmt: skip
    assert "tcp.refused=a b" in request.browser_arguments()


def test_an_unknown_check_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["x.example", "--ignore", "tcp.refusd"]) == 64
    assert "tcp.refused" in capsys.readouterr().err


def test_a_refused_port_that_is_ignored_is_ok(shut: int) -> None:
    words = ("--json", "--outside", f"127.0.0.1:{shut}", "--ignore", "tcp.refused=not yet there")
    result = diagnose(*words)
    assert result.returncode == 0, result.stdout
    document = json.loads(result.stdout)
    assert document["findings"][0]["suppressed"]["reason"] == "not yet there"
    expired = diagnose("--format", "plain", *words[1:3], "--ignore", "tcp.refused@2020-01-01")
    assert expired.returncode == 2
    assert "2020-01-01" in expired.stdout


def test_a_recording_is_judged_with_it(shut: int, tmp_path: Path) -> None:
    file = str(tmp_path / "site.jsonl")
    assert diagnose("record", "--outside", f"127.0.0.1:{shut}", "-o", file).returncode == 2
    assert diagnose("replay", file, "-q", "--ignore", "tcp.refused").returncode == 0
    assert diagnose("replay", file, "-q").returncode == 2
