"""nginx.named-location-missing: when it fires, and when it is silent."""

import pytest

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
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    location @prxy {\n+        proxy_pass http://127.0.0.1:3000;" in edit.diff


def test_fires_and_leads_nobody_past_a_refusal() -> None:
    """`error_page 401 = @login;` of a question for a login: the application is what it closes."""
    for codes, is_written in (("401", False), ("403 404", False), ("404", True)):
        text = SITE.replace("try_files $uri @prxy;", f"error_page {codes} = @prxy;")
        text = text.replace("@proxy", "@application")
        (claim,) = judge(CHECK, RUNNING, config(text), LOG_READ, SAID, page(500), masked=False)
        assert claim.fix
        assert isinstance(claim.fix.steps[0], Edit) is is_written


def test_fires_and_knows_no_application() -> None:
    text = SITE.replace("proxy_pass http://127.0.0.1:3000;", "root /srv/other;")
    text = text.replace("@proxy", "@others")
    (claim,) = judge(CHECK, RUNNING, config(text), LOG_READ, SAID, page(500), masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


SCRIPTS = "location ~ \\.php$ { fastcgi_pass unix:/run/php.sock; }"


def test_fires_and_leads_to_the_script_of_php() -> None:
    text = SITE.replace(
        "location @proxy {\n        proxy_pass http://127.0.0.1:3000;\n    }", SCRIPTS
    )
    text = text.replace("    location /", "    index index.php;\n    location /", 1)
    (claim,) = judge(CHECK, RUNNING, config(text), LOG_READ, SAID, page(500), masked=False)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        rewrite ^ /index.php last;" in edit.diff


PAGES = "try_files $uri =404;\n    }\n    error_page 403 404 @prxy;"


@pytest.mark.parametrize(
    ("lines", "goes"),
    [
        (PAGES, True),
        (PAGES.replace("404 @", "404 =200 @"), False),
        (PAGES.replace("=404;", "=404;\n        return 403;"), False),
    ],
)
def test_fires_and_an_error_page_goes(lines: str, goes: bool) -> None:
    """Not one that changes the status, nor one to which a `return` leads."""
    text = SITE.replace("try_files $uri @prxy;\n    }", lines).replace("@proxy", "@application")
    text = text.replace("proxy_pass http://127.0.0.1:3000;", "root /srv/other;")
    (claim,) = judge(CHECK, RUNNING, config(text), LOG_READ, SAID, page(500), masked=False)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit) is goes
    assert not isinstance(edit, Edit) or "-    error_page 403 404 @prxy;" in edit.diff


def test_silent_where_the_page_comes_or_something_else_was_said() -> None:
    assert not judge(CHECK, RUNNING, config(SITE), LOG_READ, SAID, page(200))
    other = logged('rewrite or internal redirection cycle while processing "/"')
    assert not judge(CHECK, RUNNING, config(SITE), LOG_READ, other, page(500))
