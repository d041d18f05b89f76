"""nginx.field-twice: when it fires, and when it is silent."""

from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Applicability, Confidence, Edit, Severity
from diagnose.model.logs import FailedRequests
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.page_errors import page

CHECK = "nginx.field-twice"
TWICE = SITE.replace("Host $host;", "Host $host;\n        proxy_set_header Host $http_host;")
SCHEME = "proxy_set_header X-Forwarded-Proto $scheme;"


def test_fires_on_two_host_fields_and_keeps_one_of_them() -> None:
    (claim,) = judge(CHECK, RUNNING, config(TWICE), page(400), masked=False)
    assert claim.confidence is Confidence.LIKELY
    assert (claim.severity, claim.facts["host"]) == (None, True)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "-        proxy_set_header Host $http_host;" in edit.diff


def test_fires_and_keeps_the_name_of_the_visitor() -> None:
    text = TWICE.replace("Host $host;", "Host $proxy_host;")
    (claim,) = judge(CHECK, RUNNING, config(text), page(400), masked=False)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "-        proxy_set_header Host $proxy_host;" in edit.diff


def test_fires_on_a_loop_of_a_program_that_is_told_https_twice() -> None:
    text = SITE.replace("proxy_set_header Host $host;", f"{SCHEME} {SCHEME}")
    loop = replace(page(301), headers=(("Location", SHOP.url),))
    (claim,) = judge(CHECK, RUNNING, config(text), loop, masked=False)
    assert claim.facts["host"] is False


@pytest.mark.parametrize("name", ["X-Forwarded-For", "X-Forwarded-Proto", "x-forwarded-host"])
def test_fires_on_a_field_that_the_application_refuses_twice(name: str) -> None:
    line = f"proxy_set_header {name} $remote_addr;"
    text = SITE.replace("proxy_set_header Host $host;", f"{line} {line}")
    (claim,) = judge(CHECK, RUNNING, config(text), page(400), masked=False)
    assert (claim.facts["field"], claim.facts["refused"]) == (name, True)


def test_fires_as_a_warning_by_the_log() -> None:
    failure = FailedRequests(
        file="/a.log", method="GET", path="/api/a", status=400, written="", is_from_page=True
    )
    (claim,) = judge(CHECK, RUNNING, config(TWICE), page(200), failure, masked=False)
    assert (claim.severity, claim.facts["path"]) == (Severity.WARNING, "/api/a")


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        (TWICE, page(200)),
        (TWICE, page(404)),
        (SITE, page(400)),
        (TWICE.replace("$http_host", '""'), page(400)),
        (TWICE.replace("Host $http_host", "X-Host $http_host"), page(400)),
    ],
    ids=["open", "another error", "once", "empty", "another field"],
)
def test_silent(text: str, seen: Any) -> None:
    assert not judge(CHECK, RUNNING, config(text), seen, masked=False)
