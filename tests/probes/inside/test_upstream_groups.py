"""Each server of a group is asked, if one of them may miss the page."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from diagnose.model.http import BrowserVisit, Exchange
from diagnose.probes.inside import upstream_groups
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine
from tests.support.upstream_evidence import page
from tests.support.upstreams import proxied

VISIT = BrowserVisit(url="https://shop.example.com/", address="203.0.113.10", port=443)
ONE = proxied("http://127.0.0.1:3000")
GROUP = proxied("http://shop", "upstream shop { server 127.0.0.1:3000; server 127.0.0.1:3001; }\n")


def asked(monkeypatch: pytest.MonkeyPatch, config: Any, *answers: Exchange | BrowserVisit) -> bool:
    calls = []

    async def ask(*given: object) -> None:
        calls.append(given)

    monkeypatch.setattr(upstream_groups, "ask_application", ask)
    ctx = Looking(RecordedMachine({}))
    for answer in answers:
        ctx.emit(answer)

    async def work() -> None:
        for exchange in ctx.observed(Exchange):
            await upstream_groups.behind_a_missing_page.work(ctx, exchange, config)
        for visit in ctx.observed(BrowserVisit):
            await upstream_groups.behind_a_missing_visit.work(ctx, visit, config)

    asyncio.run(work())
    return bool(calls)


@pytest.mark.parametrize("status", [404, 500, 503])
def test_a_group_is_asked_after_such_an_answer(
    monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    assert asked(monkeypatch, GROUP, page(status))
    assert asked(monkeypatch, GROUP, page(200), replace(VISIT, status=status))


@pytest.mark.parametrize("status", [200, 403, 429, 502])
def test_nobody_is_asked_after_others(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    assert not asked(monkeypatch, GROUP, page(status))


def test_one_server_alone_cannot_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not asked(monkeypatch, ONE, page(404))
