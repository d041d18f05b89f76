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
