"""http.cookies-not-sent: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Confidence
from diagnose.model.other_requests import CookielessCall
from diagnose.parsers.symptoms import symptom_of
from tests.support.check_evidence import SHOP, judge
from tests.support.page_evidence import loads

CHECK = "http.cookies-not-sent"
CALL = CookielessCall(
    url="https://shop.example.com:3443/login?phone=1",
    script="https://shop.example.com/js/app.js",
    origin="https://shop.example.com",
    status=200,
    cookies=("USER",),
)
TOLD = replace(
    SHOP, symptom=symptom_of("登录成功了，后面需要登录的接口都报需要登录，没有设置cookie")
)


def test_fires_as_likely_where_a_cookie_is_set() -> None:
    (claim,) = judge(CHECK, CALL, loads(), target=TOLD)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["cookie"] == "USER"
    assert claim.facts["api"] == "https://shop.example.com:3443"
    assert claim.facts["url"] == "https://shop.example.com:3443/login"
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_once_by_the_answer_that_sets_one() -> None:
    preflight = replace(CALL, method="OPTIONS", cookies=())
    (claim,) = judge(CHECK, preflight, CALL, loads(), target=TOLD)
    assert claim.facts["cookie"] == "USER"


@pytest.mark.parametrize("cookies", [(), ("AWSALB", "__cf_bm"), ("SERVERID",)])
def test_fires_as_possible_where_no_cookie_of_a_login_is_seen(cookies: tuple[str, ...]) -> None:
    (claim,) = judge(CHECK, replace(CALL, cookies=cookies), loads(), target=TOLD)
    assert claim.confidence is Confidence.POSSIBLE


def test_fires_where_the_words_are_about_another_origin_and_a_session() -> None:
    for words in ("跨域后 session 每次都不一样", "401 Unauthorized after the login"):
        assert judge(CHECK, CALL, loads(), target=replace(SHOP, symptom=symptom_of(words)))


@pytest.mark.parametrize(
    "words", ["", "blocked by CORS policy", "502 Bad Gateway", "the site is slow"]
)
def test_silent_without_a_word_about_a_login(words: str) -> None:
    target = replace(SHOP, symptom=symptom_of(words)) if words else SHOP
    assert not judge(CHECK, CALL, loads(), target=target)


def test_silent_without_such_a_call() -> None:
    assert not judge(CHECK, loads(), target=TOLD)
