from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from diagnose.model import Host, Location, Vantage
from diagnose.model.view import View
from diagnose.outputs import document
from diagnose.outputs.verdict_text import verdict_sentences
from tests.support.report_builder import healthy, mended, refused

NOON = datetime(2026, 11, 24, 12, 0, 5, tzinfo=timezone(timedelta(hours=8)))


def test_a_time_is_in_utc_to_the_second() -> None:
    assert document.format_time(NOON) == "2026-11-24 04:00:05 UTC"
    assert document.format_rfc3339(NOON.astimezone(UTC)) == "2026-11-24T04:00:05Z"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.3124, "312 ms"), (1.44, "1.4 s"), (float("inf"), "–"), (float("nan"), "–")],
)
def test_a_duration(seconds: float, text: str) -> None:
    assert document.format_duration(seconds) == text


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("https://example.com/a?b=c", True),
        ("javascript:alert(1)", False),
        ("https://example.com/\u202e", False),
        ('https://example.com/"', False),
    ],
)
def test_only_a_plain_url_may_become_a_link(url: str, link: bool) -> None:
    assert document.safe_link(url) == (url if link else None)


def test_a_span_without_width_marks_one_place() -> None:
    lines = list(document.excerpt_lines(Location("/etc/x", 2, 3, 3, 1, ("one", "two", "six"))))
    assert [line.marked for line in lines] == ["", "o", ""]
    end = Location("/etc/x", 1, 4, 4, 1, ("one",))
    assert [line.marked for line in document.excerpt_lines(end)] == [" "]


@pytest.mark.parametrize(
    ("lang", "sentence"),
    [
        ("en", "https://shop.example.com/ is healthy. The certificate is valid for 61 more days."),
        ("zh", "https://shop.example.com/ 一切正常。证书还有 61 天有效。"),
    ],
)
def test_a_healthy_site_says_how_long_its_certificate_is_valid(lang: str, sentence: str) -> None:
    assert verdict_sentences(healthy(), lang) == sentence


def test_what_was_found_is_counted_where_something_is_wrong() -> None:
    assert document.count_line(healthy(), "en") == ""
    assert document.count_line(mended(), "en") == "1 root cause, 1 consequence."


def test_where_the_run_looked_from_is_named() -> None:
    rows = dict(document.vantages(mended(), View(hostname="laptop", privileged=False)))
    assert rows == {"Looked from": "laptop (the server), not as root"}
    made = mended()
    far = Host(hostname="web1", via="ssh", privileged=True, vantage=Vantage.SERVER)
    made = replace(made, evidence=replace(made.evidence, observations=(far,)))
    rows = dict(document.vantages(made, View(hostname="laptop", privileged=False)))
    assert rows == {
        "Looked from": "laptop (not the server), not as root",
        "Looked inside": "web1, ssh, as root",
    }


def test_observations_without_a_time_come_last() -> None:
    made = refused()
    first, *others = made.evidence.observations
    lost = replace(first, at=float("nan"))
    made = replace(made, evidence=replace(made.evidence, observations=(lost, *others)))
    assert document.chronological(made)[-1] is lost
