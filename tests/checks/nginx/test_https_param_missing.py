"""nginx.https-param-missing: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Edit, Severity
from diagnose.model.logs import FailedRequests
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_errors import page

CHECK = "nginx.https-param-missing"
SITE = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    location / {
        uwsgi_param REQUEST_METHOD $request_method;
        uwsgi_param PATH_INFO $document_uri;
        uwsgi_pass unix:/run/shop.sock;
    }
}
"""
FORM = page(200, '<form method="post"><input name="csrfmiddlewaretoken" value="a"></form>')
FORM = replace(FORM, purpose="target")
REFUSED = FailedRequests(
    file="/a.log", method="POST", path="/login/", status=403, written="", is_from_page=True
)
LOOP = replace(page(301), headers=(("Location", SHOP.url),))


def test_fires_on_a_form_that_is_refused_and_writes_the_parameter() -> None:
    (claim,) = judge(CHECK, RUNNING, config(SITE), FORM, REFUSED, masked=False)
    assert (claim.severity, claim.facts["form"]) == (Severity.WARNING, True)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        uwsgi_param HTTPS $https if_not_empty;" in edit.diff


def test_fires_on_a_loop_of_a_program_that_forces_https() -> None:
    text = SITE.replace("uwsgi_pa", "fastcgi_pa")
    (claim,) = judge(CHECK, RUNNING, config(text), LOOP, masked=False)
    assert (claim.severity, claim.facts["form"]) == (None, False)


@pytest.mark.parametrize(
    "text",
    [
        SITE.replace("uwsgi_pass", "uwsgi_param HTTPS $https if_not_empty; uwsgi_pass"),
        SITE.replace("uwsgi_pass", "uwsgi_param UWSGI_SCHEME $scheme; uwsgi_pass"),
        SITE.replace("443 ssl", "443"),
        SITE.replace("uwsgi_pass unix:/run/shop.sock", "proxy_pass http://127.0.0.1:3000"),
    ],
    ids=["told", "told the scheme", "no TLS", "by HTTP"],
)
def test_silent_where_the_program_is_told(text: str) -> None:
    assert not judge(CHECK, RUNNING, config(text), FORM, REFUSED, masked=False)
    assert not judge(CHECK, RUNNING, config(text), LOOP, masked=False)


def test_silent_where_nothing_is_refused() -> None:
    assert not judge(CHECK, RUNNING, config(SITE), FORM, masked=False)
    assert not judge(
        CHECK, RUNNING, config(SITE), FORM, replace(REFUSED, is_from_page=False), masked=False
    )
    assert not judge(CHECK, RUNNING, config(SITE), page(200), REFUSED, masked=False)
