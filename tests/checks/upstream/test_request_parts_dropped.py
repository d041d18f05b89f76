"""upstream.request-parts-dropped: when it fires, and when it is silent."""

from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Applicability, Confidence
from diagnose.model.logs import FailedRequests
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.page_errors import page
from tests.support.page_evidence import loads

CHECK = "upstream.request-parts-dropped"
FORM = loads(posts=("https://shop.example.com/login",))


def site(lines: str) -> Any:
    return config(SITE.replace("proxy_set_header", f"{lines}\n        proxy_set_header"))


@pytest.mark.parametrize(
    "lines",
    [
        'proxy_set_header Authorization "";',
        'proxy_set_header Cookie "";',
        "proxy_pass_request_headers off;",
    ],
)
def test_fires_where_the_application_does_not_know_who_asks(lines: str) -> None:
    (claim,) = judge(CHECK, RUNNING, site(lines), page(401), masked=False)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["login"]
    assert claim.facts["directive"] == lines.rstrip(";")
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert not judge(CHECK, RUNNING, site(lines), page(200), masked=False)


@pytest.mark.parametrize(
    ("lines", "part"),
    [("proxy_pass_request_body off;", "body"), ("proxy_method GET;", "method")],
)
def test_fires_where_a_page_sends_a_form(lines: str, part: str) -> None:
    (claim,) = judge(CHECK, RUNNING, site(lines), page(200), FORM, masked=False)
    assert claim.facts[part]
    assert claim.about.path == "/login"
    assert not judge(CHECK, RUNNING, site(lines), page(200), loads(), masked=False)


def test_fires_for_a_form_of_the_access_log() -> None:
    failure = FailedRequests(
        file="/a.log", method="POST", path="/order", status=500, written="", is_from_page=True
    )
    text = site("proxy_pass_request_body off;")
    (claim,) = judge(CHECK, RUNNING, text, page(200), failure, masked=False)
    assert claim.about.path == "/order"


@pytest.mark.parametrize(
    "text",
    [
        "",
        'auth_basic shop; proxy_set_header Authorization "";',
        "proxy_set_header Cookie $http_cookie;",
        "proxy_pass_request_headers on; proxy_pass_request_body on; proxy_method POST;",
    ],
)
def test_silent_where_all_is_passed_on(text: str) -> None:
    assert not judge(CHECK, RUNNING, site(text), page(401), FORM, masked=False)


def test_silent_for_a_subrequest() -> None:
    auth = (
        "location = /auth { internal; proxy_pass http://127.0.0.1:4000; "
        "proxy_pass_request_body off; }\n    location /"
    )
    text = config(SITE.replace("location /", auth))
    assert not judge(CHECK, RUNNING, text, page(401), FORM, masked=False)


def test_fires_after_a_message_about_a_form() -> None:
    pasted = replace(SHOP, symptom=Symptom("status", "400 Bad Request", 400))
    text = site("proxy_pass_request_body off;")
    assert judge(CHECK, RUNNING, text, page(200), target=pasted, masked=False)
    pasted = replace(SHOP, symptom=Symptom("status", "404 Not Found", 404))
    assert not judge(CHECK, RUNNING, text, page(200), target=pasted, masked=False)


def test_fires_after_a_message_about_a_field_that_does_not_arrive() -> None:
    pasted = replace(SHOP, symptom=Symptom("request-field", "the token header is null"))
    text = site('proxy_set_header Authorization "";')
    (claim,) = judge(CHECK, RUNNING, text, page(200), target=pasted, masked=False)
    assert claim.facts["login"]
    assert not judge(CHECK, RUNNING, site(""), page(200), target=pasted, masked=False)


FORM_REFUSED = FailedRequests(
    file="/var/log/nginx/access.log", method="POST", path="/login", status=403, written="",
    is_from_page=True, times=2,
)  # fmt: skip


def test_fires_where_the_cookies_are_hidden_and_forms_are_refused() -> None:
    hidden = site("proxy_hide_header Set-Cookie;")
    (claim,) = judge(CHECK, hidden, RUNNING, page(200), FORM_REFUSED)
    assert claim.facts["cookies"]
    assert claim.fix
    assert "-        proxy_hide_header Set-Cookie;" in str(claim.fix.steps[0])
    target = replace(SHOP, symptom=Symptom("csrf", "CSRF cookie not set"))
    assert judge(CHECK, hidden, RUNNING, page(200), target=target)


def test_silent_where_the_cookies_are_hidden_and_nobody_misses_them() -> None:
    hidden = site("proxy_hide_header Set-Cookie;")
    assert not judge(CHECK, hidden, RUNNING, page(200))
    own = site("proxy_hide_header Set-Cookie; add_header Set-Cookie a=b;")
    assert not judge(CHECK, own, RUNNING, page(200), FORM_REFUSED)
    other = site("proxy_hide_header X-Powered-By;")
    assert not judge(CHECK, other, RUNNING, page(200), FORM_REFUSED)


def test_the_empty_length_goes_with_the_body() -> None:
    text = site('proxy_pass_request_body off; proxy_set_header Content-Length "";')
    (claim,) = judge(CHECK, text, RUNNING, page(200), FORM_REFUSED)
    assert claim.fix
    assert "Content-Length" in str(claim.fix.steps[0])


def guarded(line: str) -> Any:
    text = SITE.replace("proxy_set_header", "auth_request /check;\n        proxy_set_header", 1)
    subrequest = f"location = /check {{ internal; {line} proxy_pass http://127.0.0.1:4000; }}"
    return config(text.replace("location / {", f"{subrequest}\n    location / {{", 1))


def test_fires_where_the_program_that_checks_logins_gets_no_cookie() -> None:
    to_login = replace(page(302), headers=(("Location", "/oauth2/start?rd=/"),))
    (claim,) = judge(CHECK, RUNNING, guarded('proxy_set_header Cookie "";'), to_login, masked=False)
    assert claim.facts["login"]
    for line in ("proxy_set_header Host $host;", 'proxy_set_header Authorization "";'):
        assert not judge(CHECK, RUNNING, guarded(line), to_login, masked=False)
    away = replace(page(302), headers=(("Location", "/home"),))
    assert not judge(CHECK, RUNNING, guarded('proxy_set_header Cookie "";'), away, masked=False)


def test_fires_where_forms_are_refused_because_the_cookies_do_not_arrive() -> None:
    withheld = site('proxy_set_header Cookie "";')
    (claim,) = judge(CHECK, withheld, RUNNING, page(200), FORM_REFUSED)
    assert claim.facts["login"]
    assert not judge(CHECK, withheld, RUNNING, page(200), replace(FORM_REFUSED, status=404))
