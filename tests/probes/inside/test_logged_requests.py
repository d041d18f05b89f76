"""Requests that failed are sent again if that changes nothing (RFC 9110 section 9.2.1)."""

import asyncio
import shlex
from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Symptom
from diagnose.model.http import Exchange
from diagnose.parsers.access_log import parse
from diagnose.parsers.nginx.access_log import parse_format
from diagnose.probes.inside import logged_requests, repeated_departures
from diagnose.probes.inside.log_texts import READ_SCRIPT, LoggedSite
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

LOG, NOW = "/a.log", 1_795_514_470
PAGE = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=200)


def repeated(monkeypatch: pytest.MonkeyPatch, *requests: str) -> list[str]:
    """Return the addresses that are requested again after these lines of a log."""
    urls: list[str] = []

    async def request_anew(_: Any, request: Any) -> None:
        urls.append(request.url)

    monkeypatch.setattr(logged_requests, "request_anew", request_anew)
    line_format = parse_format('[$time_local] "$request" $status "$http_user_agent"')
    assert line_format
    lines = "".join(
        f' [24/Nov/2026:18:01:00 +0800] {request} "Mozilla/5.0"\n' for request in requests
    )
    asked = shlex.join(("sh", "-c", READ_SCRIPT, "sh", LOG))
    looking: Any = Looking(RecordedMachine({asked: f"now {NOW}\nlog\n{lines}\n"}))
    looking.emit(PAGE)
    site = LoggedSite("nginx", {"shop.example.com"}, {LOG: lambda text: parse(text, line_format)})
    asyncio.run(logged_requests.observe_failures(looking, site, [PAGE]))
    return urls


def test_a_get_without_a_query_is_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    urls = repeated(
        monkeypatch, '"GET /a HTTP/1.1" 502', '"GET /b?c=d HTTP/1.1" 502',
        '"POST /c HTTP/1.1" 502',
    )  # fmt: skip
    assert urls == ["https://shop.example.com/a"]


def test_what_would_only_wait_or_open_a_websocket_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    assert repeated(monkeypatch, '"GET /a HTTP/1.1" 504', '"GET /ws HTTP/1.1" 502') == []


def test_a_log_that_cannot_be_read() -> None:
    looking: Any = Looking(RecordedMachine({}))
    site = LoggedSite("nginx", set(), {LOG: None})
    asyncio.run(logged_requests.observe_failures(looking, site, [PAGE]))
    assert looking.observations == []


@pytest.mark.parametrize(
    ("path", "status", "expected"),
    [("/socket.io/", 400, ["/socket.io/"]), ("/socket.io/", 502, []), ("/search", 400, [])],
)
def test_sessions_are_opened_where_socketio_refused_its_clients(
    monkeypatch: pytest.MonkeyPatch, path: str, status: int, expected: list[str]
) -> None:
    tried: list[str] = []

    async def try_sessions(_: Any, path: str) -> None:
        tried.append(path)

    monkeypatch.setattr(logged_requests, "try_sessions", try_sessions)
    request = f'"GET {path}?EIO=4&transport=polling&sid=a HTTP/1.1"'
    named_pages(monkeypatch, *2 * [f'{request} {status} "{SITE}/"'])
    assert tried == expected


SITE = "https://shop.example.com"
MESSAGE = Symptom("status", "404 Not Found", 404)


