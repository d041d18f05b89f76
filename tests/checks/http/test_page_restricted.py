"""http.page-restricted: when it fires, and when it is silent."""

from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Confidence, Severity
from diagnose.model.http import Exchange
from diagnose.model.pages import PageUse
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.page_evidence import SITE as ORIGIN
from tests.support.page_evidence import loads, script
from tests.support.upstream_evidence import page

CHECK = "http.page-restricted"
FORM = PageUse("form", f"{ORIGIN}/login")


def answer(*policies: str, **other: Any) -> Exchange:
    fields = tuple(("Content-Security-Policy", policy) for policy in policies)
    return replace(page(200), headers=fields, **other)


def test_fires_on_a_sandbox_around_scripts() -> None:
    (claim,) = judge(CHECK, loads(script()), answer("sandbox"))
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["corrected"] == "sandbox allow-scripts"
    (claim,) = judge(CHECK, loads(is_empty=True, inline_scripts=1), answer("img-src *", "sandbox"))
    assert claim.severity is Severity.ERROR


def test_fires_on_a_sandbox_around_forms() -> None:
    policy = "sandbox allow-scripts allow-same-origin"
    (claim,) = judge(CHECK, loads(script(), uses=(FORM,)), answer(policy))
    assert claim.facts["form"]
    assert claim.facts["sandbox"]


@pytest.mark.parametrize("policy", ["form-action 'none'", "form-action https://pay.example.net"])
def test_fires_on_a_form_that_may_not_be_sent(policy: str) -> None:
    (claim,) = judge(CHECK, loads(uses=(FORM,)), answer(policy), masked=False)
    assert claim.facts["address"] == f"{ORIGIN}/login"
    assert "'self'" in str(claim.facts["corrected"])


def test_silent_where_the_scheme_is_the_fault() -> None:
    """'self' is https, and the form is http://: http.mixed-content names it."""
    form = PageUse("form", "http://shop.example.com/login")
    assert not judge(CHECK, loads(uses=(form,)), answer("form-action 'self'"))
    assert judge(CHECK, loads(uses=(form,)), answer("form-action 'none'"))
    for url in ("http://shop.example.com:8080/login", "http://pay.example.net/login"):
        assert judge(CHECK, loads(uses=(PageUse("form", url),)), answer("form-action 'self'"))


def test_fires_on_a_base_that_is_ignored() -> None:
    url = f"{ORIGIN}/orders/7"
    shown = loads(url=url, uses=(PageUse("base", f"{ORIGIN}/"),))
    (claim,) = judge(CHECK, shown, answer("base-uri 'none'", url=url))
    assert claim.facts["base"]
    assert not judge(CHECK, loads(uses=(PageUse("base", f"{ORIGIN}/"),)), answer("base-uri 'none'"))


def test_fires_and_names_nginxs_line() -> None:
    header = "add_header Content-Security-Policy sandbox;\n        proxy_set_header"
    line = config(SITE.replace("proxy_set_header", header, 1))
    (claim,) = judge(CHECK, RUNNING, line, loads(script()), answer("sandbox"))
    assert claim.location


@pytest.mark.parametrize(
    "policy",
    [
        "default-src 'none'; script-src 'self'",
        "form-action 'self'; base-uri 'self'",
        "form-action https://shop.example.com",
        "sandbox allow-scripts allow-forms",
    ],
)
def test_silent_where_it_is_allowed(policy: str) -> None:
    assert not judge(CHECK, loads(script(), uses=(FORM,)), answer(policy))


def test_silent_where_files_of_visitors_are_and_without_scripts() -> None:
    url = f"{ORIGIN}/uploads/page.html"
    assert not judge(CHECK, loads(script(), url=url), answer("sandbox", url=url))
    assert not judge(CHECK, loads(), answer("sandbox"))
