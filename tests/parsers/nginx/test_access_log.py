import pytest

from diagnose.parsers.nginx import access_log
from diagnose.parsers.nginx.access_log import COMBINED, AccessLine, parse_format
from diagnose.parsers.nginx.config import children, parse
from diagnose.parsers.nginx.locations import LocationMatch, all_locations
from diagnose.parsers.nginx.server_blocks import servers

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


@pytest.mark.parametrize(
    "text",
    [
        "",
        "$remote_addr $request $status",
        '[$time_local] "$request"',
        "[$time_local] $status $uri",
        '[$time_local] "$request" $status$body_bytes_sent',
    ],
)
def test_a_format_that_says_too_little_is_none(text: str) -> None:
    assert parse_format(text) is None


def logs_of(text: str) -> list[tuple[str, bool]]:
    (server,) = servers(parse(f"http {{ {text} }}", "nginx.conf"))
    matches = [LocationMatch((server.http, server.block)), *all_locations(server)]
    return [
        (log.path, log.line_format is not None)
        for log in access_log.access_logs(matches, "logs/access.log")
    ]


def test_the_logs_of_a_server_block() -> None:
    site = "server { listen 443 ssl; location / { } %s }"
    assert logs_of(site % "") == [("logs/access.log", True)]
    assert logs_of("access_log /a.log; " + site % "") == [("/a.log", True)]
    assert logs_of("access_log /a.log; " + site % "access_log off;") == []
    assert logs_of(site % "access_log /a.log own buffer=32k;") == [("/a.log", False)]
    assert logs_of(site % "access_log syslog:server=127.0.0.1 combined;") == []
    own = "log_format own escape=json '[$time_local] ' '\"$request\" $status'; "
    assert logs_of(own + site % "access_log /b.log own;") == [("/b.log", True)]
    inner = "location /api/ { access_log /api.log; }"
    assert logs_of("access_log /a.log; " + site % inner) == [("/a.log", True), ("/api.log", True)]


def test_a_format_that_names_the_host() -> None:
    (http,) = parse(f"http {{ log_format vhost '$host {COMBINED}'; }}", "nginx.conf")
    assert children(http, "log_format")
    named, usual = (access_log.log_format(http, name) for name in ("vhost", "combined"))
    assert named
    assert usual
    assert (named.names_host, usual.names_host) == (True, False)
    assert access_log.log_format(http, "other") is None


def test_the_host_of_a_page() -> None:
    assert access_log.host_of("https://Shop.example.com:8443/a") == "shop.example.com"
    assert access_log.host_of("-") == ""
