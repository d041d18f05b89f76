"""upstream.origin-not-passed: the application redirects until it is told name and scheme."""

from dataclasses import replace

from diagnose.model import Claim, Confidence, Edit
from diagnose.model.http import Exchange
from diagnose.model.requests import ComparedRequest
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config
from tests.support.upstream_evidence import asked, compared, controlled, page

CHECK = "upstream.origin-not-passed"
BARE = SITE.replace("        proxy_set_header Host $host;\n", "")
LOOP = replace(page(301), headers=(("Location", SHOP.url),))
AS_NGINX = compared(301, location=SHOP.url)
SCHEME_ALONE = compared(
    301, "field", "X-Forwarded-Proto", "added", value="https", location=SHOP.url
)
BOTH = compared(
    200,
    "origin",
    "X-Forwarded-Proto, Host",
    "replaced",
    original="-, 127.0.0.1:3000",
    value="https, shop.example.com",
)


def claims(*requests: ComparedRequest, answer: Exchange = LOOP) -> list[Claim]:
    return judge(CHECK, config(BARE), BUILD, RUNNING, answer, *controlled(*requests))


def test_fires_where_both_fields_together_help() -> None:
    (claim,) = claims(AS_NGINX, SCHEME_ALONE, BOTH)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["shown"] == "127.0.0.1:3000"
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        proxy_set_header Host $host;\n" in edit.diff
    assert "+        proxy_set_header X-Forwarded-Proto $scheme;\n" in edit.diff


def test_fires_less_sure_without_a_control() -> None:
    (claim,) = judge(CHECK, config(BARE), BUILD, RUNNING, LOOP, AS_NGINX, SCHEME_ALONE, BOTH)
    assert claim.confidence is Confidence.LIKELY


def test_silent_where_both_change_nothing() -> None:
    assert not claims(AS_NGINX, SCHEME_ALONE, replace(BOTH, status=301, location=SHOP.url))


def test_silent_where_the_scheme_alone_helps() -> None:
    assert not claims(AS_NGINX, replace(SCHEME_ALONE, status=200, location=""))


def test_silent_where_visitors_get_the_page() -> None:
    assert not claims(AS_NGINX, BOTH, answer=page(200))


def test_silent_where_the_name_alone_helps() -> None:
    name = asked(200, "visitor", "shop.example.com")
    requests = controlled(AS_NGINX, SCHEME_ALONE, BOTH)
    assert not judge(CHECK, config(BARE), BUILD, RUNNING, LOOP, name, *requests)
    still = asked(301, "visitor", "shop.example.com")
    assert judge(CHECK, config(BARE), BUILD, RUNNING, LOOP, still, *requests)
