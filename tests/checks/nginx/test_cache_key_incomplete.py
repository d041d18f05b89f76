"""nginx.cache-key-incomplete: when it fires, and when it is silent."""

from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Applicability, Claim, Confidence, Severity, commands
from tests.support import check_evidence
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.page_errors import page
from tests.support.page_evidence import loads

CHECK = "nginx.cache-key-incomplete"
CACHE = "proxy_cache x; proxy_cache_valid 200 1h;"


def judge(*observations: Any) -> list[Claim]:
    """A masked configuration has no variables to compare."""
    return check_evidence.judge(CHECK, RUNNING, *observations, masked=False)


def site(lines: str) -> Any:
    return config(SITE.replace("proxy_set_header", f"{lines}\n        proxy_set_header"))


def php(lines: str) -> Any:
    passing = f"        fastcgi_pass 127.0.0.1:9000;\n        {lines}\n"
    return config(SITE.replace("        proxy_pass http://127.0.0.1:3000;\n", passing))


def test_fires_for_a_key_without_the_path() -> None:
    (claim,) = judge(site(f"{CACHE} proxy_cache_key $scheme$host;"), page(200))
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["path"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL, "its folder is not known"
    assert '"$scheme$host$request_uri"' in str(claim.fix.steps[0])


def test_empties_the_cache_whose_folder_is_known() -> None:
    path = "proxy_cache_path /var/cache/x keys_zone=x:1m;\n"
    text = SITE.replace("proxy_set_header", f"{CACHE} proxy_cache_key $host;\n proxy_set_header")
    (claim,) = judge(config(path + text), page(200))
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert claim.fix.steps[-1] == commands.empty_cache("/var/cache/x")


def test_fires_for_fastcgi_without_a_key() -> None:
    (claim,) = judge(php("fastcgi_cache f; fastcgi_cache_valid 1h;"), page(200))
    assert claim.facts["all"]
    assert "fastcgi_cache_key" in str(claim.fix)


def test_fires_for_parts_of_files_under_one_key() -> None:
    (claim,) = judge(site(f"{CACHE} slice 1m;"), page(200))
    assert claim.facts["slice"]
    assert "$slice_range" in str(claim.fix)


def test_fires_for_answers_to_post() -> None:
    kept = site(f"{CACHE} proxy_cache_methods GET POST;")
    (claim,) = judge(kept, page(200))
    assert claim.facts["body"]
    assert "proxy_cache_methods GET HEAD;" in str(claim.fix)


def test_fires_for_empty_answers_to_head() -> None:
    (claim,) = judge(
        php("fastcgi_cache f; fastcgi_cache_valid 1h; fastcgi_cache_key $request_uri;"), page(200)
    )
    assert claim.facts["head"]
    assert '"$request_method$request_uri"' in str(claim.fix)


def test_fires_for_a_query_to_which_the_page_links() -> None:
    text = site(f"{CACHE} proxy_cache_key $scheme$host$uri;")
    linked = replace(loads(), queries=("https://shop.example.com/list",))
    (claim,) = judge(text, page(200), linked)
    assert claim.facts["query"]
    assert "$uri$is_args$args" in str(claim.fix)
    assert claim.severity is Severity.WARNING


def test_silent_where_no_page_has_a_query() -> None:
    text = site(f"{CACHE} proxy_cache_key $scheme$host$uri;")
    assert not judge(text, page(200), loads())


@pytest.mark.parametrize(
    "lines",
    [
        CACHE,
        f"{CACHE} proxy_cache_key $host$request_uri$cookie_lang;",
        "proxy_cache x; proxy_cache_key $host;",
        "proxy_cache off; proxy_cache_valid 1h; proxy_cache_key $host;",
    ],
)
def test_silent_for_a_whole_key_and_for_no_cache(lines: str) -> None:
    assert not judge(site(lines), page(200))


def test_silent_without_a_page() -> None:
    assert not judge(site(f"{CACHE} proxy_cache_key $host;"))
