from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as some

from diagnose.model.http import Attempt, Exchange, Upgrade
from diagnose.parsers.http import (
    follow_redirects,
    hops,
    https_only,
    is_host,
    is_internal_host,
    is_related_host,
    named_subprotocols,
    normalize_url,
    parse_url,
    preserves_path,
    proxy_page,
    redirect_target,
    server_time,
    socketio_path,
    strict_transport,
    upgrade_lost,
    websocket_urls,
)
from diagnose.parsers.websocket_ending import ending
from tests.support.websocket_evidence import upgrade


def answer(url: str, location: str = "", status: int = 301, address: str = "a") -> Exchange:
    return Exchange(
        url=url,
        address=address,
        port=443,
        purpose="redirect",
        status=status,
        headers=(("location", location),) if location else (),
    )


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("HTTPS://Shop.Example.COM", "https://shop.example.com/"),
        ("http://shop.example.com:80/a?b=c#d", "http://shop.example.com/a?b=c"),
        ("https://shop.example.com:8443/", "https://shop.example.com:8443/"),
        ("wss://[2001:db8::10]/ws", "wss://[2001:db8::10]/ws"),
        ("https://例え.jp/", "https://xn--r8jz45g.jp/"),
        ("https://_/", "https://_/"),
    ],
)
def test_a_url_has_one_form(text: str, read: str) -> None:
    assert normalize_url(text) == read


@pytest.mark.parametrize("text", ["", "/x", "ftp://a/", "https://", "https://a:99999/", "http://["])
def test_what_no_browser_follows_is_no_url(text: str) -> None:
    assert parse_url(text) is None


@given(some.text(max_size=80))
def test_any_location_is_read_without_a_crash(location: str) -> None:
    redirect_target(answer("https://shop.example.com/", location))


def test_a_redirect_is_read_against_its_own_page() -> None:
    here = "https://shop.example.com/a/b"
    assert redirect_target(answer(here, "c")) == "https://shop.example.com/a/c"
    assert redirect_target(answer(here, "//www.example.com")) == "https://www.example.com/"
    assert redirect_target(answer(here, "/", status=200)) is None
    assert redirect_target(answer(here, "", status=302)) is None
    assert redirect_target(answer(here, "/", status=304)) is None


def test_a_chain_goes_by_the_answers_of_its_own_address() -> None:
    start = answer("https://x.example/", "/a")
    other = answer("https://x.example/a", "/b", address="b")
    own = answer("https://x.example/a", status=200)
    assert follow_redirects(start, [start, other, own]).steps == (start, own)


def test_a_chain_ends_in_an_answer_a_loop_or_out_of_sight() -> None:
    start, back = answer("https://x.example/", "/a"), answer("https://x.example/a", "/")
    assert follow_redirects(start, [start, back]).end == "loop"
    assert follow_redirects(start, [start]).end == "unseen"
    assert (
        follow_redirects(start, [start, answer("https://x.example/a", status=404)]).end == "answer"
    )
    opened = answer("https://x.example/", status=200)
    assert follow_redirects(start, [start, back, opened]).end == "answer"


def test_the_servers_time_is_its_date_and_the_age_of_the_answer() -> None:
    date = ("Date", "Tue, 24 Nov 2026 15:00:00 GMT")
    assert server_time((date,)) == datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
    assert server_time((date, ("Age", "90"))) == datetime(2026, 11, 24, 15, 1, 30, tzinfo=UTC)
    assert server_time((date, ("Age", "old"))) == datetime(2026, 11, 24, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "yesterday", "Tue, 31 Feb 2026 15:00:00 GMT"])
def test_a_date_that_is_none_tells_nothing(text: str) -> None:
    assert server_time((("Date", text),)) is None


