"""nginx.cookies-cached: when it fires, and when it is silent."""

from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Applicability, Confidence, Symptom, commands
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.page_errors import page
from tests.support.page_evidence import answered, loads, script

CHECK = "nginx.cookies-cached"
COOKIE = ("Set-Cookie", "oc_sessionPassphrase=aB3dEf6hIj9kLmNoPqRs; Path=/; HttpOnly")
IGNORED = (
    "proxy_cache assets; proxy_cache_valid any 30m; proxy_ignore_headers Set-Cookie Cache-Control;"
)


def site(lines: str, passing: str = "proxy_pass http://127.0.0.1:3000;") -> Any:
    assets = f"    location ~* \\.js$ {{\n        {passing}\n        {lines}\n    }}\n"
    path = "proxy_cache_path /var/cache/nginx/a keys_zone=assets:1m;\n"
    return config(path + SITE.replace("    location /", f"{assets}    location /"))


def seen(cookie: tuple[str, str] = COOKIE) -> list[Any]:
    file = script("/core/main.js")
    return [page(200), loads(file), replace(answered(file, 200), headers=(cookie,))]


def test_fires_for_a_file_of_the_page() -> None:
    (claim,) = judge(CHECK, RUNNING, site(IGNORED), *seen(), masked=False)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["cookie"] == "oc_sessionPassphrase"
    assert claim.facts["folder"] == "/var/cache/nginx/a"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "proxy_ignore_headers Cache-Control;" in str(claim.fix.steps[0])
    assert claim.fix.steps[-2] == commands.empty_cache("/var/cache/nginx/a")


def test_fires_for_the_page_itself() -> None:
    text = SITE.replace(
        "proxy_set_header",
        "proxy_cache assets; proxy_cache_valid 1m;\n"
        "proxy_ignore_headers Set-Cookie;\nproxy_set_header",
    )
    (claim,) = judge(
        CHECK, RUNNING, config(text), replace(page(200), headers=(COOKIE,)), masked=False
    )
    assert "-proxy_ignore_headers Set-Cookie;" in str(claim.fix)
    assert "# proxy" not in str(claim.fix), "a comment would swallow what follows on its line"
    assert "proxy_no_cache $http_cookie $http_authorization;" in str(claim.fix), (
        "a page for a visitor who is logged in sets no cookie"
    )
    assert "proxy_cache_bypass $http_cookie $http_authorization;" in str(claim.fix)


def test_fires_for_php() -> None:
    lines = "fastcgi_cache assets; fastcgi_cache_valid 10m; fastcgi_ignore_headers Set-Cookie;"
    assert judge(CHECK, RUNNING, site(lines, "fastcgi_pass 127.0.0.1:9000;"), *seen(), masked=False)


@pytest.mark.parametrize(
    "lines",
    [
        "proxy_cache assets;",
        "proxy_ignore_headers Set-Cookie;",
        "proxy_cache off; proxy_ignore_headers Set-Cookie;",
        f"{IGNORED} proxy_hide_header Set-Cookie;",
        f"{IGNORED} proxy_no_cache $upstream_http_set_cookie;",
        "proxy_cache assets; proxy_cache_valid 1m; proxy_ignore_headers Cache-Control;",
        "proxy_cache assets; proxy_ignore_headers Set-Cookie;",
        "proxy_cache assets; proxy_cache_valid 404 1m; proxy_ignore_headers Set-Cookie;",
    ],
)
def test_silent_where_the_cookie_is_not_kept(lines: str) -> None:
    assert not judge(CHECK, RUNNING, site(lines), *seen(), masked=False)


@pytest.mark.parametrize("cookie", [("Set-Cookie", "lang=en; Path=/"), ("X-Cookie", "sid=1")])
def test_silent_for_what_tells_nobody_apart(cookie: tuple[str, str]) -> None:
    assert not judge(CHECK, RUNNING, site(IGNORED), *seen(cookie), masked=False)


@pytest.mark.parametrize(
    ("ignored", "policy", "is_kept"),
    [
        ("Set-Cookie", "no-store, no-cache", False),
        ("Set-Cookie", "private", False),
        ("Set-Cookie", "max-age=600", True),
        ("Set-Cookie Cache-Control", "no-store", True),
    ],
)
def test_the_response_decides_unless_its_fields_are_ignored(
    ignored: str, policy: str, is_kept: bool
) -> None:
    lines = f"proxy_cache assets; proxy_cache_valid 1m; proxy_ignore_headers {ignored};"
    first, loaded, file = seen()
    file = replace(file, headers=(COOKIE, ("Cache-Control", policy)))
    found = judge(CHECK, RUNNING, site(lines), first, loaded, file, masked=False)
    assert bool(found) is is_kept


