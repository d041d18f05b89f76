"""What stands beside a report."""

from dataclasses import replace
from typing import Any

import pytest

from diagnose.agent.arguments import Evidence
from diagnose.agent.results import altered, next_commands, replay_commands, report_result
from diagnose.checking.registry import load_check
from diagnose.model import Applicability, Command, Effect, Finding, Fix, Manual, Report, Where
from diagnose.model.nginx import ConfigFile, NginxConfig
from diagnose.model.view import View
from tests.support.check_evidence import SHOP
from tests.support.report_builder import mended


def named(name: str) -> Report:
    """A report whose first finding has a step with this name in it."""
    made = mended()
    first = made.findings[0]
    fix = Fix((Command(("id", name), Effect.TEST),), Applicability.REVIEW)
    finding = replace(first, claim=replace(first.claim, fix=fix))
    return replace(made, findings=(finding, *made.findings[1:]))


def test_findings_whose_steps_the_masking_changed_are_named() -> None:
    assert altered(named("www-data"), named("www-data")) == []
    assert altered(named("www-data"), named("name1")) == [mended().findings[0].id]
    unjudged = replace(named("www-data"), findings=())
    assert mended().findings[0].id in altered(unjudged, named("name1"))


def test_a_step_by_hand_whose_text_the_masking_changed_is_named() -> None:
    """Its words are on the page of the check, its facts in the claim."""

    def by_hand(url: str) -> Report:
        made = mended()
        first = made.findings[0]
        fix = Fix((Manual("serve-the-chain", Where.SERVER),), Applicability.MANUAL)
        facts = {"name": "shop.example.com", "issuer": "CN=Middle", "url": url, "file": ""}
        claim = replace(first.claim, fix=fix, facts=facts)
        finding = replace(first, check=load_check("certificate.chain-incomplete"), claim=claim)
        return replace(made, findings=(finding,))

    ours, masked = by_hand("http://ca.example/middle.der"), by_hand("http://name3.name2.com/x.der")
    assert altered(ours, ours) == []
    assert altered(ours, masked) == [masked.findings[0].id]


def test_a_recording_whose_steps_hold_stand_ins_is_shown_by_a_command() -> None:
    assert replay_commands("a b.jsonl", {"stand_ins_in": []}) == []
    (shown,) = replay_commands("a b.jsonl", {"stand_ins_in": ["f1"]})
    assert shown["command"] == "diagnose replay 'a b.jsonl'"


def result(report: Report, evidence: Evidence) -> Any:
    ids = [finding.id for finding in report.findings]
    return report_result(report, View(), evidence, masked=True, stand_ins=ids)


def test_the_steps_of_a_consequence_are_left_out_where_its_cause_has_some() -> None:
    report = with_remedies(mended())
    cause, consequence = report.findings[:2]
    short, whole = result(report, "cited"), result(report, "all")
    assert whole["stand_ins_in"][:2] == [cause.id, consequence.id]
    assert cause.id in short["stand_ins_in"]
    assert consequence.id not in short["stand_ins_in"]
    assert remedies(short) == [remedies(whole)[0], (consequence.id, "", 0)]
    without = replace(report, findings=(without_remedy(cause), *report.findings[1:]))
    assert remedies(result(without, "cited"))[1] == remedies(whole)[1]


def with_remedies(report: Report) -> Report:
    fix = Fix((Command(("id",), Effect.TEST),), Applicability.REVIEW)
    findings = (
        replace(finding, claim=replace(finding.claim, fix=fix)) for finding in report.findings
    )
    return replace(report, findings=tuple(findings))


def without_remedy(finding: Finding) -> Finding:
    return replace(finding, claim=replace(finding.claim, fix=None))


def remedies(content: Any) -> list[tuple[str, str, int]]:
    return [
        (finding["id"], remedy["summary"], len(remedy["steps"]))
        for finding in content["report"]["findings"][:2]
        if (remedy := finding["remedy"])
    ]


def test_of_a_configuration_the_files_that_findings_name_are_shown() -> None:
    files = (ConfigFile("/etc/nginx/mime.types", "types {}"), ConfigFile("/etc/site", "server {}"))
    config = NginxConfig(path="/etc/nginx/nginx.conf", files=files)
    made = mended()
    number = len(made.evidence.observations) + 1
    first = made.findings[0]
    claim = replace(first.claim, because=(config,), facts={"place": "/etc/site:1"})
    report = replace(
        made,
        evidence=replace(made.evidence, observations=(*made.evidence.observations, config)),
        findings=(replace(first, claim=claim), *made.findings[1:]),
    )

    def texts(evidence: Evidence) -> dict[str, str]:
        observations = result(report, evidence)["report"]["observations"]
        (shown,) = [entry for entry in observations if entry["id"] == f"o{number}"]
        return {file["path"]: file["text"] for file in shown["files"]}

    assert texts("cited") == {"/etc/nginx/mime.types": "…", "/etc/site": "server {}"}
    assert texts("all") == {file.path: file.text for file in files}


@pytest.mark.parametrize(
    ("role", "privileged", "prefix"),
    [("server", True, ""), ("server", False, "sudo "), ("outside", True, "sudo ")],
)
def test_a_command_for_root_on_the_server_has_no_sudo(
    role: str, privileged: bool, prefix: str
) -> None:
    here = {"role": role, "privileged": privileged}
    finding = {"root_cause": True, "remedy": {"applicability": "automatic"}}
    content = {"run": {"vantage": {"here": here}}, "findings": [finding]}
    commands = next_commands(SHOP, {"masked": True, "report": content})
    assert [entry["command"] for entry in commands] == [
        f"{prefix}diagnose {SHOP.url}",
        f"{prefix}diagnose fix {SHOP.url}",
    ]
