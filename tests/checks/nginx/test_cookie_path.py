"""nginx.cookie-path: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Confidence, Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_errors import page

CHECK = "nginx.cookie-path"
PASS = "location /shop-dev/ {\n proxy_pass http://127.0.0.1:8080/shop/;\n}"


def judged(lines: str, cookie: str, path: str = "/shop-dev/") -> list[Claim]:
    text = f"server {{\n listen 443 ssl;\n server_name shop.example.com;\n {lines}\n}}\n"
    response = replace(
        page(200), url=f"https://shop.example.com{path}", headers=(("Set-Cookie", cookie),)
    )
    target = replace(SHOP, path=path)
    return judge(CHECK, RUNNING, config(text), response, target=target, masked=False)


def test_fires_and_translates_the_path() -> None:
    (claim,) = judged(PASS, "JSESSIONID=1; Path=/shop; HttpOnly")
    assert (claim.facts["cookie"], claim.facts["path"]) == ("JSESSIONID", "/shop")
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "proxy_cookie_path /shop /shop-dev;" in str(claim.fix.steps[0])


def test_fires_where_the_site_has_no_prefix() -> None:
    whole = PASS.replace("location /shop-dev/", "location /")
    (claim,) = judged(whole, "sid=1; path=/shop/", "/")
    added = str(claim.fix and claim.fix.steps[0])
    assert added.index("proxy_cookie_path /shop/ /;") < added.index("proxy_cookie_path /shop /;")


def test_fires_for_a_cookie_of_the_page_itself() -> None:
    """Hippo: a form keeps its state in a cookie for its own path, as the application knows it."""
    whole = PASS.replace("location /shop-dev/", "location /")
    for own_path in ("/shop/forms/one.html", "/shop/forms", "/shop/forms/"):
        (claim,) = judged(whole, f"state=1; Path={own_path}", "/forms/one.html")
        assert claim.facts["path"] == own_path
    assert judged(PASS, "state=1; Path=/shop/a/", "/shop-dev/a/b")
    for own_path in ("/shop/cart", "/forms", "/shop/forms/one.html/x", "/other/forms/one.html"):
        assert not judged(whole, f"state=1; Path={own_path}", "/forms/one.html")


@pytest.mark.parametrize(
    ("lines", "cookie"),
    [
        (PASS, "sid=1; Path=/"),
        (PASS, "sid=1; Path=/shop-dev"),
        (PASS, "sid=1; Path=/elsewhere"),
        (PASS, "sid=1"),
        (
            PASS.replace("/shop/;", "/shop/;\n proxy_cookie_path /shop /shop-dev;"),
            "a=1; Path=/shop",
        ),
        (PASS.replace("8080/shop/", "8080/"), "sid=1; Path=/shop"),
        (PASS.replace("8080/shop/", "8080"), "sid=1; Path=/shop"),
    ],
)
def test_silent(lines: str, cookie: str) -> None:
    assert not judged(lines, cookie)


def test_fires_where_the_session_begins_at_the_login() -> None:
    """Tomcat: the page redirects, and the page of the login sets JSESSIONID."""
    text = f"server {{\n listen 443 ssl;\n server_name shop.example.com;\n {PASS}\n}}\n"
    target = replace(SHOP, path="/shop-dev/")
    url, cookie = "https://shop.example.com/shop-dev/", "JSESSIONID=1; Path=/shop"
    first = replace(page(302), url=url)
    login = replace(
        page(200), url=f"{url}login", purpose="redirect", headers=(("Set-Cookie", cookie),)
    )
    (claim,) = judge(CHECK, RUNNING, config(text), first, login, target=target, masked=False)
    assert claim.facts["url"] == f"{url}login"
    elsewhere = replace(login, url="https://shop.example.com/login")
    assert not judge(
        CHECK, RUNNING, config(text), first, elsewhere, target=target, masked=False
    )  # fmt: skip


TOLD = "the refresh is rejected because of the wrong path in the cookie"
ROOT = "location /okapi/ {\n proxy_pass http://127.0.0.1:9131/;\n}"


def told(text: str, lines: str = ROOT, **response: object) -> list[Claim]:
    site = f"server {{\n listen 443 ssl;\n server_name shop.example.com;\n {lines}\n}}\n"
    answer = replace(page(404), url="https://shop.example.com/okapi/login", **response)  # type: ignore[arg-type]
    target = replace(SHOP, path="/okapi/login", symptom=Symptom("cookie", text))
    return judge(CHECK, RUNNING, config(site), answer, target=target, masked=False)


def test_fires_by_words_where_the_location_takes_its_path_away() -> None:
    for text in (TOLD, "Set-Cookie: a=1; Path=/authn is not sent back", "cookie 的路径不对"):
        (claim,) = told(text)
        assert claim.confidence is Confidence.LIKELY
        assert "proxy_cookie_path / /okapi/;" in str(claim.fix and claim.fix.steps[0])


def test_silent_by_words_where_the_path_fits_or_is_changed() -> None:
    assert not told("the cookie is not kept")
    assert not told("Set-Cookie: a=1; Path=/okapi/authn is blocked")
    assert not told("Set-Cookie: a=1; Path=/ is blocked")
    assert not told(TOLD, ROOT.replace("9131/;", "9131/;\n proxy_cookie_path / /okapi/;"))
    assert not told(TOLD, ROOT.replace("9131/", "9131"))
    assert not told(TOLD, headers=(("Set-Cookie", "a=1; Path=/"),))


OTHER = ROOT.replace("9131/", "9131/app/")


def test_fires_by_words_of_a_login_that_does_not_hold_and_another_path() -> None:
    (claim,) = told("after the login I am on the login page again", OTHER)
    assert claim.confidence is Confidence.LIKELY
    assert "proxy_cookie_path /app /okapi;" in str(claim.fix and claim.fix.steps[0])
    # The first page's cookie is of another path than the session's, which no run sees.
    assert told("the session is lost", OTHER, headers=(("Set-Cookie", "a=1; Path=/other"),))
    assert not told("the session is lost", OTHER, headers=(("Set-Cookie", "a=1; Path=/"),))
    assert not told("the session is lost")
