"""nginx.expression-unmarked: when it fires, and when it is silent."""

from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Applicability, Severity, Vantage
from diagnose.model.logs import FailedRequests
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, SITE, config, front
from tests.support.page_errors import page
from tests.support.page_evidence import answered, loads, sheet

CHECK = "nginx.expression-unmarked"


def site(argument: str, passed: str = "proxy_pass http://127.0.0.1:3001;") -> Any:
    extra = f"    location {argument} {{\n        {passed}\n    }}\n\n"
    return config(SITE.replace("    location /", f"{extra}    location /"))


@pytest.mark.parametrize(
    ("argument", "path", "right"),
    [
        ("^/develop/api/", "/develop/api/users", "location /develop/api/ {"),
        ("/assets/*", "/assets/app.css", "location /assets/ {"),
        ("/*.png", "/img/a.png", r"location ~ ^/.*\.png$ {"),
        ("*.png", "/img/a.png", r"location ~ ^/.*\.png$ {"),
        (r"\.php$", "/a/index.php", r"location ~ \.php$ {"),
        ("/api/(.*)$", "/api/users", "location ~ /api/(.*)$ {"),
        ("^~ ^/(api|auth)/", "/auth/me", "location ~ ^/(api|auth)/ {"),
        ("/files/.*", "/files/a", "location ~ /files/.* {"),
    ],
)
def test_fires_and_writes_what_is_meant(argument: str, path: str, right: str) -> None:
    target = replace(SHOP, path=path)
    refused = replace(page(404), url=target.url)
    (claim,) = judge(CHECK, RUNNING, site(argument), refused, target=target, masked=False)
    assert claim.severity is Severity.ERROR
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert f"+    {right}" in str(claim.fix.steps[0]).replace("\\n", "\n").replace("\\\\", "\\")


def test_fires_for_a_websocket_for_a_file_of_the_page_and_for_what_the_log_has() -> None:
    (claim,) = judge(CHECK, RUNNING, site("/ws*"), front(404))
    assert claim.severity is Severity.ERROR
    file = sheet("/static/app.css")
    (claim,) = judge(CHECK, RUNNING, site("/static/*"), loads(file), answered(file, 404))
    assert claim.severity is Severity.ERROR
    logged = FailedRequests(
        vantage=Vantage.SERVER, file="/var/log/nginx/access.log", method="GET", path="/api/items",
        status=404, written="28/Nov/2026:21:48:25 +0000", is_from_page=True,
    )  # fmt: skip
    (claim,) = judge(CHECK, RUNNING, site("^/api/"), logged, page(200))
    assert claim.severity is Severity.WARNING
    assert [subject.path for subject in claim.covers] == ["/api/items"]


@pytest.mark.parametrize("target", ["127.0.0.1:3001/", "unix:/run/shop.sock:/"])
def test_fires_without_an_edit_where_proxy_pass_has_a_path(target: str) -> None:
    (claim,) = judge(CHECK, RUNNING, site("/(a|b)/", f"proxy_pass http://{target};"))
    assert claim.severity is None
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_with_an_edit_where_the_slashes_are_those_of_a_socket() -> None:
    passed = "proxy_pass http://unix:/run/shop.sock;"
    (claim,) = judge(CHECK, RUNNING, site("/(a|b)/", passed), masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "+    location ~ /(a|b)/ {" in str(claim.fix.steps[0]).replace("\\n", "\n")


@pytest.mark.parametrize(
    "argument",
    [
        "/api/",
        "@api",
        "~ ^/api",
        r"~* \.php$",
        "= /api",
        "/~anna/",
        "/a+b",
        "/v1.2/",
        "/a.js",
        "api",
    ],
)  # fmt: skip
def test_silent_on_paths_and_on_marked_expressions(argument: str) -> None:
    target = replace(SHOP, path="/api/users")
    refused = replace(page(404), url=target.url)
    assert not judge(CHECK, RUNNING, site(argument), refused, target=target)


@pytest.mark.parametrize(
    "argument",
    [
        "= /wiki/Tea_(drink)",
        "/wiki/Tea_(drink)",
        "= /a+b(1).html",
        "/_next/static/chunks/pages/[slug]-1.js",
        "/[my-page]/",
        "/[...all]",
    ],
)
def test_silent_where_brackets_are_part_of_a_path(argument: str) -> None:
    assert not judge(CHECK, RUNNING, site(argument), page(404))


def test_fires_for_a_class_of_characters() -> None:
    for argument in ("/[a-z]/x", "/[a-zA-Z0-9_-]+/x", "/(x)?/y", "/(?:a)/"):
        assert judge(CHECK, RUNNING, site(argument), page(200))
