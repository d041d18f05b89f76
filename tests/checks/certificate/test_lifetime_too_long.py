from dataclasses import replace
from datetime import timedelta

from diagnose.checking.conclusion import conclude
from diagnose.model import Evidence
from diagnose.parsers.symptoms import symptom_of
from tests.support.certificates import MIDDLE, causes, leaf, visit
from tests.support.check_evidence import NOW, SHOP, judge

CHECK = "certificate.lifetime-too-long"
START = NOW - timedelta(days=10)


def test_fires_on_more_than_825_days() -> None:
    observation = visit(leaf(not_before=START, not_after=START + timedelta(days=910)), MIDDLE)
    (claim,) = judge(CHECK, observation)
    assert claim.facts["days"] == 910
    assert causes(observation) == []


def test_it_is_a_fault_for_a_person_who_reports_it() -> None:
    observation = visit(leaf(not_before=START, not_after=START + timedelta(days=910)), MIDDLE)
    symptom = symptom_of("NET::ERR_CERT_VALIDITY_TOO_LONG")
    assert symptom is not None
    report = conclude(Evidence(replace(SHOP, symptom=symptom), NOW, (observation,)))
    assert [finding.check.id for finding in report.causes] == [CHECK]


def test_silent_on_a_shorter_one_and_on_one_that_is_not_accepted_anyway() -> None:
    short = leaf(not_before=START, not_after=START + timedelta(days=825))
    assert not judge(CHECK, visit(short, MIDDLE))
    long = leaf(not_before=START, not_after=START + timedelta(days=910))
    assert not judge(CHECK, visit(long, MIDDLE, code=19))


def test_silent_on_one_of_the_time_before_the_rule() -> None:
    old = START.replace(year=2018)
    assert not judge(CHECK, visit(leaf(not_before=old, not_after=START.replace(year=2030)), MIDDLE))
