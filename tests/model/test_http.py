from dataclasses import replace

import pytest

from diagnose.model import Failure, Subject
from diagnose.model.http import (
    Ending,
    Exchange,
    Upgrade,
    header,
    websocket_attempts,
)
from diagnose.model.websocket_codes import is_policy
from tests.support.check_evidence import TIMEOUT, evidence
from tests.support.summaries import summary_text
from tests.support.websocket_evidence import upgrade

PAGE = Exchange(
    url="https://shop.example.com/",
    address="203.0.113.10",
    port=443,
    status=302,
    reason="Found",
    headers=(("Location", "/a"), ("Set-Cookie", "a=1"), ("set-cookie", "b=2")),
)


def test_a_field_is_found_by_its_name_in_any_case() -> None:
    """RFC 9110 section 5.1."""
    assert PAGE.header("location") == PAGE.header("LOCATION") == "/a"
    assert PAGE.header("Set-Cookie") == "a=1"
    assert PAGE.header("Locatio") is None
    assert upgrade(headers=(("UPGRADE", ""),)).header("Upgrade") == ""
    assert header((), "Date") is None


def test_the_summary_shows_where_a_redirect_leads_and_only_that() -> None:
    assert summary_text(PAGE) == ("GET https://shop.example.com/", "302 Found -> /a")
    assert summary_text(replace(PAGE, status=200, reason=""))[1] == "200"
    assert summary_text(replace(PAGE, headers=()))[1] == "302 Found"


def test_codes_that_servers_send_on_purpose() -> None:
    """RFC 6455 section 7.4.2 and IANA's registry."""
    assert all(map(is_policy, (1008, 1012, 1013, 3000, 3999, 4000, 4401, 4999)))
    assert not any(map(is_policy, (None, 0, 1000, 1006, 1009, 1011, 1014, 2999, 5000, -4000)))


@pytest.mark.parametrize(
    ("ended", "code", "stayed"),
    [
        ("", None, True),
        ("close", 1000, True),
        ("close", 1001, True),
        ("close", 1005, True),
        ("close", 1011, False),
        ("eof", 1006, False),
        ("reset", None, False),
        ("close", 4401, None),
        ("close", 1012, None),
        ("invalid", 4401, False),
    ],
)
def test_how_it_ended_says_whether_it_stayed_open(
    ended: Ending, code: int | None, stayed: bool | None
) -> None:
    seen = replace(upgrade(101, accepted=True), ended=ended, close_code=code)
    assert seen.stayed_open is stayed
    assert replace(seen, accepted=False).stayed_open is False


def test_the_summary_says_what_was_tried_where_and_how_it_ended() -> None:
    refused = upgrade(404, "no-origin", through="application")
    assert summary_text(refused) == (
        "WebSocket wss://shop.example.com/ws (to the application itself, without Origin)",
        "404",
    )
    closed = replace(upgrade(101, accepted=True), ended="close", close_code=1011, close_reason="x")
    outcome = "101; then a close frame (1011 x)"
    assert summary_text(closed) == ("WebSocket wss://shop.example.com/ws", outcome)


def test_handshakes_that_ended_alike_are_one_attempt() -> None:
    first, second = upgrade(404), upgrade(404, address="203.0.113.11")
    retry, behind = upgrade(404, "no-origin"), upgrade(101, through="application")
    page = replace(PAGE, status=200)
    plain = replace(PAGE, status=301, purpose="plain")
    (attempt,) = websocket_attempts(evidence(first, retry, behind, second, page, plain))
    assert (attempt.path, attempt.first) == ("/ws", first)
    assert attempt.because == (first, second, retry)
    assert attempt.site == {200}
    assert attempt.subjects == (
        Subject(address="203.0.113.10", port=443, path="/ws"),
        Subject(address="203.0.113.11", port=443, path="/ws"),
    )


@pytest.mark.parametrize(
    "other",
    [
        upgrade(403),
        upgrade(101, accepted=True),
        upgrade(404, fault="accept"),
        upgrade(404, failure=TIMEOUT),
        replace(upgrade(404), path="/chat"),
        replace(upgrade(404), ended="eof"),
        replace(upgrade(404), close_code=1006),
    ],
)
def test_handshakes_that_ended_otherwise_are_another_attempt(other: Upgrade) -> None:
    first = upgrade(404)
    attempts = websocket_attempts(evidence(first, other))
    assert [attempt.same for attempt in attempts] == [(first,), (other,)]
    assert websocket_attempts(evidence()) == ()


def test_an_attempt_is_named_by_its_url_without_the_query() -> None:
    seen = replace(upgrade(), url="wss://shop.example.com/ws?token=secret")
    (attempt,) = websocket_attempts(evidence(seen))
    assert str(attempt.subject) == "wss://shop.example.com/ws"


@pytest.mark.parametrize(
    ("status", "location", "expected"),
    [
        (200, "", False),
        (301, "https://shop.example.com/page", False),
        (301, "/elsewhere", False),
        (301, "", False),
        (302, "https://block.example.net/?d=shop.example.com", True),
        (302, "//block.example.net", True),
        (302, "http://[", True),
        (404, "", True),
    ],
)
def test_an_error_or_another_host_may_show_a_fault(
    status: int, location: str, expected: bool
) -> None:
    headers = (("Location", location),) if location else ()
    page = Exchange(
        url="http://shop.example.com/", address="203.0.113.10", port=80, status=status,
        headers=headers,
    )  # fmt: skip
    assert page.shows_fault is expected
    assert replace(page, failure=Failure("timeout", "timed out")).shows_fault
