import json
from typing import Any

import pytest

from diagnose.model.web_servers import SiteAccessLog
from diagnose.parsers.caddy.access_log import access_logs, parse

#: A line of Caddy 2.6 for a request whose application does not listen.
FAILED = {
    "level": "error", "ts": 1795514460.25, "logger": "http.log.error",
    "msg": "dial tcp 127.0.0.1:3009: connect: connection refused",
    "request": {
        "remote_ip": "198.51.100.7", "remote_port": "51234", "proto": "HTTP/2.0", "method": "POST",
        "host": "shop.example.com", "uri": "/api/login?token=x",
        "headers": {"User-Agent": ["Mozilla/5.0"], "Referer": ["https://shop.example.com/"]},
    },
    "duration": 0.001, "status": 502, "err_id": "abc", "err_trace": "reverseproxy",
}  # fmt: skip
ALL = {**FAILED, "logger": "http.log.access.log0", "msg": "handled request"}


def test_a_request_that_failed() -> None:
    (line,) = parse(f"noise\n{json.dumps(FAILED)}\n")
    assert (line.when, line.written) == (1795514460.25, "2026-11-24 10:01:00+00:00")
    assert (line.method, line.path, line.has_query, line.status) == (
        "POST", "/api/login", True, 502,
    )  # fmt: skip
    assert (line.host, line.client, line.agent) == (
        "shop.example.com", "198.51.100.7", "Mozilla/5.0",
    )  # fmt: skip
    assert (line.referer, line.version) == ("https://shop.example.com/", "2.0")


def test_a_request_in_both_logs_is_one() -> None:
    assert len(list(parse(f"{json.dumps(FAILED)}\n{json.dumps(ALL)}"))) == 1


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("ts", "yesterday"), ("ts", "2026-99-24"), ("ts", 1e300), ("ts", None),
        ("status", "502"), ("status", 9),
        ("request", []), ("request", {"uri": 5}), ("logger", "tls"), ("logger", None),
    ],
)  # fmt: skip
def test_what_is_no_request_is_left_out(key: str, value: object) -> None:
    assert list(parse(json.dumps({**FAILED, key: value}))) == []


def test_the_files_of_the_logs() -> None:
    logs = {
        "default": {"exclude": ["http.log.access.log0"]},
        "log0": {"writer": {"output": "file", "filename": "/var/log/caddy/access.log"}},
        "log1": {"writer": {"output": "net", "address": "127.0.0.1:9"}},
    }
    assert access_logs({"logging": {"logs": logs}}) == (
        SiteAccessLog("/var/log/caddy/access.log", "json"),
    )
    assert access_logs({"logging": []}) == ()


def test_the_user_and_the_type_of_the_answer() -> None:
    entry: dict[str, Any] = {**ALL, "status": 200, "user_id": "anna"}
    entry["resp_headers"] = {"Content-Type": ["text/html; charset=utf-8"]}
    entry["request"] = {**FAILED["request"], "headers": {"Accept": ["*/*"]}}  # type: ignore[dict-item]
    (line,) = parse(json.dumps(entry))
    assert (line.has_user, line.accept, line.media_type) == (True, "*/*", "text/html")


def test_an_answer_with_nothing_in_it() -> None:
    request: Any = {**dict(ALL["request"]), "method": "GET"}  # type: ignore[call-overload]
    nothing = {**ALL, "request": request, "status": 200, "size": 0, "resp_headers": {}}
    (line,) = parse(json.dumps(nothing))
    assert (line.is_empty, line.is_served) == (True, False)
    typed = {"Content-Type": ["text/plain"]}
    sent = {**request, "method": "POST"}
    for more in ({"size": 5}, {"resp_headers": typed}, {"status": 204}, {"request": sent}):
        (line,) = parse(json.dumps({**nothing, **more}))
        assert (line.is_empty, line.is_served) == (False, True), more
    (line,) = parse(json.dumps({**nothing, "status": 0, "request": sent}))
    assert (line.status, line.is_empty) == (200, True)


CONSOLE = json.dumps({key: ALL[key] for key in ("request", "status", "duration")})


@pytest.mark.parametrize(
    "line",
    [
        json.dumps({**ALL, "ts": "2026/11/24 10:01:00"}),
        json.dumps({**ALL, "ts": "2026-11-24T18:01:00.250+08:00"}),
        json.dumps({**ALL, "ts": 1795514460250.5}),
        f"2026/11/24 10:01:00.250\t\x1b[31mERROR\x1b[0m\thttp.log.access.log0\thandled\t{CONSOLE}",
        f"2026-11-24T10:01:00.250Z\tINFO\thttp.log.access\thandled request\t{CONSOLE}",
    ],
)
def test_other_times_and_the_format_of_a_console(line: str) -> None:
    (parsed,) = parse(line)
    assert int(parsed.when) == 1795514460
    assert (parsed.path, parsed.status) == ("/api/login", 502)


def test_a_site_without_a_log_of_its_own_beside_another() -> None:
    request: Any = {**dict(ALL["request"]), "host": "blog.example.com"}  # type: ignore[call-overload]
    lines = [json.dumps({**ALL, "request": request}), json.dumps(FAILED)]
    assert [line.host for line in parse("\n".join(lines))] == [
        "blog.example.com", "shop.example.com",
    ]  # fmt: skip
