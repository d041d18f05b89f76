from dataclasses import replace

import pytest

from diagnose.model import Confidence, Failure, Symptom
from diagnose.model.http import ResponseBody
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import LOADED, RUNNING, config
from tests.support.page_errors import LOG_READ, logged, page

SITE = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    location / {
        proxy_pass http://127.0.0.1:3000;
    }
}
"""
CLOSED = "upstream prematurely closed connection while reading upstream"
LINE = replace(logged(CLOSED), upstream="http://127.0.0.1:3000/")
BODY = ResponseBody(
    url="https://shop.example.com/",
    address="203.0.113.10",
    port=443,
    status=200,
    received=400,
    announced=900,
    end="cut",
    failure=Failure("closed", "closed"),
)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (CLOSED, "closed"),
        ("upstream timed out (110: Connection timed out) while reading upstream", "timeout"),
        ("readv() failed (104: Connection reset by peer) while reading upstream", "reset"),
        ("upstream sent invalid chunked response while reading upstream", "chunks"),
    ],
)
def test_fires_for_each_of_nginx_s_messages(text: str, kind: str) -> None:
    line = replace(LINE, text=text)
    (claim,) = judge(
        "upstream.response-cut", RUNNING, config(SITE), LOG_READ, line, BODY, page(200)
    )
    assert claim.facts[kind]
    assert claim.facts["application"] == "127.0.0.1:3000"
    assert claim.confidence is Confidence.CERTAIN
    assert claim.location


def test_fires_when_nothing_of_the_response_came() -> None:
    failed = replace(page(200), status=None, failure=Failure("closed", "without an answer"))
    line = replace(LINE, text="upstream sent invalid chunked response while reading upstream")
    (claim,) = judge("upstream.response-cut", RUNNING, config(SITE), LOG_READ, line, failed)
    assert claim.facts["received"] == ""


def test_fires_less_surely_if_the_line_is_from_before_this_run() -> None:
    line = replace(LINE, when=LOADED + 5)
    (claim,) = judge("upstream.response-cut", RUNNING, config(SITE), LOG_READ, line, BODY)
    assert claim.confidence is Confidence.LIKELY


def test_silent_when_the_page_came_or_the_line_is_of_another_path() -> None:
    whole = replace(BODY, end="complete", failure=None)
    assert not judge("upstream.response-cut", RUNNING, config(SITE), LOG_READ, LINE, whole)
    other = replace(LINE, request="GET /other HTTP/1.1")
    assert not judge("upstream.response-cut", RUNNING, config(SITE), LOG_READ, other, BODY)


def test_fires_without_a_log_if_the_application_itself_cuts() -> None:
    own = replace(BODY, request="application", url="http://127.0.0.1:3000/", received=300)
    (claim,) = judge("upstream.response-cut", RUNNING, config(SITE), LOG_READ, LINE, own, BODY)
    assert claim.facts["asked"] == 300
    other = replace(LINE, text="another", host="blog.example.com")
    (claim,) = judge("upstream.response-cut", RUNNING, config(SITE), other, own, BODY)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["message"] == ""


def test_silent_if_the_application_sends_all_of_it() -> None:
    own = replace(BODY, request="application", end="complete", failure=None)
    other = replace(LINE, text="another", host="blog.example.com")
    assert not judge("upstream.response-cut", RUNNING, config(SITE), other, own, BODY)


def test_fires_after_a_message_about_a_download_that_the_run_reads_whole() -> None:
    whole = replace(BODY, end="complete", received=900, failure=None)
    evidence = (RUNNING, config(SITE), LOG_READ, LINE, whole, page(200))
    asked = replace(SHOP, symptom=Symptom("incomplete", "curl: (18)"))
    (claim,) = judge("upstream.response-cut", *evidence, target=asked)
    assert claim.confidence is not Confidence.POSSIBLE
    other = replace(SHOP, symptom=Symptom("timeout", "slow"))
    assert not judge("upstream.response-cut", *evidence, target=other)
    assert not judge("upstream.response-cut", *evidence[:3], whole, page(200), target=asked)
