"""The commands besides `diagnose TARGET`."""

import json
from pathlib import Path

import pytest

from diagnose.cli import main
from diagnose.model import Evidence
from diagnose.model.visitor import Visitor
from diagnose.recording.codec import Recording, encode
from tests.support.check_evidence import NOW, SHOP
from tests.support.command_line import diagnose
from tests.support.report_builder import CLOSED, NAME


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "shop.jsonl"
    path.write_text(encode(Recording(Evidence(SHOP, NOW, (NAME, CLOSED)), "laptop", True)))
    return path


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["fix", "shop.example.com"], "Nothing was done: there is no terminal"),
        (["fix", "--undo"], "Nothing was done: there is no terminal"),
        (["fix", "--yes"], "Fix one target"),
        (["fix", "--yes", "a.example", "b.example"], "Fix one target"),
        (["fix", "--yes", "--outside", "a.example"], "A fix has to see everything"),
        (["fix", "--undo", "--resume"], "not allowed with"),
        (["--lang", "en", "fix", "a.example"], "The command comes first"),
    ],
)
def test_a_fix_begins_only_where_it_is_clear_what_is_wanted(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.main(words) == 64
    assert message in capsys.readouterr().err


def test_list_and_explain(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["list", "--lang", "en"]) == 0
    assert "  tcp.refused " in capsys.readouterr().out
    assert main.main(["explain", "tcp.refused", "--lang", "en"]) == 0
    page = capsys.readouterr().out
    assert page.startswith("error[tcp.refused]\n")
    assert "‹" not in page
    assert "{{" not in page
    assert "1. Look" in page
    assert main.main(["explain", "tcp.refused", "--lang", "zh"]) == 0
    assert "1. " in capsys.readouterr().out


def test_the_checks_of_one_layer(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["list", "tcp", "DNS", "--lang", "en"]) == 0
    listed = capsys.readouterr().out
    assert "  tcp.refused " in listed
    assert "  dns.nxdomain " in listed
    assert "  tls." not in listed
    assert main.main(["list", "tpc", "--lang", "en"]) == 64
    assert "Did you mean tcp?" in capsys.readouterr().err


def test_a_layer_and_capitals_are_no_riddle(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["explain", "dns", "--lang", "en"]) == 64
    assert "diagnose list dns names its checks" in capsys.readouterr().err
    assert main.main(["explain", "DNS.NXDOMAIN", "--lang", "en"]) == 0


def test_a_replay_is_judged_by_todays_checks_without_a_network(
    recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.main(["replay", "--json", str(recording)]) == 2
    told = json.loads(capsys.readouterr().out)
    assert told["findings"][0]["check"] == "tcp.refused"
    assert told["run"]["started_at"] == "2026-11-24T12:00:00Z"
    assert told["run"]["vantage"]["here"]["hostname"] == "laptop"


def test_what_was_recorded_can_be_replayed(shut: int, tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    made = diagnose("record", "--outside", f"127.0.0.1:{shut}", "-o", str(path))
    assert made.returncode == 2
    assert "observations" in made.stderr
    again = diagnose("replay", str(path))
    assert again.returncode == 2
    assert "error[tcp.refused]" in again.stdout
    streamed = diagnose("record", "--outside", f"127.0.0.1:{shut}", "-o", "-").stdout
    assert json.loads(streamed.splitlines()[0])["diagnose"] == 1


def test_a_recording_is_judged_for_the_visitor_of_its_run(tmp_path: Path) -> None:
    path = tmp_path / "shop.jsonl"
    seen = (Visitor(address="198.51.100.7"), NAME, CLOSED)
    path.write_text(encode(Recording(Evidence(SHOP, NOW, seen), "laptop", True)))
    told = json.loads(diagnose("replay", "--json", str(path)).stdout)
    assert told["run"]["visitor"] == "198.51.100.7"
    assert "--from 198.51.100.7" in told["findings"][0]["remedy"]["verify"]
    masked = json.loads(diagnose("replay", "--json", "--redact", str(path)).stdout)
    assert masked["run"]["visitor"].startswith("192.0.2.")
    assert f"--from {masked['run']['visitor']}" in masked["findings"][0]["remedy"]["verify"]
    shown = diagnose("replay", "--format", "text", str(path)).stdout
    assert "judged for the visitor 198.51.100.7" in shown
