"""nginx.location-misses-path: when it fires, and when it is silent."""

from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Applicability, Claim, Confidence, Edit, Severity
from diagnose.model.logs import FailedRequests
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_errors import page

CHECK = "nginx.location-misses-path"
NGINX_PAGE = "<h1>404 Not Found</h1></center><hr><center>nginx/1.26.3</center>"
FILES = "location / {\n        root /srv;\n    }\n"
API = "location {path} {{\n        proxy_pass http://127.0.0.1:3000;\n    }}\n"
USERS = replace(SHOP, path="/api/users")
OTHER = (
    "server {\n    listen 80;\n    server_name shop.example.com;\n    %s\n"
    "    location / {\n        return 301 https://$host$request_uri;\n    }\n}\n"
)


def site(location: str) -> str:
    own = API.format(path=location) if location else ""
    return (
        f"server {{\n    listen 443 ssl;\n    server_name shop.example.com;\n    {own}{FILES}}}\n"
    )


def seen(text: str, status: int = 404, body: str = NGINX_PAGE) -> tuple[Any, ...]:
    return RUNNING, config(text), replace(page(status, body), url=USERS.url)


def claims(text: str, status: int = 404, body: str = NGINX_PAGE) -> list[Claim]:
    return judge(CHECK, *seen(text, status, body), target=USERS, masked=False)


def diff(claim: Claim) -> str:
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    return edit.diff


@pytest.mark.parametrize(
    ("location", "reason", "line"),
    [
        ("/apis/", "spelling", "location /api/ {"),
        ("^~ /a-pi/", "spelling", "location ^~ /api/ {"),
        ("/aip/v1/", "spelling", "location /api/v1/ {"),
    ],
)
def test_fires_and_writes_the_location_as_it_is_asked_for(
    location: str, reason: str, line: str
) -> None:
    (claim,) = claims(site(location))
    assert (claim.confidence, claim.severity) == (Confidence.LIKELY, None)
    assert claim.facts[reason]
    assert f"+    {line}" in diff(claim)


@pytest.mark.parametrize(
    "location",
    ["/api/", "/app/", "/API/", "/v2/", "= /api/", "~ ^/apis/", "/"],
)
def test_silent_where_another_path_is_meant(location: str) -> None:
    assert not claims(site(location))


def test_silent_where_the_path_is_answered_or_the_application_answers() -> None:
    assert not claims(site("/apis/"), 200)
    assert not claims(site("/apis/"), 404, "<h1>No such user</h1>")
    assert not claims(site("/apis/").replace("proxy_pass http://127.0.0.1:3000", "root /x"))


def test_fires_where_the_location_is_in_the_block_of_port_80() -> None:
    text = site("") + OTHER % API.format(path="/api/")
    (claim,) = claims(text)
    assert (claim.facts["block"], claim.facts["listen"]) == (True, "80")
    assert "+    location /api/ {\n+        proxy_pass http://127.0.0.1:3000;" in diff(claim)
    (claim,) = claims(text.replace("proxy_pass http://127.0.0.1:3000", "alias /srv/api/"), body="")
    assert claim.facts["block"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("listen 80", "listen 127.0.0.1:80"),
        ("listen 80", "listen 8080"),
        ("listen 80;\n    server_name shop", "listen 80;\n    server_name www"),
        ("proxy_pass http://127.0.0.1:3000", "deny all; proxy_pass http://127.0.0.1:3000"),
        ("proxy_pass http://127.0.0.1:3000", "return 403"),
    ],
    ids=["loopback", "an inner port", "another name", "closed", "refused"],
)
def test_silent_where_the_other_block_is_not_for_visitors(old: str, new: str) -> None:
    text = site("") + (OTHER % API.format(path="/api/")).replace(old, new)
    assert not claims(text)


def test_silent_where_https_alone_has_the_location() -> None:
    """Who asks for http needs a redirect."""
    text = site("/api/") + OTHER % ""
    plain = replace(USERS, scheme="http", port=80)
    response = replace(page(404, NGINX_PAGE), url=plain.url, port=80)
    assert not judge(CHECK, RUNNING, config(text), response, target=plain, masked=False)


def test_fires_as_a_warning_by_the_log() -> None:
    failure = FailedRequests(
        file="/a.log", method="GET", path="/api/a", status=404, written="", is_from_page=True
    )
    here = page(200)
    again = replace(page(404, NGINX_PAGE), url=f"{SHOP.origin}/api/a", purpose="logged")
    (claim,) = judge(CHECK, RUNNING, config(site("/apis/")), here, again, failure, masked=False)
    assert claim.severity is Severity.WARNING
    strange = replace(failure, is_from_page=False)
    assert not judge(CHECK, RUNNING, config(site("/apis/")), here, again, strange, masked=False)
