import pytest

from diagnose.parsers.nginx import access_log
from diagnose.parsers.nginx.access_log import COMBINED, parse_format
from diagnose.parsers.nginx.config import parse
from diagnose.parsers.nginx.locations import LocationMatch, all_locations
from diagnose.parsers.nginx.server_blocks import servers


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


def test_a_format_is_that_of_its_name() -> None:
    (http,) = parse(f"http {{ log_format vhost '$host {COMBINED}'; }}", "nginx.conf")
    named, usual = (access_log.log_format(http, name) for name in ("vhost", "combined"))
    assert named
    assert usual
    assert named.variables == ("host", *usual.variables)
    assert access_log.log_format(http, "other") is None
