"""Sessions of Socket.IO, opened where the address asked is the request that begins one."""

import asyncio
from dataclasses import replace

import pytest

from diagnose.model.http import Exchange
from diagnose.probes import ProbeContext
from diagnose.probes.outside import http, websocket
from tests.support.check_evidence import SHOP
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine


@pytest.mark.parametrize(
    ("query", "status", "expected"),
    [
        ("?EIO=4&transport=polling", 200, ["/socket.io/?EIO=4&transport=websocket"]),
        ("?EIO=4&transport=polling&sid=a", 400, ["/socket.io/?EIO=4&transport=websocket"]),
        ("?EIO=4&transport=polling", 404, []),
        ("", 200, []),
    ],
)
def test_sessions_are_opened_where_their_first_request_is_asked(
    monkeypatch: pytest.MonkeyPatch, query: str, status: int, expected: list[str]
) -> None:
    """https://github.com/wasp-lang/wasp/issues/2040"""
    tried: list[str] = []

    async def try_sessions(_: ProbeContext, path: str) -> None:
        tried.append(path)

    monkeypatch.setattr(websocket, "try_sessions", try_sessions)
    looking = Looking(RecordedMachine())
    looking.target = replace(SHOP, path=f"/socket.io/{query}")
    page = Exchange(url=looking.target.url, address="203.0.113.10", port=443, status=status)

    async def work() -> None:
        await http.asked_for_session.work(looking, page)

    asyncio.run(work())
    assert tried == expected
