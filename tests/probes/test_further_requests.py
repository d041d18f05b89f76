"""The budget of a run for further requests."""

from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Target
from diagnose.model.http import Exchange
from diagnose.probes import Options
from diagnose.probes.further_requests import (
    MAX_BYTES,
    MAX_LOGGED,
    MAX_REQUESTS,
    Allowance,
    FurtherRequests,
)
from tests.support.fake_context import Looking

SITE = "https://shop.example.com"
ANSWER = Exchange(url=f"{SITE}/", address="203.0.113.10", port=443, status=200)


class Run(Looking):
    """A run at a certain second of its time, that the target has answered."""

    def __init__(self, *exchanges: Exchange, **options: Any) -> None:
        super().__init__(machine=None)  # type: ignore[arg-type]
        self.target = Target("shop.example.com", "https", "shop.example.com", 443)
        self.options = Options(**options)
        self.now = 0.2
        self.observations.extend(exchanges)

    def elapsed(self) -> float:
        return self.now


def reserve(run: Run, path: str = "/app.css", max_bytes: int = 1000) -> Allowance | None:
    return run.further_requests.reserve(run, f"{SITE}{path}", max_bytes)


def seconds(run: Run) -> float | None:
    allowance = reserve(run)
    return allowance.seconds if allowance else None


def test_a_request_to_the_own_origin_after_the_answer() -> None:
    assert reserve(Run(ANSWER)) == Allowance(1000, 3.0)


def test_nothing_is_asked_before_the_site_has_answered() -> None:
    assert reserve(Run()) is None
    assert reserve(Run(replace(ANSWER, status=None))) is None
    assert reserve(Run(replace(ANSWER, purpose="plain"))) is None


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example.com/app.css",
        "https://cdn.example.com/app.css",
        "https://shop.example.com:8443/app.css",
        "https://shop.example.com.evil.example/",
        "//shop.example.com/",
    ],
)
def test_no_other_origin_is_asked(url: str) -> None:
    run = Run(ANSWER)
    assert run.further_requests.reserve(run, url, 1000) is None


def test_the_options_decide() -> None:
    assert reserve(Run(ANSWER, skip=("http",))) is None
    assert reserve(Run(ANSWER, only=("tls",))) is None
    assert reserve(Run(ANSWER, only=("http",))) is not None
    run = Run(ANSWER, skip=("http",))
    assert run.further_requests.reserve(run, f"{SITE}/", 1, layer="websocket") is not None


def test_a_dozen_requests_in_one_run() -> None:
    run = Run(ANSWER)
    assert all(reserve(run) for _ in range(MAX_REQUESTS))
    assert reserve(run) is None


def test_two_mebibytes_in_one_run_and_what_was_not_needed_is_given_back() -> None:
    run = Run(ANSWER)
    first = reserve(run, max_bytes=MAX_BYTES + 1)
    assert first is not None
    assert first.bytes == MAX_BYTES
    assert reserve(run) is None
    run.further_requests.give_back(first, MAX_BYTES - 400)
    second = reserve(run, max_bytes=1000)
    assert second is not None
    assert second.bytes == 400


def test_more_than_was_reserved_takes_nothing_from_others() -> None:
    run = Run(ANSWER)
    allowance = reserve(run)
    assert allowance is not None
    run.further_requests.give_back(allowance, 5000)
    assert reserve(run, max_bytes=MAX_BYTES) == Allowance(MAX_BYTES - 1000, 3.0)


def test_they_end_before_the_run_and_soon_after_the_first() -> None:
    run = Run(ANSWER, timeout=3.0)
    assert seconds(run) == pytest.approx(1.8)
    run.now = 1.9
    assert reserve(run) is None
    long_run = Run(ANSWER, timeout=60.0)
    reserve(long_run)
    long_run.now = 4.2
    assert seconds(long_run) == pytest.approx(1.0)
    long_run.now = 5.1
    assert reserve(long_run) is None


def test_a_visitors_request_is_repeated_later_than_others() -> None:
    """Logs are read late on a busy machine."""
    run = Run(ANSWER, timeout=60.0)
    reserve(run)
    run.now = 8.2
    url = f"{SITE}/login"
    allowance = run.further_requests.reserve(run, url, 1000, total=MAX_LOGGED)
    assert allowance
    assert allowance.seconds == pytest.approx(2.0)
    run.now = 10.3
    assert run.further_requests.reserve(run, url, 1000, total=MAX_LOGGED) is None


def test_each_run_has_a_budget_of_its_own() -> None:
    assert FurtherRequests() is not FurtherRequests()
    assert Run(ANSWER).further_requests is not Run(ANSWER).further_requests


def test_another_origin_of_the_own_server_is_asked_once_it_is_known() -> None:
    run = Run(ANSWER)
    url = "https://api.example.com:8443/items"
    assert run.further_requests.reserve(run, url, 1000) is None
    run.further_requests.add_own("https://api.example.com:8443")
    assert run.further_requests.reserve(run, url, 1000) == Allowance(1000, 3.0)
    assert run.further_requests.reserve(run, "https://api.example.com/items", 1000) is None
