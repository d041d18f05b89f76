from dataclasses import replace

import pytest

from diagnose.model import Confidence, Failure, Manual, Severity, Vantage
from diagnose.model.http import Exchange
from diagnose.model.logs import LogLine
from diagnose.model.nginx import NginxConfig, UpstreamTry
from tests.support.check_evidence import CHAT, SHOP, TIMEOUT, judge
from tests.support.nginx_evidence import FILE, HOST, LOADED, RUNNING, SITE, config, direct, front

CHECK = "upstream.timeout"
PAGE = Exchange(url=SHOP.url, address="203.0.113.10", port=443, status=504)
SILENT = UpstreamTry(
    target="http://127.0.0.1:3000",
    host="127.0.0.1",
    port=3000,
    address="127.0.0.1",
    failure=TIMEOUT,
    took=3.0,
    file=FILE,
    line=9,
    asked=True,
)


def test_fires_when_the_application_was_asked_and_sent_nothing() -> None:
    text = SITE.replace("proxy_pass", "proxy_read_timeout 2s; proxy_pass")
    (claim,) = judge(CHECK, SILENT, PAGE, config(text))
    assert claim.confidence is Confidence.LIKELY
    assert (claim.facts["patience"], claim.facts["short"]) == (2, True)
    assert claim.facts["status"] == 504


@pytest.mark.parametrize(
    ("tried", "waited", "certain"), [(3.0, 2.0, False), (8.0, 0.5, False), (3.0, 60.1, True)]
)
def test_certain_only_after_the_patience_of_a_visitor(
    tried: float, waited: float, certain: bool
) -> None:
    silent, gateway = replace(SILENT, took=tried), replace(PAGE, took=waited)
    (claim,) = judge(CHECK, silent, gateway, config())
    assert (claim.confidence is Confidence.CERTAIN) is certain


def test_fires_once_for_the_page_and_the_websocket() -> None:
    shaken = replace(direct(None), failure=TIMEOUT)
    (claim,) = judge(CHECK, SILENT, PAGE, shaken, front(504), config(), target=CHAT)
    assert [subject.path for subject in claim.covers] == ["/", "/ws"]


def test_silent_when_it_answers_or_another_of_the_group_does() -> None:
    well = replace(SILENT, failure=None, status=200)
    assert not judge(CHECK, well, PAGE, config())
    other = replace(well, host="127.0.0.2", address="127.0.0.2")
    assert not judge(CHECK, SILENT, other, PAGE, config())


def test_silent_when_the_connection_itself_was_not_to_be_had() -> None:
    assert not judge(CHECK, replace(SILENT, asked=False), PAGE, config())


def test_silent_when_it_hangs_up() -> None:
    closed = replace(SILENT, failure=Failure("closed", "connection closed"))
    assert not judge(CHECK, closed, PAGE, config())


PHP = SITE.replace("proxy_pass http://127.0.0.1:3000;", "fastcgi_pass 127.0.0.1:9000;")
CONNECTED = replace(
    SILENT, target="127.0.0.1:9000", port=9000, scheme="fastcgi", failure=None, asked=False
)
UNANSWERED = replace(PAGE, status=None, failure=TIMEOUT, took=10.0)


def php_with(line: str) -> NginxConfig:
    return config(PHP.replace("fastcgi_pass", f"{line}fastcgi_pass"))


GAVE_UP = LogLine(
    vantage=Vantage.SERVER, file="/var/log/nginx/error.log", when=LOADED + 100, level="error",
    pid=8, errno=110, request="GET / HTTP/1.1", host="shop.example.com",
    text="upstream timed out (110: Connection timed out) while reading response header from "
    "upstream", upstream="fastcgi://127.0.0.1:9000",
)  # fmt: skip


