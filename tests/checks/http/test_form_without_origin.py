"""http.form-without-origin: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Edit
from diagnose.model.http import Exchange
from diagnose.model.pages import Page
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.page_errors import page
from tests.support.page_evidence import SITE as URL
from tests.support.page_evidence import loads

CHECK = "http.form-without-origin"
COOKIE = "csrftoken=abc; Path=/; SameSite=Lax"
FORM = loads(posts=(f"{URL}/accounts/login/",))


def login(policy: str = "no-referrer", cookie: str = COOKIE, body: str = "") -> Exchange:
    headers = (("Referrer-Policy", policy), ("Set-Cookie", cookie))
    return replace(page(200, body), headers=headers)


def test_fires_on_django_and_changes_nginxs_line() -> None:
    line = '    add_header Referrer-Policy "no-referrer" always;\n'
    text = SITE.replace("    location /", f"{line}    location /")
    (claim,) = judge(CHECK, RUNNING, config(text), FORM, login(), masked=False)
    assert claim.facts["framework"] == "Django"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    add_header Referrer-Policy same-origin always;\n" in edit.diff


def test_fires_on_rails_and_the_last_policy() -> None:
    body = '<head><meta name="csrf-param" content="authenticity_token" /></head>'
    (claim,) = judge(CHECK, FORM, login("same-origin, no-referrer, new", "s=1", body), masked=False)
    assert claim.facts["framework"] == "Rails"
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


@pytest.mark.parametrize(
    ("form", "exchange"),
    [
        (FORM, login("same-origin")),
        (FORM, login("no-referrer, strict-origin")),
        (FORM, login(cookie="session=1")),
        (loads(), login()),
        (loads(posts=("https://login.example.net/",)), login()),
    ],
)
def test_silent_on_other_policies_applications_and_forms(form: Page, exchange: Exchange) -> None:
    assert not judge(CHECK, form, exchange, masked=False)
