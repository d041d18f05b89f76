"""server.apache-cookie-path: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Confidence, Edit
from diagnose.model.http import Exchange
from diagnose.model.symptom import Symptom, SymptomKind
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


def test_fires_for_a_cookie_of_the_page_itself() -> None:
    whole = BELOW.replace("/shop-dev/", "/", 1)
    (claim,) = judged(whole, "state=1; Path=/shop/forms/one.html", "/forms/one.html")
    diff = claim.fix.steps[0].diff if claim.fix else ""  # type: ignore[union-attr]
    assert diff.index("CookiePath /shop/ /\n") < diff.index("CookiePath /shop /\n")
    assert not judged(whole, "cart=1; Path=/shop/cart", "/forms/one.html")


def test_silent_at_a_path_that_is_not_changed() -> None:
    assert not judged(BELOW, "sid=1; Path=/shop", "/other/")


def told(lines: str, kind: SymptomKind, text: str, *values: str) -> list[Claim]:
    config = apache_config(HTTPS.replace(PASS, lines + PASS))
    target = replace(SHOP, path="/shop-dev/", symptom=Symptom(kind, text))
    headers = tuple(("Set-Cookie", value) for value in values)
    seen = replace(ANSWER, url="https://shop.example.com/shop-dev/", headers=headers)
    return judge(CHECK, APACHE, config, seen, target=target, masked=False)


@pytest.mark.parametrize(
    ("kind", "text", "confidence"),
    [
        ("cookie", "登录成功后又跳回登录页", Confidence.LIKELY),
        ("login", "nach dem Login komme ich wieder zum Login", Confidence.LIKELY),
        ("login", "cannot log in", Confidence.POSSIBLE),
    ],
)
def test_fires_by_words_where_only_a_login_sets_the_cookie(
    kind: SymptomKind, text: str, confidence: Confidence
) -> None:
    (claim,) = told(BELOW, kind, text)
    assert claim.confidence is confidence
    edit = claim.fix.steps[0] if claim.fix else None
    assert isinstance(edit, Edit)
    assert "+    ProxyPassReverseCookiePath /shop /shop-dev\n" in edit.diff


def test_silent_by_words_where_the_path_is_translated_or_fits() -> None:
    line = f"{BELOW}    ProxyPassReverseCookiePath /shop /shop-dev\n"
    assert not told(line, "cookie", "the login is lost")
    assert not told(BELOW, "cookie", "the login is lost", "sid=1; Path=/")
    assert not told(BELOW.replace("8080/shop/", "8080/"), "cookie", "the login is lost")
    assert not told(BELOW, "slow", "the login is slow")
