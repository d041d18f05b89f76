import pytest

from diagnose.parsers import access_log
from diagnose.parsers.access_log import AccessLine
from diagnose.parsers.nginx.access_log import COMBINED, parse_format

LINE = (
    '198.51.100.7 - - [24/Nov/2026:18:01:00 +0800] "POST /cart?token=x HTTP/1.1" 502 157 '
    '"https://shop.example.com/" "Mozilla/5.0"'
)
WHEN = 1_795_514_460.0


def read(line_format: str, *lines: str) -> list[AccessLine]:
    parsed = parse_format(line_format)
    assert parsed
    return list(access_log.parse("\n".join(lines), parsed))


def test_a_line_in_the_usual_format() -> None:
    (line,) = read(COMBINED, LINE)
    assert (line.when, line.written) == (WHEN, "24/Nov/2026:18:01:00 +0800")
    assert (line.method, line.path, line.has_query, line.status) == ("POST", "/cart", True, 502)
    assert (line.client, line.referer) == ("198.51.100.7", "https://shop.example.com/")
    assert (line.agent, line.host) == ("Mozilla/5.0", "")


def test_the_user_of_basic_authentication() -> None:
    with_user = LINE.replace(" - - ", " - anna ")
    assert [line.has_user for line in read(COMBINED, LINE, with_user)] == [False, True]


def test_a_line_of_json_with_its_host() -> None:
    text = (
        '{"time":"$time_iso8601","host":"$host","method":"$request_method","uri":"$uri",'
        '"status":$status,"agent":"$http_user_agent"}'
    )
    line = (
        '{"time":"2026-11-24T18:01:00+08:00","host":"Shop.example.com","method":"GET","uri":"/a",'
        '"status":500,"agent":"a \\",\\"status\\":200"}'
    )
    (parsed,) = read(text, line)
    assert (parsed.when, parsed.host, parsed.status) == (WHEN, "shop.example.com", 500)


def test_the_time_in_milliseconds() -> None:
    (line,) = read('$msec "$request" $status', '1795514460.123 "GET / HTTP/2.0" 200')
    assert (line.when, line.status) == (1_795_514_460.123, 200)


@pytest.mark.parametrize(
    "line",
    [
        "",
        LINE[:60],
        LINE.replace("POST /cart?token=x HTTP/1.1", r"\x16\x03\x01"),
        LINE.replace("24/Nov/2026", "99/Nov/2026"),
        LINE.replace("24/Nov/2026", "24/Foo/2026"),
        LINE.replace(" 502 ", " - "),
        LINE.replace("/cart", "/`id`"),
        LINE.replace("/cart", "/" + "a" * access_log.MAX_LINE),
    ],
)
def test_what_is_no_request_is_left_out(line: str) -> None:
    assert read(COMBINED, line) == []


def test_apache_escapes_quotation_marks_by_a_backslash() -> None:
    line = LINE.replace("Mozilla/5.0", r"a\" 200 \\")
    (parsed,) = read(COMBINED, line)
    assert (parsed.status, parsed.agent) == (502, "a%22 200 %5C")


def test_the_host_of_a_page() -> None:
    assert access_log.host_of("https://Shop.example.com:8443/a") == "shop.example.com"
    assert access_log.host_of("-") == ""


def test_a_line_that_is_too_long_by_its_query() -> None:
    """nginx logs as much of the request's line as its buffer holds, with 414."""
    cut = LINE.replace("token=x HTTP/1.1", f"q={'a' * 8180}").replace(" 502 ", " 414 ")
    whole = LINE.replace("token=x", f"token={'a' * 9000}")
    lines = read(COMBINED, cut, whole)
    assert [(line.path, line.has_query, line.status) for line in lines] == [
        ("/cart", True, 414), ("/cart", True, 502),
    ]  # fmt: skip
    assert not read(COMBINED, cut.replace(" 414 ", " 400 "))
    assert not read(COMBINED, LINE.replace("token=x", "a" * 70_000))