@pytest.mark.parametrize(
    ("line", "waited", "is_open"),
    [
        ("", 10.0, False),
        ("", 60.1, False),
        ("fastcgi_read_timeout 20s; ", 10.0, False),
        ("fastcgi_read_timeout 300s; ", 10.0, True),
        ("fastcgi_read_timeout 300s; ", 63.0, True),
        ("fastcgi_read_timeout 300s; ", 300.2, False),
        ("fastcgi_read_timeout 5s; ", 10.0, False),
        ("proxy_read_timeout 300s; ", 60.1, False),
    ],
)
def test_fires_as_a_note_where_nginx_waits_longer_than_this_run(
    line: str, waited: float, is_open: bool
) -> None:
    page = replace(UNANSWERED, took=waited)
    (claim,) = judge(CHECK, CONNECTED, page, HOST, RUNNING, php_with(line))
    assert (claim.severity is Severity.NOTE) is is_open
    assert ("--timeout" in str(claim.facts.get("wait", ""))) is is_open


def test_fires_for_certain_where_the_log_has_it_and_names_the_limit_first() -> None:
    (claim,) = judge(CHECK, CONNECTED, UNANSWERED, HOST, RUNNING, php_with(""), GAVE_UP)
    assert (claim.severity, claim.confidence) == (None, Confidence.CERTAIN)
    (step,) = claim.fix.steps if claim.fix else ()
    assert isinstance(step, Manual)
    assert step.step == "raise-the-limit"
    assert "fastcgi_read_timeout 300s;" in str(step.commands[0])
    assert (claim.facts["directive"], claim.facts["longer"]) == ("fastcgi_read_timeout", 300)


@pytest.mark.parametrize(
    "line",
    [
        replace(GAVE_UP, when=LOADED - 100),
        replace(GAVE_UP, request="GET /other HTTP/1.1"),
        replace(GAVE_UP, host="www.example.org"),
        replace(GAVE_UP, text="upstream timed out (110: x) while connecting to upstream"),
    ],
)
def test_fires_as_a_note_where_the_log_is_about_something_else(line: LogLine) -> None:
    """Also where nginx gave up before it had the limit that it has now."""
    long = php_with("fastcgi_read_timeout 300s; ")
    (claim,) = judge(CHECK, CONNECTED, UNANSWERED, HOST, RUNNING, long, line)
    assert claim.severity is Severity.NOTE


def test_fires_as_a_note_for_an_application_of_http_that_was_asked_too_briefly() -> None:
    long = config(SITE.replace("proxy_pass", "proxy_read_timeout 300s; proxy_pass"))
    (claim,) = judge(CHECK, SILENT, UNANSWERED, HOST, RUNNING, long)
    assert claim.severity is Severity.NOTE


def test_fires_for_a_php_script_that_hangs() -> None:
    (claim,) = judge(CHECK, CONNECTED, UNANSWERED, config(PHP))
    assert claim.confidence is Confidence.LIKELY
    assert (claim.facts["application"], claim.facts["php"]) == (("127.0.0.1:9000",), True)
    assert claim.facts["directive"] == "fastcgi_read_timeout"
    assert judge(CHECK, CONNECTED, PAGE, config(PHP))


def test_fires_and_says_that_nginx_may_hold_a_stream_back() -> None:
    """Not where nginx itself waited in vain for the header of the response (504)."""
    (claim,) = judge(CHECK, CONNECTED, UNANSWERED, config(PHP))
    assert claim.facts["buffering"] == "fastcgi_buffering"
    off = PHP.replace("fastcgi_pass", "fastcgi_buffering off; fastcgi_pass")
    for text, page in ((off, UNANSWERED), (PHP, PAGE)):
        (claim,) = judge(CHECK, CONNECTED, page, config(text))
        assert claim.facts["buffering"] == ""


def test_silent_where_the_script_answers_or_php_is_down() -> None:
    assert not judge(CHECK, CONNECTED, replace(PAGE, status=200), config(PHP))
    assert not judge(CHECK, CONNECTED, replace(PAGE, status=500), config(PHP))
    refused = replace(CONNECTED, failure=Failure("refused", "Connection refused", 111))
    assert not judge(CHECK, refused, UNANSWERED, config(PHP))
