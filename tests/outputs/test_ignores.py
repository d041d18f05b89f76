"""What is ignored, and which ignore no longer applies, in every format."""

import json
from dataclasses import replace
from datetime import date
from xml.etree import ElementTree

import pytest
from prometheus_client.parser import text_string_to_metric_families

from diagnose.checking.root_cause import findings
from diagnose.model import Ignore, Report, Severity
from diagnose.model.view import View
from diagnose.outputs import FORMATS, writer
from diagnose.recording.redaction import masked_report
from tests.support.hostile_report import hostile
from tests.support.report_builder import ANSWER, WELL, check, refusal, report

IGNORE = Ignore("tcp.door-shut", date(2026, 12, 31), "moves in January")
ENDED = Ignore("http.slow", date(2026, 10, 31), "was to be mended")


def ignoring(reason: str = IGNORE.reason) -> Report:
    """A healthy site but for a warning, which is ignored; and an ignore that no longer applies."""
    ignore = replace(IGNORE, reason=reason)
    raised = ((check("tcp.door-shut", Severity.WARNING), refusal(because=(ANSWER,))),)
    return replace(report(*WELL), findings=findings(raised, (ignore,)), ignores=(ignore, ENDED))


def rendered(name: str, lang: str = "en") -> str:
    return writer(name)(ignoring(), View(lang=lang))


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "zabbix-lld"])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_format_shows_the_reason_and_what_has_ended(name: str, lang: str) -> None:
    text = rendered(name, lang)
    for part in ("tcp.door-shut", "moves in January", "2026-12-31", "http.slow", "2026-10-31"):
        assert part in text.replace("\n  ", " ").replace("&#x2F;", "/"), part


def test_the_text_calls_the_site_healthy_and_names_what_is_ignored() -> None:
    first, *_ = rendered("text").splitlines()
    assert "OK" in first
    assert "Ignored: tcp.door-shut." in " ".join(rendered("text").split())


@pytest.mark.parametrize(("lang", "word"), [("en", "but what is ignored"), ("zh", "已忽略")])
def test_a_site_with_an_ignored_error_is_not_called_healthy(lang: str, word: str) -> None:
    ignore = Ignore("tcp.door-shut")
    raised = ((check("tcp.door-shut"), refusal(because=(ANSWER,))),)
    made = replace(report(*WELL), findings=findings(raised, (ignore,)), ignores=(ignore,))
    first = writer("nagios")(made, View(lang=lang)).splitlines()[0]
    assert word in first
    assert "healthy" not in first


def test_json_gives_each_finding_its_ignore() -> None:
    document = json.loads(rendered("json"))
    (finding,) = document["findings"]
    assert finding["suppressed"] == {
        "check": "tcp.door-shut", "until": "2026-12-31", "reason": "moves in January",
    }  # fmt: skip
    assert not finding["root_cause"]
    assert document["verdict"]["exit_code"] == 0
    assert [(each["check"], each["expired"], each["findings"]) for each in document["ignores"]] == [
        ("tcp.door-shut", False, ["f1"]),
        ("http.slow", True, []),
    ]


def test_plain_has_a_role_for_each() -> None:
    rows = [row.split("\t") for row in rendered("plain").splitlines()]
    assert [(row[2], row[3]) for row in rows] == [
        ("tcp.door-shut", "suppressed"),
        ("http.slow", "expired"),
    ]


def test_junit_skips_it() -> None:
    (suite,) = ElementTree.fromstring(rendered("junit"))
    case = next(case for case in suite if case.get("name") == "tcp.door-shut")
    assert [part.tag for part in case] == ["skipped"]
    assert "moves in January" in (case[0].get("message") or "")
    assert suite.get("failures") == "0"


def test_metrics_count_it_apart() -> None:
    families = text_string_to_metric_families(rendered("prometheus"))
    samples = [sample for family in families for sample in family.samples]
    warnings = [
        sample.value
        for sample in samples
        if sample.name == "diagnose_findings" and sample.labels["severity"] == "warning"
    ]
    assert warnings == [0]
    (suppressed,) = (each for each in samples if each.name == "diagnose_suppressed_info")
    assert suppressed.labels["reason"] == "moves in January"


def test_a_masked_report_masks_the_reason() -> None:
    original = ignoring("until shop.example.com moves")
    masked, _ = masked_report(original, View(), lambda evidence, _: replace(
        original, evidence=evidence))  # fmt: skip
    assert masked.ignores[0].reason != original.ignores[0].reason
    assert masked.findings[0].suppressed_by == masked.ignores[0]


def test_a_hostile_reason_is_cleaned() -> None:
    text = writer("plain")(ignoring("a\nb\x1b[2J\u202e\tc"), View())
    assert "\x1b" not in text
    assert len(text.splitlines()) == 2
    assert hostile("x").suppressed == ()
