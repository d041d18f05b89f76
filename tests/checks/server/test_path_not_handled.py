from dataclasses import replace
from typing import Any

from diagnose.model import Severity
from tests.support.caddy_evidence import CADDY, caddy_config, document
from tests.support.check_evidence import SHOP, judge
from tests.support.report_builder import ANSWER

CHECK = "server.path-not-handled"
SITE = "shop.example.com {\n\treverse_proxy /api 127.0.0.1:3000\n}\n"
USERS = replace(SHOP, path="/api/users")
EMPTY = replace(ANSWER, url="https://shop.example.com/api/users", status=200, body="")


def limited(path: str) -> object:
    """The site with a matcher for this path."""
    made: Any = document("shop.example.com")
    route = made["apps"]["http"]["servers"]["srv0"]["routes"][0]
    route["handle"][0]["routes"][0]["match"] = [{"path": [path]}]
    return made


def test_fires_for_a_matcher_that_is_one_path_alone() -> None:
    config = caddy_config(SITE, limited("/api"))
    (claim,) = judge(CHECK, CADDY, config, EMPTY, target=USERS)
    assert claim.severity is None
    assert claim.facts["wider"] == "/api*"
    assert claim.facts["place"] == "/etc/caddy/Caddyfile:2"


def test_fires_as_a_note_for_the_root_of_a_site_without_a_page() -> None:
    (claim,) = judge(CHECK, CADDY, caddy_config(SITE, limited("/api/*")), ANSWER)
    assert claim.severity is Severity.NOTE


def test_silent_when_a_route_takes_the_path_or_a_page_came() -> None:
    assert not judge(CHECK, CADDY, caddy_config(SITE, limited("/api*")), EMPTY, target=USERS)
    page = replace(EMPTY, body="users")
    assert not judge(CHECK, CADDY, caddy_config(SITE, limited("/api")), page, target=USERS)
