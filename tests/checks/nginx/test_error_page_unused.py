"""nginx.error-page-unused: when it fires, and when it is silent."""

from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Applicability, Confidence, Target
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_errors import page

CHECK = "nginx.error-page-unused"
NGINX_PAGE = "<html><body><center><h1>403 Forbidden</h1></center><hr><center>nginx/1.26.3</center>"
PASS = " location / {\n  proxy_pass http://127.0.0.1:3000;\n }\n"
FILES = " root /srv/web;\n location / { try_files $uri =404; }\n"
WORDS = "our custom 404 page is not shown"


def site(lines: str) -> tuple[Any, ...]:
    text = f"server {{\n listen 443 ssl;\n server_name shop.example.com;\n{lines}}}\n"
    return RUNNING, config(text)


def told(words: str = WORDS) -> Target:
    return replace(SHOP, symptom=Symptom("status", words))


def redirected(location: str) -> Any:
    return replace(page(302), headers=(("Location", location),))


def diff(claim: Any) -> str:
    (edit,) = claim.fix.edits
    return str(edit.diff)


@pytest.mark.parametrize("written", ["404.html", "./404.html"])
def test_fires_on_a_path_without_a_slash(written: str) -> None:
    lines = f" error_page 404 {written};\n{FILES}"
    (claim,) = judge(CHECK, *site(lines), redirected(written))
    assert claim.confidence is Confidence.CERTAIN
    assert "+ error_page 404 /404.html;" in diff(claim)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW


def test_silent_on_a_redirect_of_the_application() -> None:
    lines = f" error_page 404 404.html;\n{PASS}"
    assert not judge(CHECK, *site(lines), redirected("login.html"))


def test_silent_on_a_redirect_to_another_site() -> None:
    lines = f" error_page 404 https://www.example.com/;\n{FILES}"
    assert not judge(CHECK, *site(lines), redirected("https://www.example.com/"))


@pytest.mark.parametrize(
    "words",
    [
     WORDS, "error_page does not work", "nginx 自定义404页面不生效",
     "Meine Fehlerseite kommt nicht", "the default 404 page is shown instead of mine",
     "403 and 404 pages are not working"],
)  # fmt: skip
def test_fires_on_an_answer_of_the_application(words: str) -> None:
    lines = f" error_page 404 /404.html;\n{PASS}"
    (claim,) = judge(CHECK, *site(lines), page(404, "not here"), target=told(words))
    assert claim.facts["passed"] is True
    assert "+  proxy_intercept_errors on;" in diff(claim)
    assert claim.confidence is Confidence.CERTAIN


def test_fires_by_the_configuration_where_the_page_opens() -> None:
    lines = f" error_page 404 /404.html;\n{PASS}"
    (claim,) = judge(CHECK, *site(lines), page(200, "<h1>Shop</h1>"), target=told())
    assert claim.confidence is Confidence.LIKELY


def test_fires_on_php() -> None:
    lines = " error_page 404 /404.html;\n location / {\n  fastcgi_pass 127.0.0.1:9000;\n }\n"
    (claim,) = judge(CHECK, *site(lines), page(404, "File not found."), target=told())
    assert "+  fastcgi_intercept_errors on;" in diff(claim)


def test_silent_without_such_a_message() -> None:
    lines = f" error_page 404 /404.html;\n{PASS}"
    assert not judge(CHECK, *site(lines), page(404, "not here"))
    assert not judge(
        CHECK, *site(lines), page(404, "not here"), target=told("404 Not Found at /cart")
    )


@pytest.mark.parametrize(
    "words",
    [
        "My wordpress posts show a 404 page",
        "all pages answer 404 page not found",
        "nginx outputs its default 404 page instead of the page",
        "the 502 error page is not helpful",
        "Ich bekomme eine Fehlerseite",
        "エラーページが表示される",
        "j'ai une page d'erreur 500",
        "una página de erro 404",
        "страница ошибки 502",
        "my config: error_page 404 /404.html; location / { proxy_pass http://app; }",
    ],
)
def test_silent_where_somebody_only_sees_an_error_page(words: str) -> None:
    lines = f" error_page 404 /404.html;\n{PASS}"
    assert not judge(CHECK, *site(lines), page(404, "not here"), target=told(words))


def test_silent_where_the_errors_are_intercepted() -> None:
    lines = f" error_page 404 /404.html;\n proxy_intercept_errors on;\n{PASS}"
    assert not judge(CHECK, *site(lines), page(404, "our page"), target=told())


def test_silent_about_a_page_for_an_application_that_is_down() -> None:
    lines = f" error_page 500 502 503 504 /50x.html;\n{PASS}"
    assert not judge(CHECK, *site(lines), page(404, "not here"), target=told())
    lines = f" error_page 502 503 504 /50x.html;\n{PASS}"
    assert not judge(CHECK, *site(lines), page(200, "shop"), target=told())


def test_fires_on_a_page_behind_the_password() -> None:
    """After issue 2 of nginx-errors: "if auth_basic is enabled, the default 401 error page"."""
    lines = (
        " auth_basic members;\n auth_basic_user_file /etc/nginx/users;\n"
        " error_page 401 /errors/401.html;\n"
        f" location ^~ /errors/ {{\n  internal;\n }}\n{FILES}"
    )
    (claim,) = judge(
        CHECK, *site(lines), page(401, NGINX_PAGE), target=told("the default 401 error page comes")
    )
    assert claim.facts["closed"] is True
    assert "+  auth_basic off;" in diff(claim)
    assert "location =" not in diff(claim)


def test_fires_and_gives_the_page_a_location_where_it_has_none() -> None:
    lines = f" deny 192.0.2.7;\n deny all;\n error_page 403 /403.html;\n{FILES}"
    (claim,) = judge(
        CHECK, *site(lines), page(403, NGINX_PAGE), target=told("custom 403 page not shown")
    )
    text = diff(claim)
    assert "+ location = /403.html {" in text
    assert "allow all;" in text
    assert "internal;" in text


def test_fires_and_leaves_a_location_that_is_closed_itself_to_a_person() -> None:
    lines = f" error_page 403 /403.html;\n location = /403.html {{\n  deny all;\n }}\n{FILES}"
    (claim,) = judge(
        CHECK, *site(lines), page(403, NGINX_PAGE), target=told("custom 403 page not shown")
    )
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_silent_on_a_page_that_is_open() -> None:
    lines = (
        " auth_basic members;\n auth_basic_user_file /etc/nginx/users;\n"
        " error_page 401 /401.html;\n"
        f" location = /401.html {{\n  auth_basic off;\n }}\n{FILES}"
    )
    assert not judge(
        CHECK, *site(lines), page(401, NGINX_PAGE), target=told("custom 401 page not shown")
    )
