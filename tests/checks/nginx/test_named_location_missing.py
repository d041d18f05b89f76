"""nginx.named-location-missing: when it fires, and when it is silent."""

from diagnose.model import Applicability, Edit
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_errors import LOG_READ, logged, page

CHECK = "nginx.named-location-missing"
SITE = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    location / {
        try_files $uri @prxy;
    }
    location @proxy {
        proxy_pass http://127.0.0.1:3000;
    }
}
"""
SAID = logged('could not find named location "@prxy"')


def test_fires_and_corrects_the_name() -> None:
    (claim,) = judge(CHECK, RUNNING, config(SITE), LOG_READ, SAID, page(500), masked=False)
    assert claim.location
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        try_files $uri @proxy;\n" in edit.diff


def test_fires_where_no_name_is_like_it() -> None:
    text = SITE.replace("location @proxy", "location @application")
    (claim,) = judge(CHECK, RUNNING, config(text), LOG_READ, SAID, page(500), masked=False)
    assert claim.facts["names"] == ("@application",)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_silent_where_the_page_comes_or_something_else_was_said() -> None:
    assert not judge(CHECK, RUNNING, config(SITE), LOG_READ, SAID, page(200))
    other = logged('rewrite or internal redirection cycle while processing "/"')
    assert not judge(CHECK, RUNNING, config(SITE), LOG_READ, other, page(500))
