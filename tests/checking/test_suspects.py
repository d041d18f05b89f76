"""Notes that a person may mean where no finding answers the message."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from diagnose.checking.registry import check_ids, load_check
from diagnose.checking.suspects import suspects
from diagnose.checking.symptom_table import symptom_table
from diagnose.model import Claim, Evidence, Finding, Report, Severity, Subject, Symptom, Target

BAN, SILENCE = "firewall.visitor-banned", "websocket.idle-default"
UNREAD = Symptom("other", "Сайтът вече не се зарежда при мен")
CUT = Symptom("websocket-closed", "the websocket closes", 1006)


def noted(symptom: Symptom | None, *check_ids: str, **changes: object) -> Report:
    """A report with a note of each check."""
    target = Target("x", "https", "shop.example.com", 443, symptom=symptom)
    findings = tuple(
        Finding(
            f"f{number}",
            load_check(check_id),
            replace(Claim(about=Subject(), because=()), severity=Severity.NOTE),
            **changes,  # type: ignore[arg-type]
        )
        for number, check_id in enumerate(check_ids, 1)
    )
    return Report(Evidence(target, datetime(2026, 12, 1, tzinfo=UTC), ()), findings)


def names(report: Report) -> list[str]:
    return [finding.check.id for finding in suspects(report)]


def test_a_ban_may_be_what_words_mean_that_nobody_understands() -> None:
    assert names(noted(UNREAD, SILENCE, BAN)) == [BAN, SILENCE]


def test_a_note_about_nothing_that_visitors_meet_is_no_suspect() -> None:
    assert names(noted(UNREAD, "firewall.http3-closed", "host.limited-privileges")) == []


def test_without_a_message_nothing_is_suspected() -> None:
    assert names(noted(None, BAN)) == []


@pytest.mark.parametrize("changes", [{"explained_by": "f9"}])
def test_a_consequence_is_no_suspect(changes: dict[str, object]) -> None:
    assert names(noted(UNREAD, BAN, **changes)) == []


def test_a_note_that_answers_the_message_is_its_cause_and_no_suspect() -> None:
    cut = replace(CUT, text="the websocket closes after 60 seconds")
    report = noted(cut, SILENCE)
    finding = report.findings[0]
    claim = replace(finding.claim, severity=Severity.WARNING, facts={"seconds": 60})
    answered = replace(report, findings=(replace(finding, claim=claim),))
    assert names(answered) == []


def test_suspects_are_checks() -> None:
    for row in symptom_table().values():
        assert set(row.suspects) <= set(check_ids())
