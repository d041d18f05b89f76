import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.parsers import proxy_url


@pytest.mark.parametrize(
    ("text", "masked", "password"),
    [
        ("http://proxy.corp:3128", "http://proxy.corp:3128", None),
        ("proxy.corp:8080", "http://proxy.corp:8080", None),
        ("http://jo:s%40cret@proxy.corp:3128/", "http://***@proxy.corp:3128", "s@cret"),
        ("socks5://[2001:db8::1]", "socks5://[2001:db8::1]:1080", None),
    ],
)
def test_a_proxy_is_read_and_shown_without_its_login(
    text: str, masked: str, password: str | None
) -> None:
    proxy = proxy_url.parse_proxy_url(text)
    assert (proxy.masked, proxy.password) == (masked, password)


@given(st.text(max_size=60))
def test_whatever_the_text_it_is_masked_or_no_proxy(text: str) -> None:
    shown = proxy_url.masked(f"http://user:hunter2secret@{text}")
    assert "hunter2secret" not in shown


@pytest.mark.parametrize(
    ("environment", "scheme", "variable"),
    [
        ({"HTTPS_PROXY": "a", "https_proxy": "b"}, "https", "https_proxy"),
        ({"HTTPS_PROXY": "a"}, "wss", "HTTPS_PROXY"),
        ({"ALL_PROXY": "a"}, "https", "ALL_PROXY"),
        ({"http_proxy": "a"}, "http", "http_proxy"),
        ({"HTTP_PROXY": "a"}, "http", None),
        ({"http_proxy": "a"}, "https", None),
        ({"HTTPS_PROXY": ""}, "https", None),
    ],
)
def test_the_variable_that_curl_would_take(
    environment: dict[str, str], scheme: str, variable: str | None
) -> None:
    named = proxy_url.from_environment(environment, scheme)
    assert (named[0] if named else None) == variable


@pytest.mark.parametrize(
    ("value", "host", "exempt"),
    [
        ("example.com", "shop.example.com", True),
        (".example.com, other", "shop.example.com", True),
        ("*.example.com", "shop.example.com", True),
        ("ample.com", "shop.example.com", False),
        ("*", "shop.example.com", True),
        ("10.0.0.0/8", "10.1.2.3", True),
        ("10.0.0.0/8", "shop.example.com", False),
        ("", "shop.example.com", False),
    ],
)
def test_what_no_proxy_exempts(value: str, host: str, exempt: bool) -> None:
    assert proxy_url.is_exempt({"NO_PROXY": value}, host) is exempt
