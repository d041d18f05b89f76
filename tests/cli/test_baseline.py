"""`--baseline`: an earlier document or recording, and what differs now."""

import json
from pathlib import Path

import jsonschema
import pytest

from diagnose.cli import main
from diagnose.cli.baseline import compared, read_baseline, render_json, render_text
from diagnose.cli.schemas import report_schema
from diagnose.i18n.baseline import MESSAGES
from diagnose.model import Report
from diagnose.model.view import View
from diagnose.outputs.json import document, to_json
from diagnose.parsers.target import UsageError
from docs.generator.replay import EVIDENCE, printed
from tests.support.command_line import ROOT


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("baseline") / "before.json"
    file.write_text(printed("replay", str(EVIDENCE / "healthy.jsonl"), "--json"), "utf-8")
    return file


def report(name: str) -> Report:
    """Return the report of a recorded run."""
    from diagnose.checking.conclusion import conclude
    from diagnose.recording.codec import decode, read_recording

    return conclude(decode(read_recording(str(EVIDENCE / f"{name}.jsonl"))).evidence)


def test_a_new_cause_is_told_in_full(healthy: Path) -> None:
    text = render_text(read_baseline(str(healthy)), report("firewall"), View())
    assert text.startswith("✗ CRITICAL  ")
    assert "since 2026-11-26 13:53:40 UTC" in text
    assert "It was then: OK" in " ".join(text.split())
    assert "~ changed: verdict: OK → CRITICAL\n" in text
    assert "+ new:\nerror[firewall.port-closed]: " in text
    assert "    $ firewall-cmd --reload\n" in text
    assert text.rstrip().endswith("diagnose fix https://shop.example.com/")


def test_what_is_gone_is_named(tmp_path: Path) -> None:
    file = tmp_path / "before.json"
    file.write_text(to_json(document(report("firewall"), View())), "utf-8")
    text = render_text(read_baseline(str(file)), report("healthy"), View())
    assert "- gone: firewalld's zone public does not allow 443/tcp on eth0" in text
    assert "[firewall.port-closed]" in text
    assert "+ new" not in text


@pytest.mark.parametrize(("lang", "expected"), [("en", "Nothing is new"), ("zh", "没有新增")])
def test_no_difference_is_one_sentence(healthy: Path, lang: str, expected: str) -> None:
    assert expected in render_text(read_baseline(str(healthy)), report("healthy"), View(lang=lang))


def test_quiet_is_the_verdict_alone(healthy: Path) -> None:
    text = render_text(read_baseline(str(healthy)), report("firewall"), View(verbosity=-1))
    assert text.count("\n") == 1


def test_a_recording_is_judged_by_the_checks_of_today() -> None:
    earlier = read_baseline(str(EVIDENCE / "expired.jsonl"))
    assert compared(earlier, report("expired"), View())[1].is_empty


def test_of_several_documents_that_of_the_target_is_taken(tmp_path: Path) -> None:
    file, right = tmp_path / "before.json", document(report("firewall"), View())
    other = {**right, "target": {**right["target"], "host": "www.example.org"}, "findings": []}
    file.write_text(to_json([other, right]), "utf-8")
    assert compared(read_baseline(str(file)), report("firewall"), View())[1].is_empty


def test_the_document_holds_the_differences_and_fits_the_schema(healthy: Path) -> None:
    made = json.loads(render_json(read_baseline(str(healthy)), report("firewall"), View()))
    jsonschema.validate(made, json.loads(report_schema()))
    assert made["baseline"]["status"] == "ok"
    assert [finding["id"] for finding in made["findings"] if finding["root_cause"]] == (
        made["baseline"]["new"]
    )
    assert {"kind": "verdict", "name": None, "before": "ok", "after": "critical"} in (
        made["baseline"]["changed"]
    )


def test_every_kind_of_change_has_its_words() -> None:
    schema = json.loads(report_schema())["$defs"]["baseline"]
    kinds = schema["properties"]["changed"]["items"]["properties"]["kind"]["enum"]
    keys = {message.key for message in MESSAGES}
    assert {f"baseline.changed.{kind}" for kind in kinds} <= keys


@pytest.mark.parametrize(
    "content",
    ["", "hello", "[]", "{}", '{"target": null, "findings": []}', "[" * 5000, '{"diagnose": 999}'],
    ids=["empty", "text", "list", "object", "failure", "deep", "later recording"],
)
def test_a_file_of_another_kind_is_a_usage_error(content: str, tmp_path: Path) -> None:
    file = tmp_path / "before.json"
    file.write_text(content, "utf-8")
    with pytest.raises(UsageError, match=r"before\.json: it"):
        read_baseline(str(file))


def test_a_run_is_compared(shut: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, target = str(tmp_path / "before.json"), f"https://127.0.0.1:{shut}/"
    words = ["--config", "none", "--outside", target]
    assert main.main([*words, "--json", "-o", file]) == 2
    assert main.main([*words, "--baseline", file]) == 2
    assert "Nothing is new, gone or changed." in capsys.readouterr().out
    assert main.main([*words, "--baseline", file, "--json"]) == 2
    made = json.loads(capsys.readouterr().out)["baseline"]
    assert (made["new"], made["gone"], made["changed"]) == ([], [], [])


@pytest.mark.parametrize(
    "words",
    [["--nagios"], ["--redact"], ["--format", "html"], ["www.example.org"]],
    ids=lambda words: words[-1],
)
def test_what_cannot_be_compared_is_a_usage_error(
    words: list[str], healthy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["--config", "none", "--baseline", str(healthy), "shop.example.com", *words]
    assert main.main(asked) in {3, 64}
    seen = capsys.readouterr()
    # A plugin says everything on its standard output.
    assert "--baseline compares" in seen.out + seen.err


def test_a_file_that_is_not_there_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    missing = str(ROOT / "nothing.json")
    assert main.main(["--config", "none", "--baseline", missing, "shop.example.com"]) == 64
    assert "nothing.json" in capsys.readouterr().err
