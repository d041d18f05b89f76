from dataclasses import replace

import pytest

from diagnose.model import Confidence
from tests.support.check_evidence import judge, texts
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_errors import LOG_READ, logged, page

CHECK = "upstream.invalid-header"
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


PHP = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    root /usr/share/FreshRSS/p;
    location / {
        fastcgi_pass 127.0.0.1:9002;
        fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
    }
}
"""


def test_fires_for_a_status_that_php_writes_as_a_field() -> None:
    """https://github.com/FreshRSS/FreshRSS/issues/4766. No curl of HTTP asks FastCGI."""
    said = r'upstream sent invalid header: "HTTP\x20..."'
    line = replace(logged(said + WHILE), upstream="fastcgi://127.0.0.1:9002")
    (claim,) = judge(CHECK, RUNNING, config(PHP), LOG_READ, line, page(502), masked=False)
    shown = " ".join(texts(CHECK, claim))
    assert "curl -sSi http://127.0.0.1:9002" not in shown
    assert "SCRIPT_FILENAME=/usr/share/FreshRSS/p/index.php" in shown
    assert "cgi-fcgi -bind -connect 127.0.0.1:9002" in shown
    assert r"grep -rnE 'header\( *.HTTP ' /usr/share/FreshRSS/p" in shown


def test_fires_for_markup_before_the_header_of_a_uwsgi_program() -> None:
    said = r'upstream sent invalid header: "<br\x20..."'
    site = config(SITE.replace("proxy_pass http://127.0.0.1:3000", "uwsgi_pass 127.0.0.1:3000"))
    line = replace(logged(said + WHILE), upstream="uwsgi://127.0.0.1:3000")
    (claim,) = judge(CHECK, RUNNING, site, LOG_READ, line, page(502))
    assert claim.facts["markup"]
    assert claim.facts["gateway"] == "uwsgi"
