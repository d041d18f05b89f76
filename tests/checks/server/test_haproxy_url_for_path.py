from dataclasses import replace

import pytest

from diagnose.model import Claim, Confidence, Edit, Severity
from diagnose.model.http import BrowserVisit, Exchange
from tests.support.check_evidence import SHOP, judge
from tests.support.haproxy_evidence import SERVER, TEXT, config, page

CHECK = "server.haproxy-url-for-path"
URL = "https://shop.example.com/a/x?y=1"
TARGET = replace(SHOP, path="/a/x?y=1")
DOUBLED = "https://www.shop.example.comhttps://shop.example.com/a/x?y=1"
PAGE = page(301, url=URL, version="HTTP/1.1")
VISIT = BrowserVisit(
    url=URL,
    address="203.0.113.10",
    port=443,
    alpn="h2",
    version="HTTP/2",
    status=301,
    headers=(("Location", DOUBLED),),
)
REDIRECT = "    http-request redirect code 301 location https://www.shop.example.com%[url]\n"
SET = '    http-request set-path "%[url,regsub(^/a/,/,)]"\n'


def claims(
    rules: str, visit: BrowserVisit = VISIT, answer: Exchange = PAGE, path: str = TARGET.path
) -> list[Claim]:
    text = TEXT.replace("    default_backend", f"{rules}    default_backend")
    target = replace(SHOP, path=path)
    return list(judge(CHECK, SERVER, config(text), answer, visit, target=target, masked=False))


@pytest.mark.parametrize(
    "value",
    ["https://www.shop.example.com%[url]", "%[var(req.scheme)]://www.shop.example.com%[url]"],
)
def test_fires_for_a_redirect_over_http2(value: str) -> None:
    (claim,) = claims(REDIRECT.replace("https://www.shop.example.com%[url]", value))
    assert claim.confidence is Confidence.CERTAIN
    assert claim.severity is Severity.ERROR
    assert claim.facts["location"] == DOUBLED
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "www.shop.example.com%[pathq]\n" in edit.diff


def test_fires_for_a_query_that_is_written_twice() -> None:
    (claim,) = claims(SET, replace(VISIT, status=200, headers=()), replace(PAGE, status=200))
    assert claim.severity is Severity.WARNING
    assert claim.facts["query"] == "y=1"
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert '+    http-request set-path "%[path,regsub(^/a/,/,)]"\n' in edit.diff


@pytest.mark.parametrize(
    "rules",
    [
        REDIRECT.replace("url", "pathq"),
        REDIRECT.replace("www.shop", "other"),
        SET.replace("url", "path"),
        SET.replace(']"', ']" if { path_beg /b }'),
        SET.replace("^/a/,/", "[?].*,"),
    ],
)
def test_silent_for_another_rule(rules: str) -> None:
    visit = VISIT if "redirect" in rules else replace(VISIT, headers=())
    assert not claims(rules, visit)


def test_silent_without_the_doubled_address_or_a_query() -> None:
    good = (("Location", "https://www.shop.example.com/a/x?y=1"),)
    assert not claims(REDIRECT, replace(VISIT, headers=good))
    assert not claims(REDIRECT, replace(VISIT, version="HTTP/1.1"))
    assert not claims(SET, replace(VISIT, headers=()), path="/a/x")
