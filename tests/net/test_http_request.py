"""Requests are those that httpx would build, and most URLs need no httpx."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.net.http_errors import InvalidUrl
from diagnose.net.http_request import RequestUrl, http_request, parse_request_url
from diagnose.net.httpx_library import httpx

URLS = [
    "http://shop.example.com",
    "https://Shop.Example.com:443/a/b?q=1&r=2",
    "https://shop.example.com:8443/.well-known/acme-challenge/x",
    "http://192.0.2.1:80/?",
    "http://[2001:db8::1]:8080/a%20b?c=%41",
    "https://shop.example.com/a/../b/./c",
    "https://shop.example.com/..",
    "https://bücher.example/straße?ä",
    "https://shop.example.com/a b%zz",
    "https://user:secret@shop.example.com/#fragment",
    "https://a_b.example.com/x",
    "https://1.2.3/",
]


def as_httpx(url: str) -> RequestUrl | None:
    """The same URL as httpx reads it, None if it refuses it."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        return None
    return RequestUrl(parsed.scheme.encode(), parsed.netloc, parsed.raw_path)


def parsed(url: str) -> RequestUrl | None:
    try:
        return parse_request_url(url)
    except InvalidUrl:
        return None


@pytest.mark.parametrize("url", URLS)
def test_a_url_is_read_as_httpx_reads_it(url: str) -> None:
    assert parsed(url) == as_httpx(url) is not None


HOSTS = st.one_of(
    st.from_regex(r"[a-zA-Z0-9.-]{1,12}", fullmatch=True),
    st.from_regex(r"([0-9]{1,4}\.){3}[0-9]{1,4}", fullmatch=True),
    st.from_regex(r"\[[0-9a-f:.]{0,12}\]", fullmatch=True),
    st.text(max_size=8),
)
REST = st.text("ab/.?%2F41:@&='~!#+ é{}|\\^`\"<>\n", max_size=16)


@given(st.sampled_from(("http", "https")), HOSTS, st.from_regex(r"(:[0-9]{0,6})?"), REST)
def test_no_url_is_read_otherwise(scheme: str, host: str, port: str, rest: str) -> None:
    for separator in ("", "/", "?"):
        url = f"{scheme}://{host}{port}{separator}{rest}"
        assert parsed(url) == as_httpx(url), url


@pytest.mark.parametrize(
    "url", ["http://999.1.1.1/", "http://[::g]/", "http://a:b/", "http://a/\n"]
)
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(InvalidUrl):
        http_request("GET", url, {})


@pytest.mark.parametrize(
    ("method", "headers", "content"),
    [
        ("GET", {"Accept": "*/*"}, b""),
        ("GET", {"Accept": "*/*", "host": "other.example.com"}, b""),
        ("HEAD", {}, b""),
        ("POST", {"Accept": "*/*"}, b""),
        ("POST", {"Accept": "*/*"}, b"a=b"),
    ],
)
def test_a_request_has_the_fields_of_httpx(
    method: str, headers: dict[str, str], content: bytes
) -> None:
    url = "https://shop.example.com:8443/x"
    request = http_request(method, url, headers, content)
    expected = httpx.Request(method, url, headers=headers, content=content or None)
    assert sorted(request.fields) == sorted(expected.headers.raw)
    assert request.fields[0][0].lower() == b"host" or b"host" in dict(request.fields)


def test_ordinary_urls_need_no_httpx() -> None:
    program = (
        "import sys\n"
        "from diagnose.net.http import http_request\n"
        "http_request('GET', 'https://shop.example.com:8443/a%20b?c=d', {})\n"
        "http_request('GET', 'https://[::1]/.well-known/x', {})\n"
        "assert 'httpx' not in sys.modules\n"
        "http_request('GET', 'https://shop.example.com/a b', {})\n"
        "assert 'httpx' in sys.modules\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
