"""nginx.private-page-cached: when it fires, and when it is silent."""

from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Applicability, Confidence, Edit, Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.page_errors import page

CHECK = "nginx.private-page-cached"
NOT_KEPT = ("Cache-Control", "no-store, no-cache, must-revalidate")
PHP = (NOT_KEPT, ("Expires", "Thu, 19 Nov 1981 08:52:00 GMT"))
CACHE = "proxy_cache pages; proxy_cache_valid 5m;"
IGNORED = f"{CACHE} proxy_ignore_headers Cache-Control Expires;"


def site(lines: str) -> Any:
    path = "proxy_cache_path /var/cache/nginx/p keys_zone=pages:1m;\n"
    return config(path + SITE.replace("proxy_set_header", f"{lines}\nproxy_set_header", 1))


def answer(*headers: tuple[str, str]) -> Any:
    return replace(page(200), headers=headers)


def test_fires_for_a_page_of_a_php_session() -> None:
    (claim,) = judge(CHECK, RUNNING, site(IGNORED), answer(*PHP), masked=False)
    assert claim.confidence is Confidence.LIKELY
    assert (claim.facts["zone"], claim.facts["folder"]) == ("pages", "/var/cache/nginx/p")
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    diff = claim.fix.steps[0]
    assert isinstance(diff, Edit)
    (removed,) = (line for line in diff.diff.splitlines()[2:] if line.startswith("-"))
    added = [line[1:].strip() for line in diff.diff.splitlines()[2:] if line.startswith("+")]
    assert "proxy_ignore_headers" in removed
    assert not any("proxy_ignore_headers" in line for line in added)
    assert any("proxy_cache_valid 5m;" in line for line in added)
    assert "proxy_no_cache $http_cookie $http_authorization;" in added
    assert "proxy_cache_bypass $http_cookie $http_authorization;" in added


@pytest.mark.parametrize(
    "headers",
    [
        (("Cache-Control", "private, max-age=0"),),
        (NOT_KEPT, ("Set-Cookie", "sessionid=; Path=/")),
    ],
)
def test_fires_for_other_signs_of_a_session(headers: tuple[tuple[str, str], ...]) -> None:
    lines = f"{IGNORED} proxy_cache_key $scheme$host$request_uri; proxy_cache_bypass $arg_nocache;"
    assert judge(CHECK, RUNNING, site(lines), answer(*headers), masked=False)


def test_fires_where_visitors_with_a_session_fill_the_cache() -> None:
    lines = f"{IGNORED} proxy_cache_bypass $cookie_sid;"
    (claim,) = judge(CHECK, RUNNING, site(lines), answer(*PHP), masked=False)
    assert claim.facts["bypass"] == "proxy_cache_bypass $cookie_sid"


def test_fires_after_a_message() -> None:
    told = replace(SHOP, symptom=Symptom("cached", "I see the account of another user"))
    assert judge(CHECK, RUNNING, site(IGNORED), answer(NOT_KEPT), target=told, masked=False)
    assert not judge(CHECK, RUNNING, site(IGNORED), answer(NOT_KEPT), masked=False)


@pytest.mark.parametrize(
    "lines",
    [
        CACHE,
        f"{CACHE} proxy_ignore_headers Expires;",
        f"{CACHE} proxy_ignore_headers Cache-Control;",  # Expires is heeded
        "proxy_cache pages; proxy_ignore_headers Cache-Control Expires;",
        IGNORED.replace("proxy_cache pages", "proxy_cache off"),
        f"{IGNORED} proxy_no_cache $cookie_sid; proxy_cache_bypass $cookie_sid;",
        f"{IGNORED} proxy_no_cache $skip_cache;",
        f'{IGNORED} proxy_cache_key "$host$request_uri $cookie_user";',
    ],
)
def test_silent_where_the_page_is_not_kept_for_others(lines: str) -> None:
    assert not judge(CHECK, RUNNING, site(lines), answer(*PHP), masked=False)


@pytest.mark.parametrize(
    "headers",
    [
        (),
        (("Cache-Control", "no-cache"), ("Set-Cookie", "sessionid=1")),
        (("Cache-Control", "public, max-age=60"),),
        (NOT_KEPT, ("Set-Cookie", "lang=en")),
    ],
)
def test_silent_for_pages_of_everybody(headers: tuple[tuple[str, str], ...]) -> None:
    assert not judge(CHECK, RUNNING, site(IGNORED), answer(*headers), masked=False)


LOGIN = '<!doctype html><form method=post><input type="password" name="p"></form>'
VALID = IGNORED.replace("proxy_cache_valid 5m", "proxy_cache_valid 200 302 5m")


def test_fires_for_a_redirect_to_the_login_and_for_its_page() -> None:
    moved = replace(answer(NOT_KEPT, ("Location", "/console/login?next=/")), status=302)
    (claim,) = judge(CHECK, RUNNING, site(VALID), moved, masked=False)
    assert claim.facts["login"]
    page_of_login = replace(answer(NOT_KEPT), purpose="redirect", body=LOGIN)
    assert judge(CHECK, RUNNING, site(VALID), page_of_login, masked=False)


@pytest.mark.parametrize(
    ("lines", "location"),
    [
        (VALID, "/en/"),
        (VALID, "/blog/authors"),
        (IGNORED.replace("proxy_cache_valid 5m", "proxy_cache_valid 200 5m"), "/login"),
        (VALID.replace("Cache-Control ", ""), "/login"),
    ],
)
def test_silent_for_redirects_of_everybody_and_those_that_are_not_kept(
    lines: str, location: str
) -> None:
    moved = replace(answer(NOT_KEPT, ("Location", location)), status=302)
    assert not judge(CHECK, RUNNING, site(lines), moved, masked=False)


def test_the_remedy_keeps_what_is_written_already() -> None:
    lines = f"{IGNORED} proxy_cache_bypass $cookie_sid;"
    (claim,) = judge(CHECK, RUNNING, site(lines), answer(*PHP), masked=False)
    fix = str(claim.fix)
    assert "proxy_cache_bypass $cookie_sid $http_cookie $http_authorization;" in fix
    assert "proxy_no_cache $http_cookie $http_authorization;" in fix
