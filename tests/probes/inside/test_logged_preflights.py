"""A preflight of the access log, sent again."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Vantage
from diagnose.model.http import Exchange
from diagnose.model.logs import FailedRequests
from diagnose.parsers.request_fields import UNKNOWN_ORIGIN
from diagnose.probes.inside import logged_preflights
from tests.support.check_evidence import SHOP
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

PAGE = Exchange(url=SHOP.url, address="203.0.113.10", port=443, status=200)
LOGGED = FailedRequests(
    vantage=Vantage.SERVER, file="/var/log/nginx/access.log", method="OPTIONS", path="/api",
    status=405, written="12:00:00",
)  # fmt: skip


def sent(monkeypatch: pytest.MonkeyPatch, *failures: FailedRequests, page: Exchange = PAGE) -> Any:
    requests, ctx = list[Any](), Looking(RecordedMachine())
    ctx.observations.append(page)

    async def request_anew(_: Any, request: Any) -> None:
        requests.append(request)

    monkeypatch.setattr(logged_preflights, "request_anew", request_anew)

    async def work() -> None:
        for failure in failures:
            await logged_preflights.preflight.work(ctx, failure)

    asyncio.run(work())
    return requests


def test_asks_as_a_browser_does(monkeypatch: pytest.MonkeyPatch) -> None:
    (request,) = sent(monkeypatch, LOGGED, replace(LOGGED, status=404))
    assert request.url == f"{SHOP.origin}/api"
    assert request.extra["Origin"] == UNKNOWN_ORIGIN
    run = Looking(RecordedMachine())
    assert request.method(run.target, run.options.request) == "OPTIONS"


def test_asks_for_two_paths_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    failures = [replace(LOGGED, path=f"/{number}") for number in range(4)]
    assert [request.url for request in sent(monkeypatch, *failures)] == [
        f"{SHOP.origin}/0", f"{SHOP.origin}/1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "failure",
    [replace(LOGGED, method="POST"), replace(LOGGED, status=500), replace(LOGGED, status=413)],
)
def test_asks_nothing_else(monkeypatch: pytest.MonkeyPatch, failure: FailedRequests) -> None:
    assert not sent(monkeypatch, failure)
    assert not sent(monkeypatch, LOGGED, page=replace(PAGE, status=None))
