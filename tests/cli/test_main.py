"""The command line as it is met: words in, answer on stdout, notes on stderr, exit status."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import jsonschema
import pytest

from diagnose.cli import main
from diagnose.cli.request import RunRequest
from diagnose.cli.request_parser import parse_run
from tests.support.command_line import ENVIRONMENT, ROOT, diagnose


@pytest.fixture(scope="module")
def silent() -> Iterator[int]:
    """A port of loopback that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


# What is right


def test_a_refused_port_is_critical_and_says_so_first(shut: int) -> None:
    result = diagnose("--outside", f"127.0.0.1:{shut}")
    assert result.returncode == 2
    assert result.stdout.splitlines()[0].startswith("✗ CRITICAL  ")
    assert "error[tcp.refused]" in result.stdout
    assert result.stderr == ""


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["shop.example"], True),
        (["192.0.2.1"], False),
        (["https://[2001:db8::1]/"], False),
        (["shop.example", "--address", "192.0.2.1"], False),
        (["shop.example", "--proxy", "http://192.0.2.9:3128"], False),
        (["shop.example", "--plan"], False),
        (["shop.example", "--inside"], False),
        (["shop.example", "www.shop.example"], False),
    ],
)
def test_a_second_process_parses_only_where_name_servers_are_asked(
    words: list[str], expected: bool
) -> None:
    request = parse_run(["--config", "none", *words])
    assert isinstance(request, RunRequest)
    assert main._asks_name_servers(request) is expected


def test_json_is_one_valid_document(shut: int) -> None:
    result = diagnose("--json", "--outside", f"127.0.0.1:{shut}")
    told = json.loads(result.stdout)
    schema = json.loads(diagnose("--schema").stdout)
    jsonschema.validate(told, schema, jsonschema.Draft202012Validator)
    assert told["verdict"]["exit_code"] == result.returncode == 2
    assert told["findings"][0]["check"] == "tcp.refused"


def test_several_targets_end_in_the_worst_status(shut: int) -> None:
    result = diagnose("--format", "plain", "--outside", f"127.0.0.1:{shut}", f"[::1]:{shut}")
    assert result.returncode >= 2
    urls = [line.split("\t")[0] for line in result.stdout.splitlines()]
    assert urls[0] == f"https://127.0.0.1:{shut}/"
    assert urls[-1] == f"https://[::1]:{shut}/"
    both = diagnose("--json", "--outside", f"127.0.0.1:{shut}", f"[::1]:{shut}")
    assert [load["target"]["host"] for load in json.loads(both.stdout)] == ["127.0.0.1", "::1"]


@pytest.mark.parametrize(
    ("words", "status", "first"),
    [
        (["--nagios", "--outside"], 2, "DIAGNOSE CRITICAL - "),
        (["--format", "nagios", "--nope"], 3, "DIAGNOSE UNKNOWN - There is no option --nope."),
    ],
)
def test_a_plugin_has_one_line_and_four_states(
    words: list[str], status: int, first: str, shut: int
) -> None:
    result = diagnose(*words, f"127.0.0.1:{shut}")
    assert (result.returncode, result.stdout.startswith(first)) == (status, True)


def test_a_plugin_without_a_target_is_unknown() -> None:
    assert main.main(["--nagios"]) == 3


def test_jsonl_streams_what_happens(shut: int) -> None:
    lines = diagnose("--jsonl", "--outside", f"127.0.0.1:{shut}").stdout.splitlines()
    kinds = [json.loads(line)["type"] for line in lines]
    assert kinds[0] == "started"
    assert kinds[-1] == "report"
    assert "observation" in kinds


def test_quiet_is_the_verdict_alone(shut: int) -> None:
    result = diagnose("-q", "--outside", f"127.0.0.1:{shut}")
    assert len(result.stdout.splitlines()) == 1


def test_it_speaks_the_language_of_the_environment(shut: int) -> None:
    result = diagnose("--outside", f"127.0.0.1:{shut}", LANG="zh_CN.UTF-8")
    assert "端口" in result.stdout
    assert "✗ 严重" in result.stdout
    assert (
        "CRITICAL"
        in diagnose("--outside", f"127.0.0.1:{shut}", "--lang", "en", LANG="zh_CN.UTF-8").stdout
    )


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
    result = diagnose("--timeout", "0.5", "--json", "--outside", f"127.0.0.1:{silent}")
    assert any("time" in load["why"] for load in json.loads(result.stdout)["unknown"])


def test_the_version() -> None:
    from diagnose._version import VERSION

    assert diagnose("--version").stdout == diagnose("-V", "-q").stdout == f"diagnose {VERSION}\n"


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
    result = diagnose("--outside", "127.0.0.1", *words)
    assert result.returncode == 64
    assert words[0] in result.stderr
    assert "swordfish" not in result.stderr + result.stdout


def test_what_is_added_to_requests_is_not_printed(shut: int) -> None:
    result = diagnose(
        "-vv", "--outside", f"ws://127.0.0.1:{shut}/ws", "--header", "Authorization: swordfish",
        "--cookie", "sid=swordfish", "--origin", "https://app.example.com",
    )  # fmt: skip
    assert result.returncode == 2
    assert "--header 'Authorization: ***'" in result.stdout
    assert "--origin https://app.example.com" in result.stdout
    assert "swordfish" not in result.stdout + result.stderr