def test_fires_where_the_cookie_is_taken_away() -> None:
    """Ghost: who has just logged in gets the page of who is not, and its empty cookie."""
    gone = ("Set-Cookie", "ghost-members-ssr=; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT")
    (claim,) = judge(CHECK, RUNNING, site(IGNORED), *seen(gone), masked=False)
    assert (claim.facts["cookie"], claim.facts["removed"]) == ("ghost-members-ssr", True)
    assert not judge(
        CHECK, RUNNING, site(IGNORED), *seen(("Set-Cookie", "theme=dark")), masked=False
    )


TOLD = replace(SHOP, symptom=Symptom("cached", "users are logged in as another user"))


def test_fires_after_a_message_where_no_cookie_was_seen() -> None:
    first, loaded, _ = seen()
    (claim,) = judge(CHECK, RUNNING, site(IGNORED), first, loaded, target=TOLD, masked=False)
    assert (claim.facts["told"], claim.facts["zone"]) == (True, "assets")
    assert not judge(CHECK, RUNNING, site(IGNORED), first, loaded, masked=False)


@pytest.mark.parametrize(
    "lines",
    [
        f"{IGNORED} proxy_hide_header Set-Cookie;",
        IGNORED.replace("Set-Cookie ", ""),
        IGNORED.replace("proxy_cache assets;", "proxy_cache off;"),
        IGNORED.replace("proxy_cache_valid any 30m;", ""),
    ],
)
def test_silent_after_a_message_where_the_cookie_is_not_kept(lines: str) -> None:
    first, loaded, _ = seen()
    assert not judge(CHECK, RUNNING, site(lines), first, loaded, target=TOLD, masked=False)


#: The cache of a proxy in aaPanel, before an application with a login.
PANEL = SITE.replace(
    "proxy_set_header",
    "add_header X-Cache $upstream_cache_status;\n"
    "proxy_ignore_headers Set-Cookie Cache-Control expires;\n"
    "proxy_cache assets; proxy_cache_valid 200 304 301 302 10m;\nproxy_set_header",
    1,
)
LOGIN = ("Location", "/admin/login")
HIT = ("X-Cache", "HIT")


@pytest.mark.parametrize("purpose", ["target", "logged", "redirect"])
def test_fires_for_the_redirect_to_a_login(purpose: Any) -> None:
    moved = replace(page(302), headers=(LOGIN, COOKIE, HIT), purpose=purpose)
    (claim,) = judge(CHECK, RUNNING, config(PANEL), page(200), moved, masked=False)
    assert claim.facts["hit"]
    removed = [line for line in str(claim.fix).split("\\n") if line.startswith("-")]
    assert any("proxy_ignore_headers Set-Cookie Cache-Control expires;" in line for line in removed)
    assert "proxy_no_cache $http_cookie $http_authorization;" in str(claim.fix)


@pytest.mark.parametrize(
    "text",
    [
        PANEL.replace("200 304 301 302", "200"),
        PANEL.replace("Set-Cookie Cache-Control expires", "Cache-Control expires"),
        PANEL.replace("add_header X-Cache", "add_header Set-Cookie sid=1; add_header X-Cache"),
        PANEL.replace("add_header X-Cache", "userid on; add_header X-Cache"),
    ],
)
def test_silent_for_a_redirect_that_is_not_kept_or_whose_cookie_nginx_sets(text: str) -> None:
    moved = replace(page(302), headers=(LOGIN, COOKIE))
    assert not judge(CHECK, RUNNING, config(text), moved, masked=False)


def test_silent_for_other_sites_and_posts() -> None:
    moved = replace(page(302), headers=(LOGIN, COOKIE), purpose="redirect")
    elsewhere = replace(moved, url="https://login.example.org/")
    assert not judge(CHECK, RUNNING, config(PANEL), page(200), elsewhere, masked=False)
    posted = replace(moved, method="POST")
    assert not judge(CHECK, RUNNING, config(PANEL), page(200), posted, masked=False)


def test_files_are_kept_as_before() -> None:
    (claim,) = judge(CHECK, RUNNING, site(IGNORED), *seen(), masked=False)
    assert claim.facts["files"]
    assert "no_cache" not in str(claim.fix)


def test_after_a_message_about_cookies_only_the_cache_of_the_page_counts() -> None:
    told = replace(SHOP, symptom=Symptom("cookie", "the login is lost again"))
    assert judge(CHECK, RUNNING, config(PANEL), page(200), target=told, masked=False)
    assert not judge(CHECK, RUNNING, site(IGNORED), page(200), target=told, masked=False)
