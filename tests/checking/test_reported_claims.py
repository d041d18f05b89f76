"""What claims are worth whose only evidence is the pasted message."""

from dataclasses import replace

import pytest

from diagnose.checking.conclusion import conclude
from diagnose.model import Confidence, Evidence, Observation, Symptom
from diagnose.model.logs import LogLine
from diagnose.outputs.symptom_text import symptom_text
from tests.support.check_evidence import NOW, REFUSED, SHOP
from tests.support.nginx_evidence import BUILD, LOADED, RUNNING, config
from tests.support.report_builder import CLOSED, WELL

TOLD = Symptom("status", "504 Gateway Time-out", 504)
LATE = LogLine(
    file="/var/log/nginx/error.log", when=LOADED - 120, level="error", pid=7,
    text="upstream timed out (110: Connection timed out)",
    doing="reading response header from upstream", server="shop.example.com",
    request="GET /report HTTP/1.1", host="shop.example.com",
)  # fmt: skip
SITE = (config(), BUILD, RUNNING, *WELL)


def found(*more: Observation, symptom: Symptom | None = TOLD) -> list[tuple[str, Confidence]]:
    report = conclude(Evidence(replace(SHOP, symptom=symptom), NOW, (*SITE, *more)))
    return [(each.check.id, each.claim.confidence) for each in report.causes]


def test_a_claim_of_words_alone_counts_by_itself() -> None:
    assert found() == [("upstream.read-timeout", Confidence.LIKELY)]
    assert not found(symptom=None)


def test_it_comes_behind_what_was_measured_and_is_possible_if_that_leads_to_the_message() -> None:
    dead = replace(CLOSED, address="203.0.113.77", failure=REFUSED)
    assert found(dead) == [
        ("tcp.refused", Confidence.CERTAIN),
        ("upstream.read-timeout", Confidence.LIKELY),
    ]
    both = replace(TOLD, text="504 Gateway Time-out, and Connection refused")
    assert found(dead, symptom=both)[1] == ("upstream.read-timeout", Confidence.POSSIBLE)


def test_it_is_none_where_the_log_has_the_message_only_before_the_last_change() -> None:
    assert not found(LATE)
    report = conclude(Evidence(replace(SHOP, symptom=TOLD), NOW, (*SITE, LATE)))
    assert "may be older" in symptom_text(report, "en")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (replace(LATE, host="other.example.com", server="other.example.com"), TOLD.text),
        # What happens at times may come again.
        (LATE, "504 Gateway Time-out sometimes"),
        # Nothing was changed since: nginx was restarted alone.
        (replace(LATE, when=LOADED - 30), TOLD.text),
    ],
)
def test_it_counts_where_nothing_shows_that_it_is_over(line: LogLine, words: str) -> None:
    assert "upstream.read-timeout" in dict(found(line, symptom=replace(TOLD, text=words)))
