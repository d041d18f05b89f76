from dataclasses import replace

import pytest

from diagnose.model import Claim, Confidence, Edit, Manual
from diagnose.model.http import Exchange
from tests.support.check_evidence import SHOP, judge
from tests.support.haproxy_evidence import SERVER, TEXT, config

CHECK = "server.haproxy-path-changed-before-redirect"
URL = "http://shop.example.com/app/page"
TARGET = replace(SHOP, scheme="http", port=80, path="/app/page")
CHANGE = "    http-request replace-path ^/app/(.*)$ /\\1 if { path_beg /app/ }\n"
REDIRECT = "    http-request redirect scheme https if !{ ssl_fc }\n"


def answers(location: str = "https://shop.example.com/page", end: int = 404) -> list[Exchange]:
    first = Exchange(
        url=URL,
        address="203.0.113.10",
        port=80,
        status=302,
        headers=(("Location", location),),
    )
    return [
        first,
        replace(first, url=location, port=443, status=end, headers=(), purpose="redirect"),
    ]


def claims(rules: str = CHANGE + REDIRECT, *seen: Exchange) -> list[Claim]:
    text = TEXT.replace("    bind :443", "    bind :80\n    bind :443")
    text = text.replace("    option httpchk", f"{rules}    option httpchk")
    return list(judge(CHECK, SERVER, config(text), *(seen or answers()), target=TARGET))


@pytest.mark.parametrize("redirect", [REDIRECT, REDIRECT.replace("http-request ", "")])
def test_fires_and_writes_the_redirect_first(redirect: str) -> None:
    (claim,) = claims(CHANGE + redirect)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["wanted"] == "https://shop.example.com/app/page"
    assert claim.facts["status"] == 404
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert f"+{REDIRECT} {CHANGE}-{redirect}" in edit.diff


def test_fires_with_words_where_the_redirect_has_an_acl() -> None:
    rules = f"    acl plain ssl_fc 0\n{CHANGE}" + REDIRECT.replace(
        "!{ ssl_fc }", "!{ ssl_fc } { dst_port 80 }"
    )
    (claim,) = claims(rules)
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)


@pytest.mark.parametrize(
    "rules",
    [
        REDIRECT + CHANGE,
        CHANGE.replace("if ", "if { ssl_fc } ") + REDIRECT,
        CHANGE.replace("app", "other") + REDIRECT,
        CHANGE,
    ],
)
def test_silent_in_another_order(rules: str) -> None:
    assert not claims(rules)


def test_silent_where_the_page_comes_or_the_path_is_kept() -> None:
    assert not claims(CHANGE + REDIRECT, *answers(end=200))
    assert not claims(CHANGE + REDIRECT, *answers("https://shop.example.com/app/page"))
