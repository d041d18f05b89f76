"""nginx.cached-error: when it fires, and when it is silent."""

from dataclasses import replace
from typing import Any

from diagnose.model import Confidence, Vantage
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


def test_silent_where_errors_are_not_stored_or_the_application_still_fails() -> None:
    rule = "proxy_cache_valid any 1h;"
    assert not claims("proxy_cache_valid 200 1h;", 500, WELL)
    assert not claims(rule, 500, replace(WELL, status=500))
    assert not claims(rule, 500)
    assert not claims(rule, 200, WELL)
    assert not claims(rule, 500, WELL, zone="off")
