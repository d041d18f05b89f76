"""The lines are those of issue 441 of nginx/njs and of lua-nginx-module's t/129-ssl-socket.t."""

import pytest

from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_errors import LOG_READ, logged, page

CHECK = "nginx.script-request-untrusted"
JS = (
    "js http fetch SSL certificate verify error: (20:unable to get local issuer certificate)"
    " while SSL handshaking to fetch target"
)
LUA = "lua ssl certificate verify error: (20: unable to get local issuer certificate)"
SITE = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    location / {
        content_by_lua_file /etc/nginx/shop.lua;
    }
}
"""


@pytest.mark.parametrize(
    ("message", "directive"),
    [
        (JS, "js_fetch_trusted_certificate"),
        # As njs 0.8.9 of Debian 13 writes it.
        (JS.replace("http ", ""), "js_fetch_trusted_certificate"),
        (LUA, "lua_ssl_trusted_certificate"),
    ],
)
def test_fires_when_no_authority_is_written(message: str, directive: str) -> None:
    line = logged(message)
    (claim,) = judge(CHECK, RUNNING, config(SITE), LOG_READ, line, page(500))
    assert claim.facts["directive"] == directive
    assert claim.facts["unset"] is True
    assert claim.facts["reason"] == "unable to get local issuer certificate"


def test_names_the_file_that_is_written() -> None:
    text = SITE.replace(
        "    location", "    lua_ssl_trusted_certificate /etc/ssl/own.pem;\n    location"
    )
    (claim,) = judge(CHECK, RUNNING, config(text), LOG_READ, logged(LUA), page(502))
    assert (claim.facts["unset"], claim.facts["file"]) == (False, "/etc/ssl/own.pem")
    assert claim.location
    assert claim.location.line == 5


def test_silent_when_the_page_came_or_another_thing_was_logged() -> None:
    assert not judge(CHECK, RUNNING, config(SITE), LOG_READ, logged(LUA), page(200))
    other = logged("upstream SSL certificate verify error: (20:unable to get local issuer)")
    assert not judge(CHECK, RUNNING, config(SITE), LOG_READ, other, page(502))
