"""http.redirect-loop where nginx's own lines make the circle."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Manual
from diagnose.model.http import Exchange
from tests.support.check_evidence import SHOP, judge
from tests.support.redirect_evidence import AROUND, SITE, applied, config, led

HOST = "https://shop.example.com"
GO = f"{HOST}/docs/go/"


def site(lines: str) -> str:
    return SITE.replace("    location", f"    {lines}\n    location", 1)


def loop(text: str, *steps: Exchange, path: str = "/docs/go/") -> Claim:
    target = replace(SHOP, path=path)
    seen = (*steps, config(text), *AROUND)
    (claim,) = judge("http.redirect-loop", *seen, target=target, masked=False)
    return claim


def itself(url: str = GO, status: int = 301) -> Exchange:
    return led(url, url, "target", status)


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        (
            "location ~ ^/docs/go/?$ { return 301 /docs/go/; }",
            ["-location ~ ^/docs/go/?$ { return 301 /docs/go/; }",
             "+location ~ ^/docs/go$ { return 301 /docs/go/; }"],
        ),
        (
            "location ~* ^/docs/(go|php)/?$ { return 301 $scheme://$host/docs/$1/; }",
            ["-location ~* ^/docs/(go|php)/?$ { return 301 $scheme://$host/docs/$1/; }",
             "+location ~* ^/docs/(go|php)$ { return 301 $scheme://$host/docs/$1/; }"],
        ),
        (
            "rewrite ^/docs/(.*?)/?$ /docs/$1/ permanent;",
            [],
        ),
        (
            "rewrite ^/docs/(go)/?$ /docs/$1/ permanent;",
            ["-rewrite ^/docs/(go)/?$ /docs/$1/ permanent;",
             "+rewrite ^/docs/(go)$ /docs/$1/ permanent;"],
        ),
        (
            "location /docs/go { return 301 /docs/go/; }",
            ["-location /docs/go { return 301 /docs/go/; }",
             "+location = /docs/go { return 301 /docs/go/; }"],
        ),
        ("location = /docs/go/ { return 301 /docs/go/; }", []),
    ],
)  # fmt: skip
def test_fires_and_names_the_rule_that_leads_to_its_own_path(rule: str, change: list[str]) -> None:
    claim = loop(site(rule), itself())
    assert claim.facts["own"]
    assert claim.location
    kind = Applicability.REVIEW if change else Applicability.MANUAL
    assert applied(claim) == (kind, change)


def test_fires_and_names_both_rules_of_a_circle() -> None:
    rules = (
        "location = /docs/go { return 301 /docs/go/; } location /docs/go/ { return 301 /docs/go; }"
    )
    there, back = f"{HOST}/docs/go/", f"{HOST}/docs/go"
    claim = loop(site(rules), led(there, back, "target"), led(back, there, "redirect"))
    assert claim.facts["own_line"] == "return 301 /docs/go"
    assert str(claim.facts["own_others"]).startswith("('return 301 /docs/go/ (")
    assert claim.fix
    second, first = claim.fix.edits
    assert claim.fix.applicability is Applicability.MANUAL
    assert [step.step for step in claim.fix.steps if isinstance(step, Manual)] == [
        "without-second", "without-first",
    ]  # fmt: skip
    kept = ["".join(x for x in edit.diff.splitlines() if x[:1] == "+") for edit in (first, second)]
    assert ["location /docs/go/" in text for text in kept] == [False, True]
    assert ["location = /docs/go" in text for text in kept] == [True, False]


def test_fires_and_names_the_redirect_to_https_of_a_block_with_tls_alone() -> None:
    text = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    return 301 https://$host$request_uri;
}
"""
    claim = loop(text, itself(f"{HOST}/"), path="/")
    assert claim.facts["own_secure"]
    assert applied(claim) == (Applicability.MANUAL, [])


@pytest.mark.parametrize(
    "rule",
    [
        "location ~ ^/docs/go/?$ { return 302 /docs/go/; }",
        "location ~ ^/docs/go/?$ { return 301 /docs/php/; }",
        "location ~ ^/docs/go/?$ { if ($scheme = http) { return 301 /docs/go/; } }",
        "location = /docs/go { return 301 /docs/go/; }",
        "location ~ ^/docs/go/?$ { return 301 /docs/$unknown; }",
    ],
    ids=["another status", "another path", "condition", "the other form", "a variable"],
)
def test_fires_without_a_line_that_leads_elsewhere(rule: str) -> None:
    assert not loop(site(rule), itself()).facts["own"]


def test_fires_without_a_line_where_a_proxy_is_in_front() -> None:
    step = itself()
    step = replace(step, headers=(*step.headers, ("Via", "1.1 cdn")))
    assert not loop(site("location ~ ^/docs/go/?$ { return 301 /docs/go/; }"), step).facts["own"]


FOLDER = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    root /srv/shop;
    RULE
    location / { try_files $uri $uri/ =404; }
    location /app/ { proxy_pass http://127.0.0.1:3000; }
}
"""


def circle(rule: str, path: str, text: str = FOLDER) -> Claim:
    """Of a path with a slash at its end, and the same without."""
    there, back = HOST + path, HOST + path.rstrip("/")
    steps = led(there, back, "target"), led(back, there, "redirect")
    return loop(text.replace("RULE", rule), *steps, path=path)


@pytest.mark.parametrize(
    "rule",
    [
        "rewrite ^/(.*)/$ /$1 permanent;",
        "location ~ ^(.+)/$ { return 301 $1; }",
        "if ($request_uri ~ /$) { rewrite ^/(.*)/$ /$1 permanent; }",
    ],
)
def test_fires_and_takes_the_rule_away_that_a_folder_undoes(rule: str) -> None:
    claim = circle(rule, "/about/")
    assert claim.facts["slash_removed"]
    assert claim.facts["slash_folder"]
    assert claim.location
    assert applied(claim) == (Applicability.REVIEW, [f"-{rule}"])


def test_fires_and_takes_the_rule_away_that_an_application_undoes() -> None:
    rule = "rewrite ^/(.*)/$ /$1 permanent;"
    claim = circle(rule, "/app/orders/")
    assert claim.facts["slash_removed"]
    assert not claim.facts["slash_folder"]
    assert applied(claim) == (Applicability.REVIEW, [f"-{rule}"])
    added = circle("rewrite ^([^.]*[^/])$ $1/ permanent;", "/app/orders/")
    assert added.facts["slash"]
    assert not added.facts["slash_removed"]


def test_fires_without_a_rule_where_nginx_has_none_about_the_slash() -> None:
    assert not circle("", "/about/").facts["slash"]
    assert not circle("rewrite ^/other/(.*)/$ /$1 permanent;", "/about/").facts["slash"]
