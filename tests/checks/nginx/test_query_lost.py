"""nginx.query-lost: when it fires, and when it is silent."""

from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Applicability, Confidence, Severity
from diagnose.model.pages import Page
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.page_errors import page

CHECK = "nginx.query-lost"
LISTED = replace(SHOP, path="/customers?page=2")
LINKS = Page(
    url="https://shop.example.com/", address="203.0.113.10", port=443,
    queries=("https://shop.example.com/customers",),
)  # fmt: skip


def site(last: str) -> Any:
    location = SITE[SITE.index("    location /") : SITE.rindex("}\n")]
    files = f"    location / {{\n        try_files $uri $uri/ {last};\n    }}\n"
    php = "    location ~ \\.php$ {\n        fastcgi_pass 127.0.0.1:9000;\n    }\n"
    return config(SITE.replace(location, files + php))


def answer(status: int) -> Any:
    return replace(page(status), url="https://shop.example.com/customers?page=2")


def test_fires_for_the_target_and_writes_the_query() -> None:
    (claim,) = judge(CHECK, RUNNING, site("/index.php"), answer(200), target=LISTED)
    assert (claim.severity, claim.confidence) == (None, Confidence.LIKELY)
    assert claim.facts["path"] == "/customers"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "/index.php$is_args$args;" in str(claim.fix.steps[0])


def test_fires_for_an_address_to_which_the_page_links() -> None:
    (claim,) = judge(CHECK, RUNNING, site("/index.php"), page(200), LINKS)
    assert claim.facts["linked"]


def test_fires_as_an_error_where_the_question_mark_is_missing() -> None:
    (claim,) = judge(CHECK, RUNNING, site("/index.php$args"), answer(404), target=LISTED)
    assert claim.severity is Severity.ERROR
    assert "/index.php?$args;" in str(claim.fix)


@pytest.mark.parametrize("path", ["/", "/customers"])
def test_fires_without_a_query_where_the_question_mark_is_missing(path: str) -> None:
    (claim,) = judge(
        CHECK, RUNNING, site("/index.php$args"), page(200), target=replace(SHOP, path=path)
    )
    assert claim.severity is None


def test_possible_where_it_may_be_a_folder() -> None:
    target = replace(SHOP, path="/blog/?page=2")
    (claim,) = judge(CHECK, RUNNING, site("/index.php"), answer(200), target=target)
    assert claim.confidence is Confidence.POSSIBLE


def test_silent_without_a_query() -> None:
    plain = replace(SHOP, path="/customers")
    assert not judge(CHECK, RUNNING, site("/index.php"), page(200), target=plain)


@pytest.mark.parametrize("last", ["/index.php?$args", "/index.html", "=404"])
def test_silent_where_it_arrives(last: str) -> None:
    assert not judge(CHECK, RUNNING, site(last), answer(200), LINKS, target=LISTED)


def redirecting(target: str) -> Any:
    plain = f"server {{\n    listen 80;\n    server_name shop.example.com;\n    {target}\n}}\n"
    return config(SITE + plain)


DROPS = "return 301 https://$host$uri;"


def test_fires_for_the_redirect_of_an_https_site_whose_page_has_queries() -> None:
    (claim,) = judge(CHECK, RUNNING, redirecting(DROPS), page(200), LINKS)
    assert (claim.facts["redirect"], claim.facts["plain"], claim.facts["linked"]) == (True,) * 3
    assert "return 301 https://$host$request_uri;" in str(claim.fix)


def test_fires_for_the_redirect_of_the_target_itself() -> None:
    plain = replace(LISTED, scheme="http", port=80)
    answered = replace(page(301), url="http://shop.example.com/customers?page=2", port=80)
    rule = "rewrite ^ https://$host$uri? permanent;"
    (claim,) = judge(CHECK, RUNNING, redirecting(rule), answered, target=plain)
    assert (claim.facts["own"], claim.facts["rewrite"]) == (True, True)
    assert "rewrite ^ https://$host$uri permanent;" in str(claim.fix)


@pytest.mark.parametrize(
    "rule",
    [
        "return 301 https://$host/;",
        "return 301 https://$host$request_uri;",
        "return 301 https://$host$uri$is_args$args;",
        "return 301 https://shop.example.com/landing;",
        "rewrite ^ https://$host$uri permanent;",
        "return 404;",
    ],
)
def test_silent_for_a_redirect_that_keeps_it_or_leads_to_a_page_of_its_own(rule: str) -> None:
    assert not judge(CHECK, RUNNING, redirecting(rule), answer(200), LINKS, target=LISTED)


def test_silent_for_a_redirect_of_a_site_without_queries() -> None:
    assert not judge(CHECK, RUNNING, redirecting(DROPS), page(200))


def test_silent_where_nothing_is_known() -> None:
    assert not judge(CHECK, answer(200), target=LISTED)
