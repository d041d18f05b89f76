"""http.cors-twice: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Applicability
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.page_errors import page

CHECK = "http.cors-twice"
ALLOWED = ("Access-Control-Allow-Origin", "https://app.example.com")
TWICE = replace(page(200), headers=(ALLOWED, ("access-control-allow-origin", "*")))
ADDED = SITE.replace(
    "        proxy_set_header",
    "        add_header Access-Control-Allow-Origin *;\n        proxy_set_header",
)


def test_fires_on_two_fields_and_on_a_list() -> None:
    (claim,) = judge(CHECK, TWICE)
    assert claim.facts["values"] == ("https://app.example.com", "*")
    listed = replace(page(200), headers=((ALLOWED[0], "https://a.example, https://b.example"),))
    assert judge(CHECK, listed)


def test_fires_and_hides_the_applications_where_nginx_adds_it() -> None:
    (claim,) = judge(CHECK, TWICE, RUNNING, config(ADDED))
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert claim.location


def test_silent_on_one_value_or_none() -> None:
    assert not judge(CHECK, replace(page(200), headers=(ALLOWED,)))
    assert not judge(CHECK, page(200))
