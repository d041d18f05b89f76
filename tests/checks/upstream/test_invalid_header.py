from dataclasses import replace

import pytest

from diagnose.model import Confidence
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, config
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
WHILE = " while reading response header from upstream"


@pytest.mark.parametrize(
    ("text", "kind", "header"),
    [
        (r'upstream sent invalid header: "X\x20..."', "invalid", r"X\x20..."),
        (
            'upstream sent duplicate header line: "Transfer-Encoding: chunked", previous value: '
            '"Transfer-Encoding: chunked"',
            "duplicate",
            "Transfer-Encoding: chunked",
        ),
        (
            'upstream sent unknown "Transfer-Encoding": "chunked, chunked"',
            "coding",
            "chunked, chunked",
        ),
        (
            'upstream sent invalid "Content-Length" header: "Content-Length: abc"',
            "length",
            "Content-Length: abc",
        ),
        (
            'upstream sent "Content-Length" and "Transfer-Encoding" headers at the same time',
            "both",
            "",
        ),
    ],
)
def test_fires_for_each_of_nginx_s_messages(text: str, kind: str, header: str) -> None:
    line = replace(logged(text + WHILE), upstream="http://127.0.0.1:3000/")
    (claim,) = judge("upstream.invalid-header", RUNNING, config(SITE), LOG_READ, line, page(502))
    assert claim.facts[kind]
    assert claim.facts["header"] == header
    assert claim.facts["application"] == "127.0.0.1:3000"
    assert claim.confidence is Confidence.CERTAIN
    assert claim.location
    assert claim.location.line == 6


def test_silent_about_a_duplicate_that_nginx_ignores() -> None:
    text = 'upstream sent duplicate header line: "Location: /b", previous value: "Location: /a"'
    line = logged(f"{text}, ignored{WHILE}")
    assert not judge("upstream.invalid-header", RUNNING, config(SITE), LOG_READ, line, page(502))


def test_silent_when_the_page_is_there() -> None:
    line = logged(rf'upstream sent invalid header: "X\x20..."{WHILE}')
    assert not judge("upstream.invalid-header", RUNNING, config(SITE), LOG_READ, line, page(200))
