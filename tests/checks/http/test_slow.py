"""http.slow: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Confidence, Failure, Severity
from diagnose.model.http import Exchange
from diagnose.model.tcp import Connection
from tests.support.check_evidence import SHOP, judge

CHECK = "http.slow"
OPEN = Connection(address="203.0.113.10", family=4, port=443, took=0.02)
PAGE = Exchange(url=SHOP.url, address="203.0.113.10", port=443, status=200, took=6.2)


@pytest.mark.parametrize("status", [200, 204, 302])
def test_fires_when_the_first_byte_comes_after_seconds(status: int) -> None:
    (claim,) = judge(CHECK, OPEN, replace(PAGE, status=status))
    assert (claim.facts["seconds"], claim.facts["connect"]) == (6.2, 0.02)
    assert claim.confidence is Confidence.CERTAIN


@pytest.mark.parametrize(
    "page",
    [
        replace(PAGE, took=2.9),
        replace(PAGE, status=502),  # that is the fault
        replace(PAGE, status=404),
        replace(PAGE, status=None, failure=Failure("timeout", "timed out")),
        replace(PAGE, purpose="plain", port=80),
        replace(PAGE, address="203.0.113.11"),  # its connection was not seen
    ],
)
def test_silent_on_another_page(page: Exchange) -> None:
    assert not judge(CHECK, OPEN, page)


def test_silent_when_the_connection_is_slow_too() -> None:
    assert not judge(CHECK, replace(OPEN, took=1.5), PAGE)


@pytest.mark.parametrize(
    ("media_type", "severity"),
    [("text/event-stream; charset=utf-8", Severity.WARNING), ("text/html", None)],
)
def test_a_late_stream_of_events_is_no_note(media_type: str, severity: Severity | None) -> None:
    page = replace(PAGE, headers=(("Content-Type", media_type),))
    (claim,) = judge(CHECK, OPEN, page)
    assert (claim.severity, claim.facts["stream"]) == (severity, severity is not None)
    assert not judge(CHECK, OPEN, replace(page, took=0.4))
