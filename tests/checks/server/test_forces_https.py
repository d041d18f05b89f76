"""server.forces-https: the application redirects to https whatever it is told."""

from dataclasses import replace

from diagnose.model import Claim, Observation
from diagnose.model.backends import BackendAnswer
from tests.support.check_evidence import SHOP, judge
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import APACHE, apache_config

CHECK = "server.forces-https"
LOOP = replace(ANSWER, status=301, headers=(("Location", SHOP.url),))
SECURE = BackendAnswer(
    target="http://127.0.0.1:3000/", path="/", host="shop.example.com", proto="https",
    status=301, location=SHOP.url,
)  # fmt: skip
PLAIN = replace(SECURE, proto="")


def claims(*observations: Observation) -> list[Claim]:
    return judge(CHECK, APACHE, apache_config(), *observations)


def test_fires_where_it_redirects_with_and_without_the_field() -> None:
    (claim,) = claims(LOOP, SECURE, PLAIN)
    assert claim.facts["application"] == "127.0.0.1:3000"


def test_silent_where_the_field_decides() -> None:
    assert not claims(LOOP, replace(SECURE, status=200, location=""), PLAIN)


def test_silent_where_it_was_not_told() -> None:
    assert not claims(LOOP, PLAIN)


def test_silent_where_it_redirects_elsewhere() -> None:
    assert not claims(LOOP, replace(SECURE, location="https://shop.example.com/a"), PLAIN)


def test_silent_where_a_cookie_is_awaited() -> None:
    cookie = replace(LOOP, headers=(*LOOP.headers, ("Set-Cookie", "a=b")))
    assert not claims(cookie, SECURE, PLAIN)
