"""server.apache-cookie-path: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim
from diagnose.model.http import Exchange
from tests.support.check_evidence import SHOP, judge
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "server.apache-cookie-path"
PASS = "    ProxyPass / http://127.0.0.1:3000/\n"
BELOW = "    ProxyPass /shop-dev/ http://127.0.0.1:8080/shop/\n"


def page(cookie: str, path: str = "/shop-dev/") -> Exchange:
    url = f"https://shop.example.com{path}"
    return replace(ANSWER, url=url, headers=(("Set-Cookie", cookie),))


def judged(lines: str, cookie: str, path: str = "/shop-dev/") -> list[Claim]:
    assert PASS in HTTPS
    config = apache_config(HTTPS.replace(PASS, lines + PASS))
    target = replace(SHOP, path=path)
    return judge(CHECK, APACHE, config, page(cookie, path), target=target, masked=False)


def test_fires_and_translates_the_path() -> None:
    (claim,) = judged(BELOW, "JSESSIONID=1; Path=/shop; HttpOnly")
    assert (claim.facts["cookie"], claim.facts["path"]) == ("JSESSIONID", "/shop")
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "+    ProxyPassReverseCookiePath /shop /shop-dev\n" in str(claim.fix.steps[0].diff)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("lines", "cookie"),
    [
        (BELOW, "sid=1; Path=/"),
        (BELOW, "sid=1; Path=/shop-dev"),
        (BELOW, "sid=1; Path=/elsewhere"),
        (BELOW, "sid=1"),
        (BELOW.replace("8080/shop/", "8080/"), "sid=1; Path=/shop"),
        (BELOW.replace("8080/shop/", "8080/shop-dev/"), "sid=1; Path=/shop"),
    ],
)
def test_silent(lines: str, cookie: str) -> None:
    assert not judged(lines, cookie)


def test_silent_at_a_path_that_is_not_changed() -> None:
    assert not judged(BELOW, "sid=1; Path=/shop", "/other/")
