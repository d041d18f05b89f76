"""nginx.token-refused: when it fires, and when it is silent."""

from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Applicability, Confidence, Edit
from diagnose.model.logs import FailedRequests
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, SITE, config

CHECK = "nginx.token-refused"
ASKS = 'auth_basic "Private"; auth_basic_user_file /etc/nginx/htpasswd;'
REFUSED = FailedRequests(
    file="/var/log/nginx/access.log", method="GET", path="/api/users/me", status=401,
    written="at 18:01", is_from_page=True, lost_user=True,
)  # fmt: skip


def claims(lines: str, *failures: FailedRequests) -> list[Any]:
    text = SITE.replace("proxy_set_header", f"{lines} proxy_set_header")
    return judge(CHECK, RUNNING, config(text), *failures)


def test_fires_once_for_all_requests_that_lost_the_password() -> None:
    other = replace(REFUSED, method="POST", path="/api/items", times=2)
    (claim,) = claims(ASKS, REFUSED, other)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["times"] == 3
    assert claim.facts["others"] == ("POST /api/items",)
    assert {subject.path for subject in claim.covers} == {REFUSED.path, other.path}


def test_fires_and_writes_the_location_that_asks_for_no_password() -> None:
    """https://github.com/ChatGPTNextWeb/NextChat/issues/1339."""
    other = replace(REFUSED, path="/api/openai/v1/models")
    (claim,) = claims(ASKS, REFUSED, other)
    assert claim.facts["folder"] == "/api/"
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
    (step,) = claim.fix.steps
    edit = next(each for each in step.commands if isinstance(each, Edit))
    assert "location /api/ {" in edit.diff
    assert "auth_basic off;" in edit.diff
    assert "proxy_pass" in edit.diff
    # Requests of the whole site have no folder, so there is no edit.
    (claim,) = claims(ASKS, REFUSED, replace(REFUSED, path="/items"))
    assert not claim.fix.steps[0].commands


@pytest.mark.parametrize(
    "lines", ["", "auth_basic off;", "auth_basic $realm;", f"satisfy any; allow all; {ASKS}"]
)
def test_silent_where_nginx_does_not_surely_ask(lines: str) -> None:
    assert not claims(lines, REFUSED)


def test_silent_where_the_browser_had_no_password() -> None:
    assert not claims(ASKS, replace(REFUSED, lost_user=False))


def test_silent_after_another_program_or_status() -> None:
    assert not claims(ASKS, replace(REFUSED, server="apache"))
    assert not claims(ASKS, replace(REFUSED, status=403))
