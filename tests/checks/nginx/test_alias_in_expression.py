"""nginx.alias-in-expression: when it fires, and when it is silent."""

from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Applicability, Claim, Confidence, Edit
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.page_errors import page
from tests.support.page_evidence import answered, loads, script

CHECK = "nginx.alias-in-expression"
FILE = script("/img/app.js")


def judged(location: str, *observations: Any, path: str = "/img/logo.png") -> list[Claim]:
    text = SITE.replace("    location /", f"    {location}\n    location /")
    return judge(CHECK, RUNNING, config(text), *observations, target=replace(SHOP, path=path))


def refused(status: int = 403) -> Any:
    return replace(page(status), url="https://shop.example.com/img/logo.png")


def _diff(claim: Claim) -> str:
    step = claim.fix.steps[0] if claim.fix else None
    assert isinstance(step, Edit)
    return step.diff


@pytest.mark.parametrize("status", [403, 404])
def test_fires_for_the_page(status: int) -> None:
    (claim,) = judged("location ~ ^/img/ { alias /srv/images/; }", refused(status))
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["prefix"] == "location ^~ /img/ { alias /srv/images/; }"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "+    location ^~ /img/ { alias /srv/images/; }\n" in _diff(claim)


@pytest.mark.parametrize(
    "location",
    [
        "location ~ ^/img/.*\\.png$ { alias /srv/images/; }",
        "location ~ ^/img/(.*)$ { add_header X $1; alias /srv/images/; }",
        "location ~ \\.png$ { alias /srv/images/; }",
        "location ^~ /img/ { return 404; } location ~ ^/img/ { alias /srv/images/; }",
    ],
    ids=["endings", "a capture that is used", "no prefix", "a prefix that is there"],
)
def test_the_expression_that_means_more_is_not_edited(location: str) -> None:
    for claim in judged(location, refused()):
        assert claim.fix
        assert claim.fix.applicability is Applicability.MANUAL


def test_fires_where_nginx_adds_a_slash() -> None:
    url = "https://shop.example.com/img/logo.png"
    led = replace(page(301), url=url, headers=(("Location", f"{url}/"),))
    refused_folder = replace(page(403), url=f"{url}/", purpose="redirect", redirected_from=url)
    assert judged("location ~ ^/img/ { alias /srv/images/; }", led, refused_folder)


def test_fires_for_a_file_of_the_page() -> None:
    location = "location ~* \\.js$ { alias /srv/images/; }"
    (claim,) = judged(location, page(200), loads(FILE), answered(FILE, 404), path="/")
    assert claim.about.path == "/img/app.js"


@pytest.mark.parametrize(
    "location",
    [
        "location ~ ^/img/(.*)$ { alias /srv/images/$1; }",
        "location /img/ { alias /srv/images/; }",
        "location ~ ^/img/ { root /srv; }",
        "location ~ ^/other/ { alias /srv/images/; }",
    ],
)
def test_silent_for_other_locations(location: str) -> None:
    assert not judged(location, refused())


def test_silent_where_one_file_is_meant() -> None:
    assert not judged("location ~ ^/img/ { alias /srv/logo.png; }", refused(200))