def test_hosts() -> None:
    assert is_host("shop.example.com")
    assert is_host("xn--r8jz45g.jp")
    assert is_host("app_1.internal")
    assert not any(map(is_host, ("_", "$host", "", "a..b", "-a.example", "{host}")))
    assert is_internal_host("localhost")
    assert is_internal_host("10.0.0.1")
    assert is_internal_host("::1")
    assert not is_internal_host("203.0.113.10")
    assert not is_internal_host("shop.example.com")
    assert is_related_host("example.com", "www.example.com")
    assert not is_related_host("example.com", "notexample.com")


def test_strict_transport_security() -> None:
    def given(value: str) -> tuple[tuple[str, str], ...]:
        return (("Strict-Transport-Security", value),)

    assert strict_transport(given('Max-Age="300"; includeSubDomains'))["max-age"] == "300"
    assert not strict_transport(given("max-age=0"))
    assert not strict_transport(given("max-age=³"))
    assert https_only("shop.example.com", given("max-age=300; preload"))
    assert https_only("shop.dev", ())
    assert not https_only("shop.example.com", given("max-age=300"))


def test_a_path_may_come_along_encoded() -> None:
    assert preserves_path("/a/b", "https://x.example/a/b?q=1")
    assert preserves_path("/a/b", "https://x.example/login?next=%2Fa%2Fb")
    assert not preserves_path("/a/b", "https://x.example/")


def test_pages_of_proxies() -> None:
    assert proxy_page("<hr><center>nginx/1.26.3</center>") == "nginx"
    assert proxy_page("<address>Apache/2.4.62 Server at x Port 80</address>") == "Apache"
    assert proxy_page("Who are you?") == ""


def test_sockets_that_a_page_names() -> None:
    page = "new WebSocket('ws://x.example/a'); // wss://x.example/b ws://${host}/ ws://x.example/a"
    assert websocket_urls(page) == ("ws://x.example/a", "wss://x.example/b")


def test_subprotocols_that_a_refusal_names() -> None:
    assert named_subprotocols("Subprotocol chat, please", None) == ("chat",)
    assert named_subprotocols("Unsupported sub-protocol: use graphql-ws.", None) == ("graphql-ws",)
    assert named_subprotocols("", "mqtt, sip") == ("mqtt", "sip")
    assert named_subprotocols("Let us chat", None) == ()


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (426, ""),
        (505, ""),
        (400, "Failed to open a WebSocket connection: missing Upgrade header."),
        (400, 'Can "Upgrade" only to "WebSocket".'),
        (400, "No WebSocket UPGRADE hdr: None"),
    ],
)
def test_applications_that_got_no_upgrade(status: int, body: str) -> None:
    assert upgrade_lost(status, body)


def test_a_missing_page_says_nothing_of_the_upgrade() -> None:
    assert not upgrade_lost(404, "Not Found")
    assert not upgrade_lost(200, "Upgrade required")


def test_hops_that_an_answer_names() -> None:
    assert hops((("via", "1.1 varnish"), ("Server", "nginx"))) == ("Via: 1.1 varnish",)


def test_a_socket_io_path_says_what_it_wants() -> None:
    assert socketio_path("/ws") == "/ws"
    assert socketio_path("/socket.io/") == "/socket.io/?EIO=4&transport=websocket"
    assert socketio_path("/socket.io/?a=1") == "/socket.io/?a=1&EIO=4&transport=websocket"
    assert socketio_path("/socket.io/?EIO=3") == "/socket.io/?EIO=3"


def _attempt(first: Upgrade, *retries: Upgrade) -> Attempt:
    return Attempt("/ws", (first,), retries)


def test_what_became_of_a_websocket_that_opened() -> None:
    opened = upgrade(101, accepted=True)
    died = replace(opened, ended="eof", close_code=1006)
    quiet = replace(opened, variant="no-ping")
    assert ending(_attempt(opened)) is None
    assert ending(_attempt(died)) == "died"
    assert ending(_attempt(died, quiet, replace(died, variant="again"))) == "at-ping"
    assert ending(_attempt(died, quiet, replace(opened, variant="again"))) == "sometimes"
    assert ending(_attempt(replace(opened, ended="close", close_code=4401))) == "refused"
    assert ending(_attempt(upgrade(401))) is None
