"""http.cookie-refused: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Edit
from diagnose.model.http import Exchange
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.page_errors import page

CHECK = "http.cookie-refused"


def sets(*values: str) -> Exchange:
    return replace(page(200), headers=tuple(("Set-Cookie", value) for value in values))


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("sid=1; Path=/; SameSite=None", "same_site"),
        ("sid=1; Path=/; Domain=app.internal", "domain"),
        ("__Host-sid=1; Path=/app; Secure", "prefix"),
    ],
)
def test_fires_and_says_why(value: str, reason: str) -> None:
    (claim,) = judge(CHECK, sets(value), masked=False)
    assert claim.facts[reason]
    assert value.startswith(f"{claim.facts['cookie']}=")


def test_fires_with_the_line_that_passes_the_page_on() -> None:
    (claim,) = judge(CHECK, sets("sid=1; SameSite=None"), RUNNING, config(), masked=False)
    assert claim.location


def test_fires_with_the_field_of_which_the_application_makes_the_domain() -> None:
    bare = SITE.replace("        proxy_set_header Host $host;\n", "")
    seen = (sets("sid=1; Path=/; Domain=127.0.0.1"), RUNNING)
    (claim,) = judge(CHECK, *seen, config(bare), masked=False)
    assert claim.facts["told"] == "127.0.0.1:3000"
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        proxy_set_header Host $host;\n" in edit.diff
    (claim,) = judge(CHECK, *seen, config(SITE), masked=False)
    assert claim.facts["told"] == ""


@pytest.mark.parametrize(
    "values",
    [
        ("sid=1; Path=/; SameSite=None; Secure",),
        ("sid=1; Path=/; Domain=.example.com",),
        ("sid=1; SameSite=None", "sid=1; SameSite=None; Secure"),
        ("sid=; Max-Age=0; SameSite=None",),
        (),
    ],
)
def test_silent(values: tuple[str, ...]) -> None:
    assert not judge(CHECK, sets(*values), masked=False)
