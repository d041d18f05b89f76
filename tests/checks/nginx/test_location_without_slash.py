"""nginx.location-without-slash: when it fires, and when it is silent."""

from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Applicability, Severity
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, SITE, config, front
from tests.support.page_errors import page
from tests.support.page_evidence import answered, loads, sheet

CHECK = "nginx.location-without-slash"
USERS = replace(SHOP, path="/api/users")


def site(argument: str) -> Any:
    extra = f"    location {argument} {{\n        proxy_pass http://127.0.0.1:3001;\n    }}\n\n"
    return config(SITE.replace("    location /", f"{extra}    location /"))


@pytest.mark.parametrize(
    ("argument", "right"),
    [
        ("api", "location /api {"),
        ("api/", "location /api/ {"),
        ("^~ api/", "location ^~ /api/ {"),
        ("= api/users", "location = /api/users {"),
        ("=api/users", "location =/api/users {"),
    ],
)
def test_fires_and_writes_the_slash(argument: str, right: str) -> None:
    refused = replace(page(404), url=USERS.url)
    (claim,) = judge(CHECK, RUNNING, site(argument), refused, target=USERS)
    assert claim.severity is Severity.ERROR
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert f"+    {right}" in str(claim.fix.steps[0]).replace("\\n", "\n")


def test_fires_for_a_websocket_and_for_a_file_of_the_page() -> None:
    (claim,) = judge(CHECK, RUNNING, site("ws"), front(404))
    assert claim.severity is Severity.ERROR
    file = sheet("/static/app.css")
    (claim,) = judge(CHECK, RUNNING, site("static/"), loads(file), answered(file, 404))
    assert claim.severity is Severity.ERROR


def test_fires_as_a_note_where_nothing_fails() -> None:
    (claim,) = judge(CHECK, RUNNING, site("api/"), page(200))
    assert claim.severity is None
    assert [subject.port for subject in claim.covers] == [0]


@pytest.mark.parametrize("argument", ["/api/", "@api", "~ api", "~* \\.php$", "= /api"])
def test_silent_on_locations_that_can_match(argument: str) -> None:
    refused = replace(page(404), url=USERS.url)
    assert not judge(CHECK, RUNNING, site(argument), refused, target=USERS)
