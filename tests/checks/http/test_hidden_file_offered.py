"""http.hidden-file-offered: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Edit
from diagnose.model.http import Exchange, RequestPurpose
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.report_builder import ANSWER

CHECK = "http.hidden-file-offered"
URL = "https://shop.example.com/.env"
PLAIN = (("Content-Type", "application/octet-stream"),)


def asked(url: str, status: int, purpose: RequestPurpose = "hidden", kind: str = "") -> Exchange:
    headers = (("Content-Type", kind),) if kind else PLAIN
    return replace(ANSWER, url=url, status=status, purpose=purpose, headers=headers, method="HEAD")


CONTROL = asked(f"{URL}-no-such-file", 404, "unknown")


@pytest.mark.parametrize("purpose", ["hidden", "target"])
def test_fires_and_closes_all_hidden_files(purpose: RequestPurpose) -> None:
    (claim,) = judge(CHECK, asked(URL, 200, purpose), CONTROL, RUNNING, config(SITE))
    assert claim.facts["path"] == "/.env"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "location ~ /\\.(?!well-known/) {" in edit.diff


def test_fires_where_all_else_is_a_page() -> None:
    control = asked(f"{URL}-no-such-file", 200, "unknown", "text/html; charset=UTF-8")
    assert judge(CHECK, asked(URL, 200), control)


def test_fires_from_outside_with_words() -> None:
    (claim,) = judge(CHECK, asked(URL, 200), CONTROL)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


@pytest.mark.parametrize(
    ("answer", "control"),
    [
        (asked(URL, 404), CONTROL),
        (asked(URL, 200, kind="text/html"), CONTROL),
        (asked(URL, 200), replace(CONTROL, status=200)),
        (asked("https://shop.example.com/.well-known/security.txt", 200), CONTROL),
        (asked("https://shop.example.com/env", 200), CONTROL),
    ],
)
def test_silent_where_no_hidden_file_comes(answer: Exchange, control: Exchange) -> None:
    assert not judge(CHECK, answer, control)


def test_silent_without_a_control() -> None:
    assert not judge(CHECK, asked(URL, 200, "target"))
