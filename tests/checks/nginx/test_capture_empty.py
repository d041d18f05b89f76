"""nginx.capture-empty: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Confidence
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_errors import page
from tests.support.page_evidence import answered, loads, script

CHECK = "nginx.capture-empty"
ITEMS = replace(SHOP, path="/api/items")
STATIC = r"location ~ ^/static/ { rewrite ^/static/[0-9a-f]+/(.*)$ /$2 last; }"
PROXY = "location ~ ^/api/ { proxy_pass http://127.0.0.1:3000/$1; }"


def claims(lines: str, status: int = 404) -> list[Claim]:
    text = f"server {{\n listen 443 ssl;\n server_name shop.example.com;\n {lines}\n}}\n"
    response = replace(page(status), url=ITEMS.url)
    return judge(CHECK, RUNNING, config(text), response, target=ITEMS, masked=False)


@pytest.mark.parametrize(
    "lines",
    [
        PROXY,
        "rewrite ^/api/.*$ /v2/$1 last;",
        "location /api/ { rewrite ^/api/(.*)$ /${2} break; proxy_pass http://127.0.0.1:3000; }",
        "location ~ ^/api/ { return 301 /v2/$1; }",
    ],
)
def test_fires_on_a_group_that_is_not_there(lines: str) -> None:
    (claim,) = claims(lines)
    assert claim.confidence is Confidence.CERTAIN
    assert str(claim.facts["group"]) in {"$1", "$2"}
    assert claim.location


def test_writes_the_only_group() -> None:
    (claim,) = claims("rewrite ^/api/(.*)$ /v2/$2 last;")
    assert claim.facts["right"] == "$1"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "+ rewrite ^/api/(.*)$ /v2/$1 last;" in str(claim.fix.steps[0])


def test_a_rule_before_it_may_lead_elsewhere() -> None:
    (claim,) = claims("rewrite ^/api/items$ /x last; rewrite ^/api/(.*)$ /v2/$2 last;")
    assert claim.confidence is Confidence.LIKELY


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (PROXY, 200),
        (PROXY.replace("^/api/", "^/api/(.*)$"), 404),
        (PROXY.replace("{ proxy", "{ if ($uri ~ (.*)) { set $x $1; } proxy"), 404),
        ("rewrite ^/api/(?<rest>.*)$ /v2/$1 last;", 404),
        ("rewrite ^/other/$ /v2/$1 last;", 404),
        ("location ~ ^/api/ { return 404; }", 404),
    ],
    ids=["answered", "its group", "another expression", "a name", "another path", "no group"],
)
def test_silent(lines: str, status: int) -> None:
    assert not claims(lines, status)


def test_fires_on_a_file_of_the_page() -> None:
    text = f"server {{\n listen 443 ssl;\n server_name shop.example.com;\n {STATIC}\n}}\n"
    file = script("/static/1a2b/app.js")
    seen = loads(file), answered(file, 200, "text/html", is_html=True)
    (claim,) = judge(CHECK, RUNNING, config(text), page(200), *seen, masked=False)
    assert (claim.facts["path"], claim.facts["right"]) == ("/static/1a2b/app.js", "$1")
