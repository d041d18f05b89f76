"""nginx.location-case: when it fires, and when it is silent."""

from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Applicability, Confidence, Edit, Severity
from diagnose.model.logs import FailedRequests
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_errors import page

CHECK = "nginx.location-case"
NGINX_PAGE = "<h1>404 Not Found</h1></center><hr><center>nginx/1.26.3</center>"
SITE = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    root /srv;
    location /API/ {
        proxy_pass http://127.0.0.1:3000;
    }
}
"""
USERS = replace(SHOP, path="/api/users")


def seen(text: str, status: int = 404, body: str = NGINX_PAGE) -> tuple[Any, ...]:
    return RUNNING, config(text), replace(page(status, body), url=USERS.url)


@pytest.mark.parametrize("text", [SITE, SITE.replace("/API/", "^~ /Api")])
def test_fires_and_writes_the_location_as_it_is_asked_for(text: str) -> None:
    (claim,) = judge(CHECK, *seen(text), target=USERS, masked=False)
    assert (claim.confidence, claim.severity) == (Confidence.LIKELY, None)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "/api" in edit.diff


@pytest.mark.parametrize(
    ("text", "status", "body"),
    [
        (SITE.replace("/API/", "/api/"), 404, NGINX_PAGE),
        (SITE, 200, NGINX_PAGE),
        (SITE, 404, "<h1>No such user</h1>"),
        (SITE.replace("proxy_pass http://127.0.0.1:3000", "root /var/www"), 404, NGINX_PAGE),
        (SITE.replace("/API/", "~ ^/API/"), 404, NGINX_PAGE),
        (SITE.replace("/API/", "/APIS/"), 404, NGINX_PAGE),
    ],
    ids=["the same", "open", "the application's", "files", "an expression", "another path"],
)
def test_silent(text: str, status: int, body: str) -> None:
    assert not judge(CHECK, *seen(text, status, body), target=USERS, masked=False)


def test_fires_as_a_warning_by_the_log() -> None:
    failure = FailedRequests(
        file="/a.log", method="GET", path="/api/a", status=404, written="", is_from_page=True
    )
    (claim,) = judge(CHECK, *seen(SITE, 200)[:2], failure, masked=False)
    assert (claim.severity, claim.facts["asked"]) == (Severity.WARNING, "/api/")
