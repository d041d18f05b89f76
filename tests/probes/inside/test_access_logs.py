import asyncio
import shlex
from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Unseen
from diagnose.model.http import Exchange
from diagnose.model.logs import ErrorLog, FailedRequests, LogLine
from diagnose.model.nginx import NginxConfig, NginxProcess, NginxState
from diagnose.parsers.nginx.config import parse
from diagnose.probes.inside import access_logs, logged_requests
from diagnose.probes.inside.log_texts import READ_SCRIPT
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

NOW = 1_795_514_470
LOG = "/var/log/nginx/access.log"
SITE = "server { listen 443 ssl; server_name shop.example.com; location / { } }"
PAGE = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=200)


def line(request: str, status: int, second: int = 0, agent: str = "Mozilla/5.0") -> str:
    time = f"24/Nov/2026:18:01:{second:02} +0800"
    return f'198.51.100.7 - - [{time}] "{request}" {status} 1 "-" "{agent}"'


def look(*lines: str, text: str = SITE, logs: tuple[str, ...] = (LOG,), **fields: Any) -> Looking:
    content = "".join(f" {text}\n" for text in lines)
    asked = shlex.join(("sh", "-c", READ_SCRIPT, "sh", *logs))
    ctx = Looking(RecordedMachine({asked: f"now {fields.get('now', NOW)}\nlog\n{content}\n"}))
    ctx.target = replace(ctx.target, path=fields.get("path", ctx.target.path))
    main = parse(f"http {{ access_log {LOG}; {text} }}", "/etc/nginx/nginx.conf")
    ctx.observations += (fields.get("page", PAGE), *fields.get("before", ()))
    config = ctx.emit(NginxConfig(path="/etc/nginx/nginx.conf", main=main))
    asyncio.run(access_logs.after_the_configuration.work(ctx, config))  # type: ignore[arg-type]
    return ctx


APPLICATIONS = """server { listen 443 ssl; server_name shop.example.com;
  location / { }
  location = /favicon.ico { access_log off; }
  location /files/ { proxy_pass http://127.0.0.1:3000; access_log off; }
  location /api/ { proxy_pass http://127.0.0.1:3000; } }"""


def unseen(*lines: str, **fields: Any) -> list[tuple[str, str, str]]:
    return [(each.what, each.why, each.enable) for each in look(*lines, **fields).observed(Unseen)]


def test_an_application_whose_requests_are_not_logged_is_told() -> None:
    what = "the requests for /files/"
    assert unseen(text=APPLICATIONS) == [(what, "access_log is off there", "")]
    assert unseen() == []


def test_requests_at_another_port_are_another_origins() -> None:
    refused = line("POST /login HTTP/1.1", 403)
    there = refused.replace('"-"', '"https://shop.example.com:8443/login"')
    assert failed(there) == []
    url = "https://shop.example.com:8443/"
    assert unseen(there) == [
        (f"the requests at {url}", "this run asks another port", f"diagnose {url}")
    ]
    # It came, or was sent by a program.
    assert unseen(there.replace("403", "200"), refused) == []
    here = refused.replace('"-"', '"https://shop.example.com/login"')
    assert failed(here) == [("POST", "/login", 403)]


def test_a_401_counts_where_nginx_keeps_the_login_from_the_application() -> None:
    asked = line("GET /api/me HTTP/1.1", 401)
    asked = asked.replace('"-"', '"https://shop.example.com/"')
    kept = APPLICATIONS.replace("3000; }", '3000; proxy_set_header Authorization ""; }')
    assert failed(asked, asked, text=kept) == [("GET", "/api/me", 401)]
    assert failed(asked, asked, text=APPLICATIONS) == []


DENIED = LogLine(
    file="/e.log", when=NOW - 60.0, level="error", pid=7, client="198.51.100.7",
    text='open() "/srv/docs/a.js" failed (13: Permission denied)', host="shop.example.com",
    request="GET /docs/a.js HTTP/1.1", referrer="https://shop.example.com/docs/",
)  # fmt: skip


@pytest.mark.parametrize(
    ("line", "status", "paths"),
    [
        (DENIED, 403, ["/docs/a.js"]),
        (DENIED, 200, []),
        (replace(DENIED, referrer=""), 403, []),
        (replace(DENIED, referrer="", request="GET /docs/ HTTP/1.1"), 403, ["/docs/"]),
        # In the second in which this run began it has not asked for this path; later it may have.
        (replace(DENIED, when=NOW), 403, ["/docs/a.js"]),
        (replace(DENIED, when=NOW + 1), 403, []),
        (replace(DENIED, client=""), 403, []),
    ],
)
def test_what_failed_by_the_error_log_is_diagnosed(
    monkeypatch: pytest.MonkeyPatch, line: LogLine, status: int, paths: list[str]
) -> None:
    async def request_anew(_: Any, request: Any) -> Exchange:
        return replace(PAGE, url=request.url, status=status)

    monkeypatch.setattr(logged_requests, "request_anew", request_anew)
    ctx = Looking(RecordedMachine({}, via="ssh://shop"))
    text = "location /docs/ { alias /srv/docs/; }"
    main = parse(f"http {{ {SITE.replace('location / { }', text)} }}", "/etc/nginx/nginx.conf")
    log = ErrorLog(file="/e.log", until=NOW)
    ctx.observations += (PAGE, NginxConfig(path="/etc/nginx/nginx.conf", main=main), line, log)
    asyncio.run(access_logs.after_the_error_log.work(ctx, PAGE, log))  # type: ignore[arg-type]
    assert [request.path for request in ctx.further_requests.other_pages] == paths


