from dataclasses import replace

import pytest

from diagnose.model import Failure
from diagnose.model.http import Ending, Exchange, header, page_exchanges
from diagnose.model.websocket_codes import is_policy
from tests.support.check_evidence import evidence
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


@pytest.mark.parametrize(
    ("status", "location", "expected"),
    [
        (200, "", False),
        (301, "https://shop.example.com/page", False),
        (301, "/elsewhere", False),
        (301, "", False),
        (301, "elsewhere", False),
        (301, "../elsewhere", False),
        (301, "www.shop.example.com/", True),
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


def test_the_page_of_a_target_is_asked_for_on_its_port() -> None:
    """Other requests of the same server, and its page on another port, are others."""
    others = (replace(PAGE, port=80), replace(PAGE, purpose="plain"), replace(PAGE, purpose="acme"))
    failed = replace(PAGE, status=None, failure=Failure("timeout", "timed out"))
    assert page_exchanges(evidence(*others, PAGE, failed)) == (PAGE, failed)
