"""What people type and paste, and how it is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.parsers.target import UsageError, parse_target, socket_path


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("shop.example.com", "https://shop.example.com/"),
        ("SHOP.Example.COM.", "https://shop.example.com/"),
        ("shop.example.com:8443", "https://shop.example.com:8443/"),
        ("shop.example.com:80", "http://shop.example.com/"),
        ("localhost:3000/app?x=1#top", "https://localhost:3000/app?x=1"),
        ("http://shop.example.com", "http://shop.example.com/"),
        ("HTTPS://shop.example.com:443/", "https://shop.example.com/"),
        ("https:/shop.example.com", "https://shop.example.com/"),
        ("https:shop.example.com", "https://shop.example.com/"),
        ("//shop.example.com/x", "https://shop.example.com/x"),
        ("https:\\\\shop.example.com\\x", "https://shop.example.com/x"),
        ("wss://shop.example.com/ws?v=2", "wss://shop.example.com/ws?v=2"),
        ("ws://shop.example.com", "ws://shop.example.com/"),
        ("203.0.113.5", "https://203.0.113.5/"),
        ("[2001:DB8::1]:8443", "https://[2001:db8::1]:8443/"),
        ("2001:db8::1", "https://[2001:db8::1]/"),
        ("https://[2001:db8::1]/x", "https://[2001:db8::1]/x"),
        ("bücher.example", "https://xn--bcher-kva.example/"),
        ("例子。测试", "https://xn--fsqu00a.xn--0zwm56d/"),
        ("https：//例子.测试/路径", "https://xn--fsqu00a.xn--0zwm56d/%E8%B7%AF%E5%BE%84"),
        ('  "https://shop.example.com/a b" ', "https://shop.example.com/a"),
        ("<https://shop.example.com/>", "https://shop.example.com/"),
        ("GET https://shop.example.com/y HTTP/1.1", "https://shop.example.com/y"),
        ("see https://shop.example.com/y.", "https://shop.example.com/y"),
        ("my_host.internal", "https://my_host.internal/"),
    ],
)
def test_is_read_as_it_was_meant(text: str, url: str) -> None:
    assert parse_target(text).url == url


def test_a_websocket_url_names_its_own_path_and_ws_adds_to_it() -> None:
    assert parse_target("wss://shop.example.com/ws", ("/chat", "ws")).websockets == ("/ws", "/chat")
    assert parse_target("shop.example.com").websockets == ()
    assert socket_path("ws") == "/ws"


def test_credentials_are_dropped_everywhere_and_it_is_said() -> None:
    target = parse_target("https://admin:p@ss@shop.example.com/x")
    assert target.host == "shop.example.com"
    assert "admin" not in target.input + target.read_as + target.url
    assert "password left out" in target.read_as
    assert "密码" in parse_target("https://a:b@shop.example.com/", lang="zh").read_as


def test_how_it_was_read_names_the_port() -> None:
    assert parse_target("shop.example.com").read_as == "https://shop.example.com:443/"
    assert parse_target("2001:db8::1").read_as.startswith("https://[2001:db8::1]:443/ (")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("htps://shop.example.com", "Did you mean https?"),
        ("wws://shop.example.com/ws", "Did you mean wss?"),
        ("ftp://shop.example.com", "http, https, ws and wss"),
        ("shop example", "a word of its own"),
        ("shop.example.com:99999", "from 1 to 65535"),
        ("shop.example.com:0", "from 1 to 65535"),
        ("shop.example.com:http", "is no port"),
        ("shop.example.com:４４３", "is no port"),
        ("shop,example.com", "Did you mean shop.example.com?"),
        ("shop..example.com", "Did you mean shop.example.com?"),
        ("*.example.com", "www.example.com"),
        ("999.1.1.1", "is no IPv4 address"),
        ("203.0.113", "is no IPv4 address"),
        ("10.0.0.0/8", "is a network"),
        ("2001:db8::/32", "is a network"),
        ("2001:db8:::1", "[2001:db8::1]:443"),
        ("[2001:db8::1", "[ADDRESS]:PORT"),
        ("https://", "no host"),
        ("-shop.example.com", "is no host name"),
        (f"{'a' * 64}.example.com", "is no host name"),
        ("shop\x1b[31m.example.com", "control character"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_line(text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_target(text)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@given(st.text())
def test_any_text_is_a_target_or_a_usage_error(text: str) -> None:
    try:
        target = parse_target(text)
    except UsageError:
        return
    assert target.host
    assert target.host.isascii()
    assert target.path.startswith("/")
    assert 1 <= target.port <= 65535
    assert parse_target(target.url).url == target.url


def test_a_websocket_path_is_no_url() -> None:
    with pytest.raises(UsageError, match="as the target"):
        socket_path("wss://shop.example.com/ws")
    with pytest.raises(UsageError, match="needs a path"):
        socket_path(" ")


@pytest.mark.parametrize(
    "message",
    [
        "curl -u admin:hunter2secret failed: Connection refused",
        "Connection refused password=hunter2secret",
        "no words of a message, token=hunter2secret",
    ],
)
def test_a_mistake_does_not_repeat_secrets(message: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse_target(message)
    assert "hunter2secret" not in str(raised.value)


@pytest.mark.parametrize(
    "text", ["203.0.113.10/8", "203.0.113.10/32", "http://10.0.0.0/8", "10.0.0.0:80/8"]
)
def test_a_page_whose_name_is_a_number_is_no_network(text: str) -> None:
    assert parse_target(text).path in {"/8", "/32"}


@pytest.mark.parametrize(
    ("words", "url"),
    [
        (
            "http://shop.example.com能访问，https://shop.example.com不能访问",
            "https://shop.example.com/",
        ),
        ("shop.example.com和www.shop.example.com都打不开", "https://shop.example.com/"),
        ("www.example.com and example.com are both down", "https://www.example.com/"),
        (
            "Unsafe attempt to load URL http://shop.example.com/docs/ from frame with URL"
            " https://shop.example.com/docs. Domains, protocols and ports must match.",
            "https://shop.example.com/docs",
        ),
    ],
)
def test_which_of_two_addresses_a_sentence_is_about(words: str, url: str) -> None:
    assert parse_target(words).url == url
