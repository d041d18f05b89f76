"""What stands beside a report."""

from dataclasses import replace

from diagnose.agent.results import altered, replay_commands
from diagnose.checking.registry import load_check
from diagnose.model import Applicability, Command, Effect, Fix, Manual, Report, Where
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
