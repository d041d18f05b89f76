from dataclasses import replace

import pytest

from diagnose.model import Applicability, Edit, Observation
from diagnose.model.backends import BackendVisit
from tests.support.check_evidence import SHOP, judge
from tests.support.haproxy_evidence import SERVER, TEXT, config, page

CHECK = "server.haproxy-path-rule"
TARGET = replace(SHOP, path="/app/login")
RULE = "    use_backend shop if { path_beg /app/ }\n    default_backend app\n"
PAGE = page(404, url="https://shop.example.com/app/login")
WHOLE = BackendVisit(
    target="http://127.0.0.1:3001", requested="/app/login", path="/app/login", status=404
)
REST = replace(WHOLE, path="/login", status=200)
OTHER = replace(WHOLE, path="/other/login")


def text(rule: str, condition: str = "") -> str:
    lines = f"backend shop\n    {rule}{condition}\n    server b 127.0.0.1:3001\n"
    return TEXT.replace("    default_backend app\n", RULE) + lines


SLASH = r"http-request replace-path ^/app/(.*) \1"
FOLDER = r"http-request replace-path ^/app/(.*) /other/\1"


@pytest.mark.parametrize(
    ("rule", "seen", "inner"),
    [
        (SLASH, (page(400, url=PAGE.url), WHOLE, REST), "login"),
        ("http-request set-path %[path,regsub(^/app/,)]", (PAGE, WHOLE, REST), "login"),
        (FOLDER, (PAGE, WHOLE, REST, OTHER), "/other/login"),
    ],
)
def test_fires_and_writes_the_rule(rule: str, seen: tuple[Observation, ...], inner: str) -> None:
    (claim,) = judge(CHECK, SERVER, config(text(rule)), *seen, target=TARGET, masked=False)
    assert (claim.facts["inner"], claim.facts["rest"]) == (inner, "/login")
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert f"-    {rule}\n" in edit.diff
    assert "+    http-request replace-path ^/app(/|$)(.*) /\\2\n" in edit.diff


def test_a_rule_with_a_condition_is_left_to_a_person() -> None:
    written = text(SLASH, " if { path_beg /app/ }")
    (claim,) = judge(CHECK, SERVER, config(written), PAGE, WHOLE, REST, target=TARGET)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


@pytest.mark.parametrize(
    ("rule", "seen"),
    [
        (SLASH, (PAGE, replace(WHOLE, status=200), REST)),  # the whole path: server.path-changed
        (SLASH, (PAGE, WHOLE, replace(REST, status=404))),
        (SLASH, (PAGE, WHOLE)),
        (SLASH, (page(403, url=PAGE.url), WHOLE, REST)),
        (FOLDER, (PAGE, WHOLE, REST)),  # nobody asked for the changed path
        (FOLDER, (PAGE, WHOLE, REST, replace(OTHER, status=200))),
        (r"http-request replace-path ^/app/(.*) /\1", (PAGE, WHOLE, REST)),
        ("http-request set-header X-A b", (PAGE, WHOLE, REST)),
    ],
)
def test_silent_where_the_path_is_right_or_not_known(
    rule: str, seen: tuple[Observation, ...]
) -> None:
    assert not judge(CHECK, SERVER, config(text(rule)), *seen, target=TARGET)


def test_the_line_that_changes_the_whole_path_is_taken_away() -> None:
    seen = (PAGE, replace(WHOLE, status=200), replace(WHOLE, path="/login"))
    rule = r"http-request replace-path ^/app/(.*) /\1"
    (claim,) = judge(
        "server.path-changed", SERVER, config(text(rule)), *seen, target=TARGET, masked=False
    )
    assert claim.fix
    assert isinstance(edit := claim.fix.steps[0], Edit)
    assert f"-    {rule}\n" in edit.diff
