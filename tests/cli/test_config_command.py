"""`diagnose config`, and runs with a configuration."""

import json
import re
from pathlib import Path

import pytest

from diagnose.cli import main
from diagnose.cli.request import RunRequest
from diagnose.cli.request_parser import parse_replay, parse_run
from diagnose.cli.settings import OPTION_NAMES, load_settings
from diagnose.parsers.target import UsageError
from tests.cli.test_config_file import WHOLE, write_config


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.delenv("DIAGNOSE_LANG", raising=False)
    return str(write_config(tmp_path, WHOLE))


def run_request(*words: str) -> RunRequest:
    request = parse_run(words)
    assert isinstance(request, RunRequest)
    return request


def values(
    capsys: pytest.CaptureFixture[str], *words: str
) -> dict[str, tuple[str, str, int | None]]:
    assert main.main(["config", "--json", *words]) == 0
    document = json.loads(capsys.readouterr().out)
    return {
        each["key"]: (each["value"], each["source"], each["line"]) for each in document["values"]
    }


def test_each_value_says_where_it_comes_from(
    file: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = values(capsys, "--config", file, "--timeout", "3")
    assert shown["timeout"] == ("3", "command-line", None)
    assert shown["lang"] == ("zh", "file", 2)
    assert shown["targets.blog"] == ("blog.example.com", "file", 12)
    assert shown["ignore[1]"] == ("certificate.expired@2026-12-31=moves", "file", 17)
    monkeypatch.setenv("DIAGNOSE_LANG", "en")
    shown = values(capsys, "--config", file)
    assert shown["lang"] == ("en", "environment", None)
    assert values(capsys, "--config", "none")["timeout"] == ("15", "default", None)


@pytest.mark.parametrize(("lang", "word"), [("en", "command line"), ("zh", "命令行")])
def test_the_page_is_for_people(
    file: str, lang: str, word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.main(["config", "--config", file, "--timeout", "3", "--lang", lang]) == 0
    page = capsys.readouterr().out
    assert word in page
    assert f"{file}:4" in page


def test_a_run_takes_what_the_file_says(file: str) -> None:
    request = run_request("--config", file, "shop.example.com")
    assert request.output.lang == "zh"
    assert request.options.timeout == 20
    assert request.options.resolver == "192.0.2.53"
    assert request.options.server == "ssh://root@203.0.113.10"
    assert [ignore.check for ignore in request.options.ignores] == [
        "certificate.expired", "tcp.refused",
    ]  # fmt: skip


def test_the_command_line_counts_more(file: str) -> None:
    words = ("--config", file, "--lang", "en", "--timeout", "15", "--outside", "shop.example.com")
    request = run_request(*words)
    assert (request.output.lang, request.options.timeout) == ("en", 15)
    assert request.options.server is None
    assert run_request("--config", "none", "shop.example.com").options.resolver is None


def test_a_recording_is_judged_with_the_ignores(file: str) -> None:
    request = parse_replay(["--config", file, "x.jsonl", "--ignore", "dns.nxdomain"])
    assert [ignore.check for ignore in request.ignores][-2:] == ["tcp.refused", "dns.nxdomain"]


def test_a_group_stands_for_its_targets(file: str) -> None:
    request = run_request("--config", file, "--outside", "@shop", "@blog")
    assert [target.url for target in request.targets] == [
        "https://shop.example.com/", "wss://shop.example.com/ws", "https://blog.example.com/",
    ]  # fmt: skip
    with pytest.raises(UsageError, match=r"Did you mean shop\?"):
        run_request("--config", file, "@shap")


def test_a_run_looks_inside_one_server_only(file: str) -> None:
    with pytest.raises(UsageError, match=r"blog\.example\.com: none"):
        run_request("--config", file, "@shop", "@blog")


def test_a_mistake_is_a_usage_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    file = str(write_config(tmp_path, "timeot = 3\n"))
    assert main.main(["--json", "--config", file, "x.example"]) == 64
    shown = capsys.readouterr()
    assert json.loads(shown.out)["verdict"]["exit_code"] == 64
    assert "Did you mean timeout?" in shown.err


def test_keys_reach_the_screen_and_are_listed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(write_config(tmp_path, '[keys]\nagain = ["F5", "R"]\n'))
    request = run_request("--config", file, "shop.example.com")
    assert request.output.keys == (("again", "f5,R"),)
    assert values(capsys, "--config", file)["keys.again"] == ("f5,R", "file", 2)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_template_is_a_valid_file_with_and_without_its_marks(
    lang: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.main(["config", "--template", "--lang", lang]) == 0
    template = capsys.readouterr().out
    file = write_config(tmp_path, template)
    assert not load_settings(str(file)).options
    text = re.sub(r"(?m)^#(?! )", "", template).replace("/etc/ssl/company.pem", "roots.pem")
    settings = load_settings(str(write_config(tmp_path, text)))
    assert set(settings.options) == set(OPTION_NAMES)
    for table in (settings.targets, settings.servers, settings.ignores, settings.keys):
        assert table
