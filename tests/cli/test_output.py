"""What is written, where to, and in which encoding."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from diagnose.cli import main, output
from diagnose.cli.request import OutputOptions, RunRequest
from diagnose.model import Target
from diagnose.model.view import View
from diagnose.parsers.target import UsageError
from diagnose.probes import Options
from tests.support.command_line import ENVIRONMENT, ROOT, diagnose
from tests.support.report_builder import healthy


def test_a_terminal_in_another_encoding_does_not_stop_it(shut: int) -> None:
    for encoding in ("gbk", "ascii"):
        result = subprocess.run(
            [sys.executable, "-m", "diagnose", "--lang", "zh", "--outside", f"127.0.0.1:{shut}"],
            cwd=ROOT,
            env={**ENVIRONMENT, "PYTHONIOENCODING": encoding, "DIAGNOSE_GLYPHS": "unicode"},
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert result.returncode == 2, result.stderr
        result.stdout.decode(encoding)


def test_redacted_output_names_no_address(shut: int) -> None:
    result = diagnose("--redact", "--json", "--outside", f"127.0.0.1:{shut}")
    assert socket.gethostname() not in result.stdout or "." not in socket.gethostname()
    assert json.loads(result.stdout)["verdict"]["exit_code"] == 2


def test_a_reader_that_leaves_is_left_in_peace(shut: int) -> None:
    command = f"{sys.executable} -m diagnose --json --outside 127.0.0.1:{shut} | true"
    command += "; exit ${PIPESTATUS[0]}"
    result = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, env=ENVIRONMENT, capture_output=True, check=False
    )
    assert result.stderr == b""
    assert result.returncode == 2


def test_several_reports_are_one_json_document_or_stand_apart(
    capsys: pytest.CaptureFixture[str],
) -> None:
    one = (healthy(), View())
    output.write_views([one, one], "json")
    assert len(json.loads(capsys.readouterr().out)) == 2
    output.write_views([one], "text")
    alone = capsys.readouterr().out
    output.write_views([one, one], "text")
    assert capsys.readouterr().out == f"{alone}\n{alone}"


def test_a_stream_of_events_already_holds_its_report(capsys: pytest.CaptureFixture[str]) -> None:
    for output_format, is_written in (("jsonl", False), ("plain", True)):
        request = RunRequest((), Options(), OutputOptions(output_format))
        output.write_after_events([healthy()], request, View())
        assert bool(capsys.readouterr().out) is is_written


def test_a_lone_surrogate_becomes_an_escape(capsys: pytest.CaptureFixture[str]) -> None:
    output.save("-", '"\udcff"\n')
    assert json.loads(capsys.readouterr().out) == "\udcff"


def test_a_file_that_cannot_be_written_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as error:
        output.save(str(tmp_path), "text")
    assert str(error.value) == f"{tmp_path}: Is a directory."


def test_what_becomes_public_is_said_first(capsys: pytest.CaptureFixture[str]) -> None:
    target = Target("x", "https", "shop.example.com", 443, "/a?token=swordfish")
    for lang, word in (("en", "public"), ("zh", "公开")):
        request = RunRequest((target,), Options(vantages=("globalping",)), OutputOptions(lang=lang))
        output.announce_publication(request)
        shown = capsys.readouterr()
        assert "https://shop.example.com/a" in shown.err
        assert word in shown.err
        assert "swordfish" not in shown.err + shown.out
    output.announce_publication(RunRequest((target,), Options(vantages=("ssh://a",))))
    assert capsys.readouterr().err == ""


RECORDING = str(ROOT / "docs" / "evidence" / "firewall.jsonl")


def test_a_ticket_stands_in_two_languages(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["replay", RECORDING, "--config", "none", "--format", "markdown", "--lang", "zh"]
    assert main.main([*words, "--also-lang", "en"]) == 2
    text = capsys.readouterr().out
    assert text.startswith("## ❌ 严重: ")
    assert text.count("\n## ❌ CRITICAL: ") == 1
    assert main.main([*words, "--also-lang", "zh"]) == 2
    assert capsys.readouterr().out.count("\n## ❌ ") == 0


def test_only_a_ticket_stands_in_two_languages(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["replay", RECORDING, "--json", "--also-lang", "en"]) == 64
    assert "--also-lang is for --format markdown." in capsys.readouterr().err
