import pytest
from hypothesis import given
from hypothesis import strategies as some

from diagnose.model.http import Exchange
from diagnose.parsers.redirects import redirect_target
from diagnose.parsers.urls import (
    is_internal_host,
    is_related_host,
    normalize_url,
    parse_url,
    path_of,
    polled_socketio_path,
    socketio_path,
)


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


@pytest.mark.parametrize(
    ("text", "authority"),
    [
        ("https://shop.example.com:443/", "shop.example.com"),
        ("wss://shop.example.com:8443/", "shop.example.com:8443"),
        ("http://[::1]:8080/", "[::1]:8080"),
        ("http://[::1]/", "[::1]"),
    ],
)
def test_an_authority_is_what_a_browser_sends_as_host(text: str, authority: str) -> None:
    url = parse_url(text)
    assert url is not None
    assert url.authority == authority


@pytest.mark.parametrize("text", ["", "/x", "ftp://a/", "https://", "https://a:99999/", "http://["])
def test_what_no_browser_follows_is_no_url(text: str) -> None:
    assert parse_url(text) is None


@given(some.text(max_size=80))
def test_any_location_is_read_without_a_crash(location: str) -> None:
    redirect_target(answer("https://shop.example.com/", location))


def test_hosts_of_the_inside_and_of_one_site() -> None:
    assert is_internal_host("localhost")
    assert is_internal_host("10.0.0.1")
    assert is_internal_host("::1")
    assert not is_internal_host("203.0.113.10")
    assert not is_internal_host("shop.example.com")
    assert is_related_host("example.com", "www.example.com")
    assert not is_related_host("example.com", "notexample.com")


def test_a_socket_io_path_says_what_it_wants() -> None:
    assert socketio_path("/ws") == "/ws"
    assert socketio_path("/socket.io/") == "/socket.io/?EIO=4&transport=websocket"
    assert socketio_path("/socket.io/?a=1") == "/socket.io/?a=1&EIO=4&transport=websocket"
    assert socketio_path("/socket.io/?EIO=3") == "/socket.io/?EIO=3"


def test_the_websocket_of_a_polled_socketio_server() -> None:
    polled = "/socket.io/?EIO=3&transport=polling&t=LjLkAox&sid=a"
    assert polled_socketio_path(polled) == "/socket.io/?EIO=3&transport=websocket"
    without_slash = polled.replace("/?", "?")
    assert polled_socketio_path(without_slash) == "/socket.io/?EIO=3&transport=websocket"
    for path in ("/", "/socket.io/?EIO=4&transport=websocket", "/a?transport=polling"):
        assert polled_socketio_path(path) == ""


def test_a_path_is_without_its_query() -> None:
    assert path_of("https://shop.example.com/tea?kind=green") == "/tea"
    assert path_of("no URL") == ""


def test_the_usual_port_of_a_scheme() -> None:
    ports = {scheme: parse_url(f"{scheme}://shop.example.com/") for scheme in ("ws", "wss")}
    assert [(url.port, url.has_default_port) for url in ports.values() if url] == [
        (80, True),
        (443, True),
    ]
