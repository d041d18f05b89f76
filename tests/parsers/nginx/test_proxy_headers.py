import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.parsers.nginx import proxy_headers, server_blocks, upstreams
from diagnose.parsers.nginx.config import parse
from diagnose.parsers.nginx.locations import LocationMatch, select_location
from diagnose.parsers.nginx.upstreams import ProxyTarget
from tests.support.check_evidence import SHOP


def place(lines: str, more: str = "") -> tuple[LocationMatch, ProxyTarget]:
    """A location / with these lines in it."""
    (http,) = parse(f"http {{ {more} server {{ listen 443; location / {{ {lines} }} }} }}", "a")
    (server,) = server_blocks.servers((http,))
    found = select_location(server, "/")
    lead = upstreams.proxy_target_of(found, upstreams.request_variables(SHOP))
    assert lead
    return found, lead


@pytest.mark.parametrize(
    ("text", "amount"),
    [("4k", 4096), ("1m", 1 << 20), ("512", 512), ("2G", 2 << 30), ("4 k", None), ("", None)],
)
def test_sizes_are_read_as_nginx_reads_them(text: str, amount: int | None) -> None:
    assert proxy_headers.parse_size(text) == amount


@given(st.integers(min_value=1, max_value=1 << 40))
def test_what_is_shown_reads_the_same(amount: int) -> None:
    assert proxy_headers.parse_size(proxy_headers.size_text(amount)) == amount


@pytest.mark.parametrize(
    ("lines", "host"),
    [
        ("proxy_pass http://127.0.0.1:3000;", "127.0.0.1:3000"),
        ("proxy_pass http://app; proxy_set_header Host $host;", "shop.example.com"),
        ("proxy_pass http://app; proxy_set_header Host $proxy_host;", "app"),
        ("proxy_pass http://app; proxy_set_header Host $http_host;", "shop.example.com"),
        ('proxy_pass http://app; proxy_set_header Host "";', ""),
        ("proxy_pass http://app; proxy_set_header Host $nobody_knows;", None),
    ],
)
def test_the_host_that_is_sent(lines: str, host: str | None) -> None:
    assert proxy_headers.forwarded_host(*place(lines), SHOP) == host


def test_the_other_fields_are_those_that_can_be_known() -> None:
    found = place(
        "proxy_pass http://app; proxy_set_header X-Forwarded-Proto $scheme;"
        "proxy_set_header X-Id $request_id; proxy_set_header Connection upgrade;"
        "proxy_set_header Accept-Encoding '';"
    )
    assert proxy_headers.forwarded_fields(*found, SHOP) == (("X-Forwarded-Proto", "https"),)


def test_the_names_of_an_application() -> None:
    text = "http { server { listen 127.0.0.1:8080; server_name app.internal; } }"
    inner = server_blocks.servers(parse(text, "a"))
    found = place("proxy_pass http://127.0.0.1:8080;")
    assert proxy_headers.application_names(*found, inner) == ["app.internal"]
    far = place("proxy_pass https://app.example.net; proxy_ssl_name www.example.net;")
    assert proxy_headers.application_names(*far, ()) == ["app.example.net", "www.example.net"]
    assert proxy_headers.application_names(*place("proxy_pass http://backend;"), ()) == []


def test_several_inner_sites_are_no_names_to_try() -> None:
    text = (
        "http { server { listen 8080; server_name a.x; } server { listen 8080; server_name b.x; } }"
    )
    assert (
        proxy_headers.application_names(
            *place("proxy_pass http://127.0.0.1:8080;"), server_blocks.servers(parse(text, "a"))
        )
        == []
    )


def test_a_head_is_measured() -> None:
    got = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nServer: x\r\n\r\n<p>Hello"
    found = proxy_headers.parse_response_head(got)
    assert (found.status, found.reason, found.body) == (200, "OK", "<p>Hello")
    assert found.size == got.index(b"<p>")
    assert found.largest[0] == ("Set-Cookie", 34)


def test_a_head_that_did_not_end_has_no_size() -> None:
    assert proxy_headers.parse_response_head(b"HTTP/1.1 200 OK\r\nServer: x\r\n").size == 0
    assert proxy_headers.parse_response_head(b"HTTP/1.0 404 Not Found\nServer: x\n\nno").size == 34


@given(st.binary(max_size=200))
def test_anything_can_come(got: bytes) -> None:
    assert proxy_headers.parse_response_head(got).size <= len(got)
    proxy_headers.parse_response_head(b"HTTP/1.1 200 " + got)


@pytest.mark.parametrize(
    ("status", "body", "minds"),
    [
        (400, "", True),
        (421, "", True),
        (200, "Invalid Host header", True),
        (200, "Blocked request. This host is not allowed.", True),
        (200, "<p>It works.", False),
        (500, "boom", False),
        (None, "", False),
    ],
)
def test_what_a_server_says_to_another_name(status: int | None, body: str, minds: bool) -> None:
    assert proxy_headers.may_reject_host(status, body) is minds


@pytest.mark.parametrize(
    ("lines", "needed", "wanted"),
    [
        ("", 5000, {"proxy_buffer_size": "8k"}),
        ("", 9000, {"proxy_buffer_size": "16k", "proxy_buffers": "8 16k"}),
        ("proxy_buffers 16 32k;", 9000, {"proxy_buffer_size": "16k"}),
        (
            "proxy_busy_buffers_size 8k;",
            9000,
            {
                "proxy_buffer_size": "16k",
                "proxy_busy_buffers_size": "32k",
                "proxy_buffers": "8 16k",
            },
        ),
    ],
)
def test_buffers_that_nginx_takes(lines: str, needed: int, wanted: dict[str, str]) -> None:
    found, _ = place(f"proxy_pass http://app; {lines}")
    assert proxy_headers.buffer_settings("proxy", found, needed) == wanted