def named_pages(
    monkeypatch: pytest.MonkeyPatch,
    *lines: str,
    status: int = 404,
    symptom: Symptom | None = None,
    agent: str = "Mozilla/5.0",
) -> list[str]:
    """Return the pages that are to be diagnosed after the target; what is sent again gets the
    status."""

    async def request_anew(_: Any, request: Any) -> Exchange:
        return replace(PAGE, url=request.url, status=status)

    monkeypatch.setattr(logged_requests, "request_anew", request_anew)
    line_format = parse_format(
        '[$time_local] "$request" $status "$http_referer" "$http_user_agent"'
    )
    assert line_format
    text = "".join(f' [24/Nov/2026:18:01:00 +0800] {line} "{agent}"\n' for line in lines)
    asked = shlex.join(("sh", "-c", READ_SCRIPT, "sh", LOG))
    looking: Any = Looking(RecordedMachine({asked: f"now {NOW}\nlog\n{text}\n"}))
    looking.target = replace(looking.target, symptom=symptom)
    looking.emit(PAGE)
    site = LoggedSite("nginx", {"shop.example.com"}, {LOG: lambda text: parse(text, line_format)})
    asyncio.run(logged_requests.observe_failures(looking, site, [PAGE]))
    return [request.path for request in looking.further_requests.other_pages]


RELOADED = ('"GET /about HTTP/1.1" 404 "-"', f'"GET /favicon.ico HTTP/1.1" 404 "{SITE}/about"')


def test_a_page_that_a_browser_did_not_get_is_diagnosed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert named_pages(monkeypatch, *RELOADED) == ["/about"]
    assert named_pages(monkeypatch, *RELOADED, status=200) == []


def test_what_an_earlier_run_asked_for_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """It tries paths that nobody else asks for, as a file of the page below the page's folder."""
    tried = f'"GET /app/a.js HTTP/1.1" 404 "{SITE}/"'
    assert named_pages(monkeypatch, tried) == ["/app/a.js"]
    assert named_pages(monkeypatch, tried, agent="diagnose/0.1.0") == []


def test_what_programs_ask_for_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    assert named_pages(monkeypatch, RELOADED[0]) == []
    assert named_pages(monkeypatch, RELOADED[0], symptom=MESSAGE) == ["/about"]
    assert named_pages(monkeypatch, '"GET /about HTTP/1.1" 502 "-"', status=502) == ["/about"]


def test_a_page_whose_requests_fail_is_diagnosed(monkeypatch: pytest.MonkeyPatch) -> None:
    failing = f'"POST /login HTTP/1.1" 405 "{SITE}/start"'
    assert named_pages(monkeypatch, failing) == ["/start"]
    assert named_pages(monkeypatch, f'"POST /login HTTP/1.1" 405 "{SITE}/"') == []


def test_what_a_page_loads_and_a_page_that_circles_are_diagnosed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    picture = f'"GET /media/a.png HTTP/1.1" 404 "{SITE}/"'
    assert named_pages(monkeypatch, picture) == ["/media/a.png"]
    assert named_pages(monkeypatch, picture, status=200) == []
    assert named_pages(monkeypatch, picture.replace("404", "504")) == []
    # Nothing is sent before: one of its redirects says too little.
    loop = ['"GET /go HTTP/1.1" 301 "-"'] * 20
    assert named_pages(monkeypatch, *loop, status=301) == ["/go"]


def test_the_pages_that_were_used_answer_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    used = f'"GET /style.css HTTP/1.1" 200 "{SITE}/start"'
    assert named_pages(monkeypatch, used) == []
    assert named_pages(monkeypatch, used, symptom=MESSAGE) == ["/start"]


def test_a_page_from_which_nobody_came_back_is_diagnosed_if_it_leads_astray(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    async def may_lead_astray(_: Any, __: Any, request: Any) -> bool:
        asked.append(request.path)
        return bool(request.path == "/auth/github")

    monkeypatch.setattr(repeated_departures, "may_lead_astray", may_lead_astray)
    left = f'"GET /auth/github HTTP/1.1" 302 "{SITE}/"'
    assert named_pages(monkeypatch, left) == ["/auth/github"]
    assert named_pages(monkeypatch, left.replace("github", "gitlab")) == []
    assert named_pages(monkeypatch, left, f'"GET /back HTTP/1.1" 200 "{SITE}/"') == []
    assert asked == ["/auth/github", "/auth/gitlab"]
