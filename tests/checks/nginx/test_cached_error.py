"""nginx.cached-error: when it fires, and when it is silent."""

from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Applicability, Confidence, Vantage, commands
from diagnose.model.nginx import UpstreamTry
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import FILE, RUNNING, config
from tests.support.page_errors import page

CHECK = "nginx.cached-error"
WELL = UpstreamTry(
    vantage=Vantage.SERVER, target="http://127.0.0.1:3000", host="127.0.0.1", port=3000,
    address="127.0.0.1", file=FILE, asked=True, status=200,
)  # fmt: skip


def claims(rule: str, status: int, *direct: UpstreamTry, zone: str = "shop") -> list[Any]:
    text = (
        "proxy_cache_path /var/cache/shop keys_zone=shop:1m;\n"
        "server {\n listen 443 ssl;\n server_name shop.example.com;\n location / {\n"
        f"  proxy_pass http://127.0.0.1:3000;\n  proxy_cache {zone};\n  {rule}\n }}\n}}\n"
    )
    return judge(CHECK, RUNNING, config(text), page(status), *direct)


def test_fires_on_an_error_that_the_application_has_no_more() -> None:
    (claim,) = claims("proxy_cache_valid any 1h;", 500, WELL)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["folder"] == "/var/cache/shop"
    assert "+  proxy_cache_valid 200 301 302 1h;" in str(claim.fix)
    assert claim.fix.applicability is Applicability.REVIEW
    assert claim.fix.steps[-1] == commands.empty_cache("/var/cache/shop")


@pytest.mark.parametrize(
    ("rules", "line"),
    [
        ("proxy_cache_valid 200 10m;\n  proxy_cache_valid any 1m;", ""),
        ("proxy_cache_valid 10m;\n  proxy_cache_valid any 1m;", ""),
        ("proxy_cache_valid 200 404 500 10m;", "proxy_cache_valid 200 10m;"),
        ("proxy_cache_valid 404 500 10m;", ""),
    ],
)
def test_keeps_what_else_is_kept(rules: str, line: str) -> None:
    (claim,) = claims(rules, 500, WELL)
    added = [text.strip("+ ") for text in str(claim.fix.steps[0].diff).split("\n")[3:]
             if text.startswith("+")]  # fmt: skip
    assert added == ([line] if line else [])


def test_a_folder_that_is_not_known_stays_with_a_person() -> None:
    (claim,) = claims("proxy_cache_valid any 1h;", 500, WELL, zone="other")
    assert claim.fix.applicability is Applicability.MANUAL


def test_silent_where_errors_are_not_stored_or_the_application_still_fails() -> None:
    rule = "proxy_cache_valid any 1h;"
    assert not claims("proxy_cache_valid 200 1h;", 500, WELL)
    assert not claims(rule, 500, replace(WELL, status=500))
    assert not claims(rule, 500)
    assert not claims(rule, 200, WELL)
    assert not claims(rule, 500, WELL, zone="off")
