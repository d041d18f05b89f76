"""How long the server waits for the response, by its configuration."""

from dataclasses import replace

import pytest

from checks.http._response_limits import ResponseLimit, is_unawaited, limit_facts, response_limit
from diagnose.model import Evidence, Observation
from diagnose.model.http import Exchange
from tests.support.check_evidence import SHOP, TIMEOUT, evidence
from tests.support.nginx_evidence import FILE, HOST, RUNNING, SITE, config
from tests.support.web_server_evidence import APACHE, HTTPS, LISTENING, apache_config

PAGE = Exchange(url=SHOP.url, address="203.0.113.10", port=443, failure=TIMEOUT, took=10.0)


def of(*observations: Observation) -> Evidence:
    return evidence(HOST, *observations)


@pytest.mark.parametrize(
    ("place", "limit"),
    [
        ("proxy_pass http://127.0.0.1:3000;", 60),
        ("proxy_pass http://127.0.0.1:3000; proxy_read_timeout 5m;", 300),
        ("proxy_pass http://127.0.0.1:3000; fastcgi_read_timeout 5m;", 60),
        ("uwsgi_pass 127.0.0.1:3000; uwsgi_read_timeout 90;", 90),
        ("scgi_pass 127.0.0.1:3000; scgi_read_timeout 1h;", 3600),
        ("grpc_pass grpc://127.0.0.1:3000; grpc_read_timeout 70s;", 70),
        ("root /srv;", 0),
        ("root /srv; auth_request /auth;", 60),
        ("proxy_pass http://127.0.0.1:3000; proxy_read_timeout $limit;", 60),
    ],
)
def test_reads_the_directive_of_the_protocol(place: str, limit: float) -> None:
    text = SITE.replace("proxy_pass http://127.0.0.1:3000;", place)
    assert response_limit(of(RUNNING, config(text))).seconds == limit


def test_names_the_line() -> None:
    text = SITE.replace("proxy_pass", "proxy_read_timeout 300; proxy_pass")
    found = response_limit(of(RUNNING, config(text)))
    assert found == ResponseLimit(300, "proxy_read_timeout 300", f"{FILE}:9")


@pytest.mark.parametrize(
    ("lines", "limit"),
    [("", 60), ("Timeout 300\n", 300), ("Timeout 300\nProxyTimeout 20\n", 20)],
)
def test_reads_what_apache_waits(lines: str, limit: float) -> None:
    written = apache_config(f"{lines}{HTTPS}")
    assert response_limit(of(APACHE, written, LISTENING)).seconds == limit


def test_is_the_usual_limit_where_nobody_looks_into_the_server() -> None:
    assert response_limit(evidence(PAGE)).seconds == 60
    assert limit_facts(evidence(PAGE))["wait"] == f"diagnose --timeout 140 {SHOP.url}"


def test_a_limit_beyond_the_longest_run_is_waited_for_by_curl() -> None:
    text = SITE.replace("proxy_pass", "proxy_read_timeout 1h; proxy_pass")
    assert limit_facts(of(RUNNING, config(text)))["wait"] == f"curl -sSi {SHOP.url}"


LONG = config(SITE.replace("proxy_pass", "proxy_read_timeout 5m; proxy_pass"))


@pytest.mark.parametrize(
    ("page", "is_open"),
    [
        (PAGE, True),
        (replace(PAGE, took=299.8), False),
        (replace(PAGE, failure=None, status=504), False),
        (replace(PAGE, status=200), False),
    ],
)
def test_tells_what_was_not_waited_for(page: Exchange, is_open: bool) -> None:
    assert is_unawaited(of(RUNNING, LONG, page), (page,)) is is_open
    assert not is_unawaited(of(RUNNING, LONG), ())


def test_a_page_that_does_not_come_is_a_fault_where_nobody_raised_the_limit() -> None:
    assert not is_unawaited(evidence(PAGE), (PAGE,))
    assert not is_unawaited(of(RUNNING, config(SITE), PAGE), (PAGE,))
    short = config(SITE.replace("proxy_pass", "proxy_read_timeout 20s; proxy_pass"))
    assert not is_unawaited(of(RUNNING, short, PAGE), (PAGE,))


@pytest.mark.parametrize(
    ("path", "is_open"),
    [
        ("/poll", True),
        ("/api/long-poll?since=4", True),
        ("/lp/polling/3", True),
        ("/api/v1/events", True),
        ("/events", False),
        ("/updates/", False),
        ("/_matrix/client/v3/sync", True),
        ("/pollution", False),
        ("/socket.io/?EIO=4&transport=polling", False),
        ("/report", False),
    ],
)
def test_a_path_that_says_that_it_waits_for_an_event_is_no_fault(path: str, is_open: bool) -> None:
    target = replace(SHOP, path=path)
    assert is_unawaited(evidence(PAGE, target=target), (PAGE,)) is is_open
    late = replace(PAGE, took=60.0)
    assert not is_unawaited(evidence(late, target=target), (late,))
