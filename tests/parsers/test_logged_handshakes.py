from dataclasses import replace
from typing import Any

import pytest

from diagnose.parsers.access_log import AccessLine
from diagnose.parsers.logged_handshakes import refused_handshakes

NAMES = {"shop.example.com"}
AGENT = "Mozilla/5.0 (X11; Linux x86_64)"


def asked(path: str, status: int = 400, **fields: Any) -> AccessLine:
    base = AccessLine(
        100.0, "at 100", "GET", path, False, status, agent=AGENT, version="1.1", client="192.0.2.7"
    )
    return replace(base, **fields)


def paths(*lines: AccessLine) -> tuple[tuple[str, int, int], ...]:
    return tuple(
        (each.path, each.status, each.times)
        for each in refused_handshakes(lines, "/var/log/access.log", NAMES, False, 50.0)
    )


@pytest.mark.parametrize(
    "line",
    [
        asked("/api/v1/updates", 426),
        asked("/xterm/ws-555", 404),
        asked("/api/ws/events", 404),
        asked("/consoleWebSocket", 500),
        asked("/api/v1/hosts/terminal", 400, has_query=True),
        asked("/cable", 404),
    ],
    ids=["426", "ws", "ws folder", "camel case", "terminal with a query", "usual"],
)
def test_a_refused_handshake(line: AccessLine) -> None:
    assert paths(line) == ((line.path, line.status, 1),)


@pytest.mark.parametrize(
    "line",
    [
        asked("/report", 404),
        asked("/api/v1/hosts/terminal", 404),
        asked("/search", 400, has_query=True),
        asked("/news", 404),
        asked("/ws", 401),
        asked("/ws", 502),
        asked("/ws", 404, version="2.0"),
        asked("/ws", 404, agent="curl/8.5"),
        asked("/ws", 404, agent="Mozilla/5.0 diagnose/1.2"),
        asked("/ws", 404, referer="https://shop.example.com/"),
        asked("/ws", 404, when=40.0),
    ],
    ids=["page", "page of a terminal", "query", "letters", "login", "down", "HTTP/2", "program",
         "own", "link", "old"],
)  # fmt: skip
def test_no_refused_handshake(line: AccessLine) -> None:
    assert not paths(line)


def test_what_opened_later_is_over() -> None:
    assert not paths(asked("/ws", 404), asked("/ws", 101, when=120.0))


def test_a_browser_that_speaks_http_2_opens_websockets_by_http_1_1() -> None:
    page, update = asked("/", 200, version="2.0"), asked("/updates", 500)
    assert paths(page, update, update) == (("/updates", 500, 2),)
    assert not paths(page, update)
    other = asked("/", 200, version="2.0", client="192.0.2.8")
    assert not paths(other, update, update)
    # At the port of http the same browser speaks HTTP/1.1.
    assert not paths(page, asked("/updates", 404))
    assert paths(page, asked("/updates", 404), asked("/updates", 404)) == (("/updates", 404, 2),)


def test_a_missing_page_was_typed_without_a_query() -> None:
    assert not paths(asked("/console", 404), asked("/console", 404))
    assert not paths(asked("/console", 404, has_query=True), asked("/console", 404))
    assert paths(asked("/console"), asked("/console")) == (("/console", 400, 2),)
    assert paths(asked("/console", 404, has_query=True)) == (("/console", 404, 1),)


def test_pages_that_keep_their_address_from_all_requests() -> None:
    """As `Referrer-Policy: no-referrer` makes browsers do."""
    messages = asked("/api/notifications", 404, has_query=True)
    assert paths(messages)
    assert not paths(asked("/app.js", 200), messages)
    assert paths(asked("/app.js", 200, referer="https://shop.example.com/"), messages)
    assert paths(asked("/app.js", 200), asked("/ws", 404)) == (("/ws", 404, 1),)


def test_an_application_that_fails_answers_all_with_an_error() -> None:
    live = asked("/live", 500, has_query=True)
    assert paths(live) == (("/live", 500, 1),)
    assert not paths(live, asked("/", 500))
    assert not paths(live, asked("/orders", 502, version="2.0", method="POST"))
