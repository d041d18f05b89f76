from dataclasses import replace

import pytest

from diagnose.model import Applicability, Edit, Manual
from diagnose.model.http import CodingFault, ResponseBody
from diagnose.model.web_servers import WebServerConfig
from tests.support.caddy_evidence import CADDY, caddy_config
from tests.support.check_evidence import CHAT, judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "http.wrong-content-encoding"
PLAIN = ResponseBody(
    url="https://shop.example.com/",
    address="203.0.113.10",
    port=443,
    status=200,
    received=500,
    coding="gzip",
    media_type="text/html",
)
WRONG = replace(PLAIN, coding_fault="invalid")
SITE = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    location / {
        gzip on;
        add_header Content-Encoding gzip;
    }
}
"""


@pytest.mark.parametrize("fault", ["invalid", "twice", "unnamed"])
def test_fires_for_each_fault(fault: CodingFault) -> None:
    (claim,) = judge(CHECK, replace(PLAIN, coding_fault=fault))
    assert claim.facts[fault]
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)


PROXIED = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    location / {
        proxy_pass http://127.0.0.1:3000;
    }
}
"""


def test_asks_the_application_for_no_coding_where_the_page_comes_well_without() -> None:
    """A gateway unpacks the body and leaves the header on."""
    asked = replace(WRONG, request="browser")
    plain = replace(PLAIN, coding="")
    (claim,) = judge(CHECK, RUNNING, config(PROXIED), plain, asked)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert '+        proxy_set_header Accept-Encoding "";' in edit.diff
    assert claim.facts["uncoded"]
    (claim,) = judge(CHECK, RUNNING, config(PROXIED), replace(WRONG), asked)
    assert not claim.facts["uncoded"]


@pytest.mark.parametrize(
    ("config_", "line"),
    [(caddy_config(), "header_up Accept-Encoding identity"),
     (apache_config(), "RequestHeader unset Accept-Encoding")],
)  # fmt: skip
def test_so_do_other_servers(config_: WebServerConfig, line: str) -> None:
    asked, plain = replace(WRONG, request="browser"), replace(PLAIN, coding="")
    server = CADDY if config_.product == "caddy" else APACHE
    (claim,) = judge(CHECK, server, config_, plain, asked, masked=False)
    assert claim.fix
    assert any(isinstance(step, Edit) and line in step.diff for step in claim.fix.steps)


def test_fires_and_takes_the_line_away_that_names_the_coding() -> None:
    (claim,) = judge(CHECK, WRONG, RUNNING, config(SITE))
    assert claim.location
    assert claim.location.line == 7
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "-        add_header Content-Encoding gzip;" in edit.diff


def test_silent_if_a_browser_gets_what_the_header_says() -> None:
    assert not judge(CHECK, WRONG, replace(PLAIN, request="browser"))


def test_silent_when_the_body_is_right_or_was_cut() -> None:
    assert not judge(CHECK, PLAIN)
    assert not judge(CHECK, replace(WRONG, end="cut"))


def test_silent_at_a_websocket_path() -> None:
    assert not judge(CHECK, WRONG, target=CHAT)


FILES = HTTPS.replace("ProxyPass / http://127.0.0.1:3000/", "DocumentRoot /var/www/html")


@pytest.mark.parametrize(
    ("site", "lines"),
    [
        (FILES, '+    <FilesMatch "\\.gz$">\n+        SetEnv no-gzip 1\n'),
        (HTTPS, "+    SetEnv no-gzip 1\n"),
    ],
)
def test_apache_does_not_compress_what_is_compressed(site: str, lines: str) -> None:
    """Issue 987 of Automattic/wp-super-cache: mod_deflate beside the cache's own files."""
    twice = replace(PLAIN, coding_fault="twice")
    server = apache_config(site, modules=("deflate", "headers"))
    (claim,) = judge(CHECK, APACHE, server, twice, masked=False)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert lines in edit.diff
    assert claim.facts["recoded"]
    (claim,) = judge(CHECK, APACHE, apache_config(site), twice, masked=False)
    assert not claim.facts["recoded"]
