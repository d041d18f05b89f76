"""nginx.dot-unescaped: when it fires, and when it is silent."""

from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Applicability, Edit, Severity
from diagnose.model.logs import FailedRequests
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.page_errors import page

CHECK = "nginx.dot-unescaped"
DENY = "    location ~ /.(?!well-known) {\n        deny all;\n    }\n"
LOGIN = replace(SHOP, path="/login")


def seen(block: str, status: int = 403) -> tuple[Any, ...]:
    text = SITE.replace("    location / {", f"{block}    location / {{", 1)
    return RUNNING, config(text), replace(page(status), url=LOGIN.url)


@pytest.mark.parametrize(
    "block",
    [
        DENY,
        DENY.replace("(?!well-known)", ""),
        DENY.replace("deny all", "return 404"),
        DENY.replace("~ /.", "~* /."),
    ],
)
def test_fires_and_writes_the_backslash(block: str) -> None:
    (claim,) = judge(CHECK, *seen(block), target=LOGIN, masked=False)
    assert claim.severity is None
    assert claim.facts["paths"] == ("/login",)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "/\\." in edit.diff


@pytest.mark.parametrize(
    ("block", "path", "status"),
    [
        (DENY.replace("/.", "/\\."), "/login", 403),
        (DENY, "/.git/config", 403),
        (DENY, "/login", 200),
        (DENY.replace("deny all", "expires max"), "/login", 404),
        (DENY.replace("deny all", "allow 10.0.0.0/8;\n        deny all"), "/login", 403),
        (DENY.replace("/.(?!well-known)", "/.*\\.php$"), "/login", 403),
    ],
    ids=["escaped", "hidden", "open", "no refusal", "a list", "any number"],
)
def test_silent(block: str, path: str, status: int) -> None:
    assert not judge(CHECK, *seen(block, status), target=replace(SHOP, path=path), masked=False)


def test_fires_as_a_warning_by_the_log() -> None:
    failure = FailedRequests(
        file="/a.log", method="GET", path="/login", status=403, written="", is_from_page=True
    )
    (claim,) = judge(CHECK, *seen(DENY, 200)[:2], failure, masked=False)
    assert claim.severity is Severity.WARNING
    assert not judge(CHECK, *seen(DENY)[:2], replace(failure, is_from_page=False), masked=False)
