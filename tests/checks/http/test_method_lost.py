"""http.method-lost: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability
from diagnose.model.http import Exchange
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_errors import page

CHECK = "http.method-lost"
HTTP = replace(SHOP, input="http://shop.example.com/login", scheme="http", port=80, path="/login")
REDIRECT = """\
server {
    listen 80;
    server_name shop.example.com;
    return 301 https://$host$request_uri;
}
"""


def moved(location: str, status: int = 301, method: str = "POST") -> Exchange:
    return replace(
        page(status), url="http://shop.example.com/login", port=80, method=method,
        headers=(("Location", location),),
    )  # fmt: skip


THERE = "https://shop.example.com/login"


def test_fires_and_keeps_the_method() -> None:
    (claim,) = judge(CHECK, moved(THERE), RUNNING, config(REDIRECT), target=HTTP, masked=False)
    assert claim.facts["kept"] == "308"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "return 308" in str(claim.fix.steps[0])


def test_fires_on_a_slash_by_hand() -> None:
    (claim,) = judge(CHECK, moved("/login/", 302), target=HTTP)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


@pytest.mark.parametrize(
    "response",
    [moved(THERE, 308), moved("/home"), moved(THERE, method="GET"), moved("/login", 303)],
)
def test_silent(response: Exchange) -> None:
    assert not judge(CHECK, response, target=HTTP)
