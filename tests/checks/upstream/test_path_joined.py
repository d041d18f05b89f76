"""upstream.path-joined: when it fires, and when it is silent."""

from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Applicability, Confidence
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.page_errors import page
from tests.support.page_evidence import answered, loads, script
from tests.support.upstream_evidence import compared

CHECK = "upstream.path-joined"
USERS = replace(SHOP, path="/api/users")
FILE = script("/assets/index.js")
HTML = "text/html"


def site(location: str, target: str) -> Any:
    text = SITE.replace("location / ", f"location {location} ")
    return config(text.replace("http://127.0.0.1:3000", target))


def not_found(path: str = "/api/users") -> Any:
    return replace(page(404), url=f"https://shop.example.com{path}")


def test_fires_on_a_path_without_its_last_slash() -> None:
    observations = (RUNNING, site("/api/", "http://127.0.0.1:3000/v1"), not_found())
    (claim,) = judge(CHECK, *observations, target=USERS)
    assert (claim.facts["asked"], claim.facts["meant"]) == ("/v1users", "/v1/users")
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "+        proxy_pass http://127.0.0.1:3000/v1/;" in str(claim.fix.steps[0]).replace(
        "\\n", "\n"
    )


@pytest.mark.parametrize("response", [answered(FILE, 404), answered(FILE, 200, HTML, is_html=True)])
def test_fires_on_the_files_of_a_page_that_proxy_pass_names(response: Any) -> None:
    whole = site("/", "http://127.0.0.1:3001/status/all")
    (claim,) = judge(CHECK, RUNNING, whole, page(200), loads(FILE), response)
    assert claim.facts["asked"] == "/status/allassets/index.js"
    assert claim.facts["whole"] is True
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("/api/", "http://127.0.0.1:3000/v1/"),
        ("/api/", "http://127.0.0.1:3000"),
        ("/api", "http://127.0.0.1:3000/v1"),
        ("/api/", "http://127.0.0.1:3000/show?name="),
        ("/api/", "http://127.0.0.1:3000/item-"),
    ],
)
def test_silent_where_nothing_grows_together(location: str, target: str) -> None:
    assert not judge(CHECK, RUNNING, site(location, target), not_found(), target=USERS)


def test_silent_where_the_page_and_its_files_come() -> None:
    whole = site("/", "http://127.0.0.1:3001/status/all")
    assert not judge(CHECK, RUNNING, whole, page(200), loads(FILE), answered(FILE))
    assert not judge(
        CHECK, RUNNING, site("/api/", "http://127.0.0.1:3000/v1"), page(200), target=USERS
    )


def test_silent_about_files_of_other_hosts() -> None:
    whole = site("/", "http://127.0.0.1:3001/status/all")
    away = script("https://cdn.example.net/a.js")
    assert not judge(CHECK, RUNNING, whole, page(200), loads(away), answered(away, 404))


@pytest.mark.parametrize(("value", "fires"), [("/v1/users", True), ("/api/users", False)])
def test_the_application_itself_says_which_path_it_has(value: str, fires: bool) -> None:
    as_nginx = compared(404, path="/api/users")
    other = compared(200, "path", change="replaced", value=value, path="/api/users")
    controls = (replace(as_nginx, is_control=True), replace(other, is_control=True))
    observations = (
        RUNNING,
        site("/api/", "http://127.0.0.1:3000/v1"),
        not_found(),
        as_nginx,
        other,
    )
    claims = judge(CHECK, *observations, *controls, target=USERS)
    assert [claim.confidence for claim in claims] == [Confidence.CERTAIN] * fires
