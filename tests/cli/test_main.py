"""The command line as it is met: words in, answer on stdout, notes on stderr, exit status."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from diagnose.cli import main
from diagnose.cli.parser import COMMANDS, build_parser
from diagnose.model import Evidence
from diagnose.model.visitor import Visitor
from diagnose.recording.codec import Recording, encode
from tests.support.check_evidence import NOW, SHOP
from tests.support.report_builder import CLOSED, NAME

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": "/nonexistent"}


def diagnose(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "diagnose", *words],
        cwd=ROOT,
        env={**ENVIRONMENT, **environment},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


@pytest.fixture(scope="module")
def shut() -> Iterator[int]:
    """A port of loopback on which nothing listens, and on which nobody else can."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@pytest.fixture(scope="module")
def silent() -> Iterator[int]:
    """A port of loopback that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "shop.jsonl"
    path.write_text(encode(Recording(Evidence(SHOP, NOW, (NAME, CLOSED)), "laptop", True)))
    return path


# What is right


def test_a_refused_port_is_critical_and_says_so_first(shut: int) -> None:
    done = diagnose("--outside", f"127.0.0.1:{shut}")
    assert done.returncode == 2
    assert done.stdout.splitlines()[0].startswith("✗ CRITICAL  ")
    assert "error[tcp.refused]" in done.stdout
    assert done.stderr == ""


def test_json_is_one_valid_document(shut: int) -> None:
    done = diagnose("--json", "--outside", f"127.0.0.1:{shut}")
    told = json.loads(done.stdout)
    schema = json.loads(diagnose("--schema").stdout)
    jsonschema.validate(told, schema, jsonschema.Draft202012Validator)
    assert told["verdict"]["exit_code"] == done.returncode == 2
    assert told["findings"][0]["check"] == "tcp.refused"


def test_several_targets_end_in_the_worst_status(shut: int) -> None:
    done = diagnose("--format", "plain", "--outside", f"127.0.0.1:{shut}", f"[::1]:{shut}")
    assert done.returncode >= 2
    urls = [line.split("\t")[0] for line in done.stdout.splitlines()]
    assert urls[0] == f"https://127.0.0.1:{shut}/"
    assert urls[-1] == f"https://[::1]:{shut}/"
    both = diagnose("--json", "--outside", f"127.0.0.1:{shut}", f"[::1]:{shut}")
    assert [one["target"]["host"] for one in json.loads(both.stdout)] == ["127.0.0.1", "::1"]


def test_jsonl_streams_what_happens(shut: int) -> None:
    lines = diagnose("--jsonl", "--outside", f"127.0.0.1:{shut}").stdout.splitlines()
    kinds = [json.loads(line)["type"] for line in lines]
    assert kinds[0] == "started"
    assert kinds[-1] == "report"
    assert "observation" in kinds


def test_quiet_is_the_verdict_alone(shut: int) -> None:
    done = diagnose("-q", "--outside", f"127.0.0.1:{shut}")
    assert len(done.stdout.splitlines()) == 1


def test_it_speaks_the_language_of_the_environment(shut: int) -> None:
    done = diagnose("--outside", f"127.0.0.1:{shut}", LANG="zh_CN.UTF-8")
    assert "端口" in done.stdout
    assert "✗ 严重" in done.stdout
    assert (
        "CRITICAL"
        in diagnose("--outside", f"127.0.0.1:{shut}", "--lang", "en", LANG="zh_CN.UTF-8").stdout
    )


def test_a_terminal_in_another_encoding_does_not_stop_it(shut: int) -> None:
    for encoding in ("gbk", "ascii"):
        done = subprocess.run(
            [sys.executable, "-m", "diagnose", "--lang", "zh", "--outside", f"127.0.0.1:{shut}"],
            cwd=ROOT,
            env={**ENVIRONMENT, "PYTHONIOENCODING": encoding, "DIAGNOSE_GLYPHS": "unicode"},
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 2, done.stderr
        done.stdout.decode(encoding)


def test_redacted_output_names_no_address(shut: int) -> None:
    done = diagnose("--redact", "--json", "--outside", f"127.0.0.1:{shut}")
    assert socket.gethostname() not in done.stdout or "." not in socket.gethostname()
    assert json.loads(done.stdout)["verdict"]["exit_code"] == 2


def test_a_reader_that_leaves_is_left_in_peace(shut: int) -> None:
    command = f"{sys.executable} -m diagnose --json --outside 127.0.0.1:{shut} | true"
    command += "; exit ${PIPESTATUS[0]}"
    done = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, env=ENVIRONMENT, capture_output=True, check=False
    )
    assert done.stderr == b""
    assert done.returncode == 2


# What is wrong with the words


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--jsn", "shop.example.com"], "Did you mean --json?"),
        (["--format", "jsom", "shop.example.com"], "Did you mean json?"),
        (["--only", "tpc", "shop.example.com"], "Did you mean tcp?"),
        (["--skip", ",", "shop.example.com"], "Name a layer"),
        (["--timeout", "nan", "shop.example.com"], "--timeout takes seconds"),
        (["--timeout", "0", "shop.example.com"], "--timeout takes seconds"),
        (["--address", "300.1.1.1", "shop.example.com"], "no IP address"),
        (["--address", "::1", "-4", "shop.example.com"], "not of the family"),
        (["--from", "198.51.100.0/24", "shop.example.com"], "not a network"),
        (["--from", "the-office", "shop.example.com"], "takes an IPv4 or IPv6 address"),
        (["--from", "127.0.0.1", "shop.example.com"], "no visitor comes from"),
        (["--from", "198.51.100.7", "-6", "shop.example.com"], "not of the family"),
        (["--lang", "fr", "shop.example.com"], "--lang takes en, zh"),
        (["--cafile", "/nonexistent", "shop.example.com"], "No such file"),
        (["--server", "http://web1", "shop.example.com"], "ssh://[user@]host[:port]"),
        (["--server", "ssh://-oProxyCommand=x", "shop.example.com"], "ssh://[user@]host[:port]"),
        (["--server", "ssh://web1:99999", "shop.example.com"], "ssh://[user@]host[:port]"),
        (["--server", "ssh://web1", "--outside", "shop.example.com"], "leave one of them out"),
        (["--inside", "--outside", "shop.example.com"], "not allowed with"),
        (["--ws", "", "shop.example.com"], "--ws needs a path"),
        (["ftp://shop.example.com"], "http, https, ws and wss"),
        (["shop.example.com:99999"], "from 1 to 65535"),
        ([""], "The target is empty"),
        (["--ws"], "expected one argument"),
        (["explian", "tcp.refused"], "Did you mean explain?"),
        (["explain", "tcp.refusd"], "Did you mean tcp.refused?"),
        (["explain"], "diagnose list"),
        (["record", "shop.example.com"], "-o FILE"),
        (["record", "-o", "x"], "Record one target"),
        (["replay"], "diagnose replay FILE"),
        (["replay", "/nonexistent"], "No such file"),
        (["replay", __file__], "Line 1"),
        (["list", "--timeout", "3"], "no option --timeout"),
    ],
)
def test_a_mistake_is_one_clear_line(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.main(words) == 64
    told = capsys.readouterr()
    assert said in told.err
    assert told.err.startswith("diagnose: ")
    assert told.err.count("\n") == 1
    assert told.out == ""


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["fix", "shop.example.com"], "Cannot ask without a terminal"),
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


def test_without_a_target_there_is_a_short_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main([]) == 64
    told = capsys.readouterr()
    assert "diagnose https://shop.example.com/" in told.err
    assert told.out == ""


@pytest.mark.parametrize(
    "words",
    [["--json", "ftp://x"], ["--json"], ["--format", "json", "--jsn"], ["--json", "--only"]],
)
def test_a_mistake_is_a_document_too_where_json_is_asked_for(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.main(words) == 64
    told = json.loads(capsys.readouterr().out)
    assert told["verdict"]["exit_code"] == 64
    assert told["errors"]


def test_a_fault_of_ours_is_one_line_and_70(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr("diagnose.cli.runs.run_targets", broken)
    assert main.main(["--json", "shop.example.com"]) == 70
    told = capsys.readouterr()
    assert told.err.startswith("diagnose: A fault of diagnose itself: RuntimeError: no")
    assert json.loads(told.out)["errors"][0]["where"] == "diagnose"


# Signals


@contextmanager
def running(*words: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "diagnose", "--jsonl", "--outside", *words],
        cwd=ROOT,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["INT", "TERM"]
)
def test_a_signal_ends_it_with_what_is_known(silent: int, number: int, status: int) -> None:
    with running("--timeout", "3600", f"127.0.0.1:{silent}") as process:
        assert process.stdout is not None
        while '"Connection"' not in process.stdout.readline():
            pass
        process.send_signal(number)
        rest, complaints = process.communicate(timeout=60)
    assert process.returncode == status
    last = json.loads(rest.splitlines()[-1])
    assert last["type"] == "report"
    assert last["run"]["interrupted"] is True
    assert last["verdict"]["exit_code"] == status
    assert last["verdict"]["status"] != "ok"
    assert complaints == ""


def test_the_deadline_holds(silent: int) -> None:
    done = diagnose("--timeout", "0.5", "--json", "--outside", f"127.0.0.1:{silent}")
    assert any("time" in one["why"] for one in json.loads(done.stdout)["unknown"])


# The other commands


def test_help_has_examples_first_and_the_exit_codes() -> None:
    text = build_parser().format_help()
    assert text.index("diagnose https://shop.example.com/") < text.index("--json")
    for part in ("0 ok", "2 critical", "64 usage", "how to look", "diagnose explain CHECK"):
        assert part in text
    assert max(map(len, text.splitlines())) <= 100


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_a_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main([command, "--help"]) == 0
    assert f"diagnose {command}" in capsys.readouterr().out


def test_the_version() -> None:
    from diagnose._version import VERSION

    assert diagnose("--version").stdout == diagnose("-V", "-q").stdout == f"diagnose {VERSION}\n"


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


@pytest.mark.parametrize(
    "words",
    [
        ("--header", "X: a\r\nY: b"),
        ("--header", "Connection: close"),
        ("--header", "Origin: https://a"),
        ("--header", "swordfish"),
        ("--cookie", "swordfish"),
        ("--origin", "shop.example.com/swordfish"),
        ("--subprotocol", "a, swordfish"),
    ],
)
def test_a_request_that_cannot_be_made_is_a_usage_error(words: tuple[str, str]) -> None:
    done = diagnose("--outside", "127.0.0.1", *words)
    assert done.returncode == 64
    assert words[0] in done.stderr
    assert "swordfish" not in done.stderr + done.stdout


def test_what_is_added_to_requests_is_not_printed(shut: int) -> None:
    done = diagnose(
        "-vv", "--outside", f"ws://127.0.0.1:{shut}/ws", "--header", "Authorization: swordfish",
        "--cookie", "sid=swordfish", "--origin", "https://app.example.com",
    )  # fmt: skip
    assert done.returncode == 2
    assert "--header 'Authorization: ***'" in done.stdout
    assert "--origin https://app.example.com" in done.stdout
    assert "swordfish" not in done.stdout + done.stderr
