from datetime import UTC, datetime

import pytest

from diagnose.parsers.http import (
    hops,
    https_only,
    proxy_page,
    server_time,
    strict_transport,
    websocket_urls,
)


def test_the_servers_time_is_its_date_and_the_age_of_the_answer() -> None:
    date = ("Date", "Tue, 24 Nov 2026 15:00:00 GMT")
    assert server_time((date,)) == datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
    assert server_time((date, ("Age", "90"))) == datetime(2026, 11, 24, 15, 1, 30, tzinfo=UTC)
    assert server_time((date, ("Age", "old"))) == datetime(2026, 11, 24, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "yesterday", "Tue, 31 Feb 2026 15:00:00 GMT"])
def test_a_date_that_is_none_tells_nothing(text: str) -> None:
    assert server_time((("Date", text),)) is None


def test_strict_transport_security() -> None:
    def given(value: str) -> tuple[tuple[str, str], ...]:
        return (("Strict-Transport-Security", value),)

    assert strict_transport(given('Max-Age="300"; includeSubDomains'))["max-age"] == "300"
    assert not strict_transport(given("max-age=0"))
    assert not strict_transport(given("max-age=³"))
    assert https_only("shop.example.com", given("max-age=300; preload"))
    assert https_only("shop.dev", ())
    assert not https_only("shop.example.com", given("max-age=300"))


def test_pages_of_proxies() -> None:
    assert proxy_page("<hr><center>nginx/1.26.3</center>") == "nginx"
    assert proxy_page("<address>Apache/2.4.62 Server at x Port 80</address>") == "Apache"
    words = "You need a valid user and password to access this content.\n"
    assert proxy_page(f"<html><body><h1>401 Unauthorized</h1>\n{words}</body></html>") == "HAProxy"
    assert proxy_page("<h1>404 Not Found</h1>The resource could not be found.<br/>") == ""
    assert proxy_page("Who are you?") == ""


def test_sockets_that_a_page_names() -> None:
    page = "new WebSocket('ws://x.example/a'); wss://x.example/b ws://${host}/ ws://x.example/a"
    assert websocket_urls(page) == ("ws://x.example/a", "wss://x.example/b")


def test_hops_that_an_answer_names() -> None:
    assert hops((("via", "1.1 varnish"), ("Server", "nginx"))) == ("Via: 1.1 varnish",)
