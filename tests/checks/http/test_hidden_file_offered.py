"""http.hidden-file-offered: when it fires, and when it is silent."""

import pytest

from diagnose.model import Applicability, Edit
from diagnose.model.site_folders import HiddenFile
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, SITE, config

CHECK = "http.hidden-file-offered"


def asked(
    status: int = 200, kind: str = "application/octet-stream", control: int = 404, other: str = ""
) -> HiddenFile:
    return HiddenFile(
        url="https://shop.example.com/.env", address="203.0.113.10", port=443, status=status,
        media_type=kind, control_status=control, control_type=other,
        equivalent="curl -sI https://shop.example.com/.env",
    )  # fmt: skip


def test_fires_and_closes_all_hidden_files() -> None:
    (claim,) = judge(CHECK, asked(), RUNNING, config(SITE))
    assert claim.facts["path"] == "/.env"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "location ~ /\\.(?!well-known/) {" in edit.diff


def test_fires_from_outside_with_words() -> None:
    (claim,) = judge(CHECK, asked())
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_where_all_else_is_a_page() -> None:
    assert judge(CHECK, asked(control=200, other="text/html"))


@pytest.mark.parametrize(
    "file",
    [asked(404), asked(kind="text/html"), asked(control=200, other="application/octet-stream")],
)
def test_silent_where_no_hidden_file_comes(file: HiddenFile) -> None:
    assert not judge(CHECK, file)
