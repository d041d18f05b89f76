"""A page from which nobody came back is requested once more."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from diagnose.model.http import Exchange
from diagnose.model.other_requests import OtherRequest
from diagnose.net.http import HttpResult
from diagnose.net.http_body import BodyRead
from diagnose.probes.inside import repeated_departures
from diagnose.probes.inside.repeated_departures import may_lead_astray
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

PAGE = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=200)
REQUEST = OtherRequest(path="/login", source="departure", status=302, by_browser=True)
AUTHORIZE = "https://login.example.net/auth?redirect_uri="
WRONG, RIGHT = "http%3A%2F%2Fshop.example.com%2Fback", "https%3A%2F%2Fshop.example.com%2Fback"


class Connection:
    def close(self) -> None:
        """Nothing is open."""


def asked(
    monkeypatch: pytest.MonkeyPatch, location: str = "", document: str = "", is_open: bool = True
) -> tuple[bool, Any]:
    """Return whether a page with this redirect or document leads astray, and the context."""

    async def open_http(*_: Any) -> tuple[Connection | None, None]:
        return (Connection() if is_open else None), None

    async def fetch_page(_: Any, __: Any, request: Any) -> tuple[Exchange, HttpResult]:
        fields = (("Location", location),) if location else (("Content-Type", "text/html"),)
        exchange = replace(PAGE, url=request.url, status=302 if location else 200, headers=fields)
        return exchange, HttpResult(body_read=BodyRead(text=document, received=len(document)))

    monkeypatch.setattr(repeated_departures, "open_http", open_http)
    monkeypatch.setattr(repeated_departures, "fetch_page", fetch_page)
    looking: Any = Looking(RecordedMachine({}))
    looking.emit(PAGE)
    return asyncio.run(may_lead_astray(looking, PAGE, REQUEST)), looking


def test_a_redirect(monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked(monkeypatch, "http://shop.example.com:8080/login")[0]
    assert asked(monkeypatch, AUTHORIZE + WRONG)[0]
    assert not asked(monkeypatch, AUTHORIZE + RIGHT)[0]
    assert not asked(monkeypatch, "/web")[0]


def test_a_link_to_a_login(monkeypatch: pytest.MonkeyPatch) -> None:
    link = '<!doctype html><a href="{}">Log in</a>'
    assert asked(monkeypatch, document=link.format(AUTHORIZE + WRONG))[0]
    assert not asked(monkeypatch, document=link.format(AUTHORIZE + RIGHT))[0]


def test_it_is_asked_once_and_only_if_it_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not asked(monkeypatch, is_open=False)[0]
    is_astray, looking = asked(monkeypatch, "http://shop.example.com/login")
    assert is_astray
    assert not asyncio.run(may_lead_astray(looking, PAGE, REQUEST))
    nobody: Any = Looking(RecordedMachine({}))
    assert not asyncio.run(may_lead_astray(nobody, PAGE, REQUEST))
