"""HAProxy's lines, as its manual and its users show them."""

import pytest

from diagnose.parsers.haproxy.request_log import parse

LINE = (
    "10.0.1.2:33317 [24/Nov/2026:18:01:00.655] https~ app/app1 0/0/-1/-1/0 503 222 - - SC-- "
    '1/1/0/0/3 0/0 "POST /api/login?next=/ HTTP/1.1"'
)


def test_a_line_of_httplog() -> None:
    (line,) = parse(LINE, {"https"})
    assert (line.method, line.path, line.has_query) == ("POST", "/api/login", True)
    assert (line.status, line.ending, line.client) == (503, "SC--", "10.0.1.2")
    assert line.when == pytest.approx(1_795_543_260.655), "as if it were UTC"
    assert (line.host, line.referer, line.agent) == ("", "", "")
    assert (line.lasted_s, line.version) == (0, "1.1")
    (early,) = parse(LINE.replace("0/0/-1/-1/0 ", "0/0/3/-1/+600004 "), {"https"})
    assert early.lasted_s == 600.004


@pytest.mark.parametrize(
    "head",
    [
        "Nov 24 18:01:00 web haproxy[14389]: ",
        "2026-11-24T18:01:00.655+08:00 web haproxy[14389]: ",
        "<134>Nov 24 18:01:00 haproxy[14389]: ",
    ],
)
def test_a_line_behind_a_header_of_syslog(head: str) -> None:
    assert len(list(parse(head + LINE, {"https"}))) == 1


def test_captured_header_fields_are_known_by_their_form() -> None:
    fields = "{shop.example.com|https://shop.example.com/|Mozilla/5.0 (X11; Linux)} {}"
    (line,) = parse(LINE.replace('0/0 "', f'0/0 {fields} "'), {"https"})
    assert line.host == "shop.example.com"
    assert line.referer == "https://shop.example.com/"
    assert line.agent == "Mozilla/5.0 (X11; Linux)"


def test_the_whole_address_of_http_2() -> None:
    (line,) = parse(LINE.replace("POST /api", "POST https://shop.example.com/api"), {"https"})
    assert (line.host, line.path) == ("shop.example.com", "/api/login")


@pytest.mark.parametrize(
    "text",
    [
        LINE.replace("https~", "other"),
        LINE.replace("24/Nov", "99/Nov"),
        LINE.replace("503 222", "-1 0"),
        LINE.replace('"POST /api/login?next=/ HTTP/1.1"', '"<BADREQ>"'),
        "10.0.1.2:33317 [24/Nov/2026:18:01:00.655] https/1: SSL handshake failure",
        "Server app/app1 is DOWN, reason: Layer4 connection problem",
        "",
    ],
)
def test_other_lines_are_left_out(text: str) -> None:
    assert not list(parse(text, {"https"}))
