"""SARIF, validated by the schema of SARIF 2.1.0 (tests/outputs/fixtures)."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from jsonschema import Draft4Validator

from diagnose.model import Ignore, Report
from diagnose.model.view import View
from diagnose.outputs.sarif import render, render_all
from diagnose.parsers.sanitize import UNSAFE
from tests.support.effort import examples
from tests.support.hostile_report import TEXTS, hostile
from tests.support.report_builder import healthy, mended, refused

VIEW = View(hostname="laptop")
SCHEMA = Draft4Validator(
    json.loads(
        Path(__file__).with_name("fixtures").joinpath("sarif-2.1.0-rtm.5.json").read_text("utf-8")
    )
)


def runs(text: str) -> list[dict[str, Any]]:
    log = json.loads(text)
    assert [error.message for error in SCHEMA.iter_errors(log)] == []
    found: list[dict[str, Any]] = log["runs"]
    return found


def test_the_schema_refuses_what_is_none() -> None:
    assert list(SCHEMA.iter_errors({"version": "2.1.0", "runs": [{"results": 1}]}))


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_finding_in_a_file_is_a_result(lang: str) -> None:
    (run,) = runs(render(mended(), View(lang=lang)))
    (result,) = run["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "file:///etc/nginx/conf.d/shop.conf"
    assert place["region"] == {
        "startLine": 2, "startColumn": 5, "endColumn": 11, "snippet": {"text": "    listen 443;"},
    }  # fmt: skip
    rule = run["tool"]["driver"]["rules"][result["ruleIndex"]]
    assert rule["id"] == result["ruleId"] == "nginx.door-locked"
    assert result["level"] == "error"
    assert run["properties"]["findingsWithoutFile"] == 1


@pytest.mark.parametrize("made", [healthy(), refused()])
def test_a_finding_without_a_file_is_counted(made: Report) -> None:
    (run,) = runs(render(made, VIEW))
    assert run["results"] == []
    assert run["properties"]["findingsWithoutFile"] == len(made.findings)


def test_each_target_is_a_run() -> None:
    both = runs(render_all([(healthy(), VIEW), (mended(), VIEW)]))
    assert [run["invocations"][0]["exitCode"] for run in both] == [0, 2]


def test_an_ignored_result_is_suppressed() -> None:
    made = mended()
    ignore = Ignore("nginx.door-locked", None, "known")
    findings = tuple(replace(finding, suppressed_by=ignore) for finding in made.findings)
    (run,) = runs(render(replace(made, findings=findings, ignores=(ignore,)), VIEW))
    (suppression,) = run["results"][0]["suppressions"]
    assert "known" in suppression["justification"]


@examples(60)
@given(text=TEXTS)
def test_what_strangers_write_keeps_the_schema(text: str) -> None:
    output = render(hostile(text), VIEW)
    (run,) = runs(output)
    assert len(run["results"]) == 1
    assert not UNSAFE.search(output.replace("\n", ""))


def test_a_path_is_a_uri() -> None:
    (run,) = runs(render(hostile("/a b/ü#?\n\udc80.conf"), VIEW))
    uri = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri.isascii()
    assert unquote(uri) == "file:///a b/ü#?\n?.conf"