def failed(*lines: str, **fields: Any) -> list[tuple[str, str, int]]:
    observed = look(*lines, **fields).observed(FailedRequests)
    return [(failure.method, failure.path, failure.status) for failure in observed]


def test_failures_of_other_requests_are_observed() -> None:
    assert failed(line("POST /api HTTP/1.1", 500)) == [("POST", "/api", 500)]


def test_the_page_itself_was_answered_meanwhile() -> None:
    assert failed(line("GET / HTTP/1.1", 502), line("GET /?a HTTP/1.1", 502)) == []


def test_the_address_itself_counts_where_a_browser_lost_its_password() -> None:
    """This run has no password, and would get 401 in any case."""
    page = replace(PAGE, url="https://shop.example.com/api/me", status=401)
    signed_in = line("GET / HTTP/1.1", 200).replace("- - [", "- anna [")
    refused = line("GET /api/me HTTP/1.1", 401, 1)
    refused = refused.replace('"-"', '"https://shop.example.com/"')
    ctx = look(signed_in, refused, page=page, path="/api/me")
    assert [each.path for each in ctx.observed(FailedRequests)] == ["/api/me"]
    assert not look(refused, page=page, path="/api/me").observed(FailedRequests)


def test_after_a_page_that_fails_nothing_is_read() -> None:
    page = Exchange(url=PAGE.url, address=PAGE.address, port=443, status=502)
    assert failed(line("POST /api HTTP/1.1", 500), page=page) == []


def test_requests_before_the_configuration_was_loaded_are_about_another() -> None:
    master = NginxProcess(pid=1, binary="/usr/sbin/nginx", loaded=NOW - 5)
    before = (NginxState(installed=True, masters=(master,)),)
    assert failed(line("POST /api HTTP/1.1", 500), before=before) == []
    assert failed(line("POST /api HTTP/1.1", 500, 6), before=before) != []


def test_requests_of_this_run_do_not_count() -> None:
    assert failed(line("POST /api HTTP/1.1", 500, 11)) == []
    assert failed(line("POST /api HTTP/1.1", 500, 10)) != []
    assert failed(line("POST /api HTTP/1.1", 500, 10, "Mozilla/5.0 diagnose/1.0")) == []
    plain = 'log_format plain "[$time_local] \\"$request\\" $status"; '
    text = SITE.replace("location", f"access_log {LOG} plain; location")
    said = '[24/Nov/2026:18:01:10 +0800] "POST /api HTTP/1.1" 500'
    assert failed(said, text=plain + text) == []
    assert failed(said.replace(":10 ", ":09 "), text=plain + text) != []


@pytest.mark.parametrize(("second", "counts"), [(10, True), (11, True), (12, False)])
def test_requests_of_the_second_in_which_the_run_began_count(
    monkeypatch: pytest.MonkeyPatch, second: int, counts: bool
) -> None:
    """The clock said 11 seconds when the run was 0.7 s old: it began between 10.3 and 11.3."""
    monkeypatch.setattr(Looking, "elapsed", lambda _: 0.7)
    observed = failed(line("POST /api HTTP/1.1", 500, second), now=NOW + 1)
    assert bool(observed) is counts


@pytest.mark.parametrize(("name", "is_known"), [("blog.example.com", False), ("_", True)])
def test_a_log_that_another_site_writes_too(name: str, is_known: bool) -> None:
    other = f"server {{ listen 443 ssl; server_name {name}; }}"
    observed = failed(line("POST /api HTTP/1.1", 500), text=f"{SITE} {other}")
    assert bool(observed) is is_known


def test_a_path_with_variables_is_that_of_the_site() -> None:
    text = SITE.replace("location", "access_log /var/log/$host.log; location")
    logs = ("/var/log/shop.example.com.log",)
    assert failed(line("POST /api HTTP/1.1", 500), text=text, logs=logs) != []


def test_without_a_log_nothing_is_run() -> None:
    text = SITE.replace("location", "access_log off; location")
    assert failed(line("POST /api HTTP/1.1", 500), text=text) == []


def test_lines_of_a_log_cannot_be_taken_for_the_end_of_it() -> None:
    assert failed("", "none", line("POST /api HTTP/1.1", 500)) == [("POST", "/api", 500)]


def test_a_refused_websocket_is_tried_at_the_application(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []

    async def try_logged(_: object, __: object, path: str) -> None:
        tried.append(path)

    monkeypatch.setattr(access_logs, "try_logged", try_logged)
    look(line("GET /rest/push?id=a HTTP/1.1", 401), line("GET /old.png HTTP/2.0", 404))
    assert tried == ["/rest/push"]
