"""nginx.if-disables-try-files: an `if` takes the place of the location."""

import pytest

from diagnose.model import Applicability, Claim, Confidence, Edit, Manual
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config
from tests.support.upstream_evidence import page

CHECK = "nginx.if-disables-try-files"
SET = "if ($request_method = GET) {\n            set $cors get;\n        }"
FALLBACK = "\n        try_files $uri $uri/ /index.html;\n"
PROXIED = "proxy_pass http://127.0.0.1:3000;\n        proxy_set_header Host $host;\n"
OWN = "<center>nginx</center>"


def claims(
    condition: str, status: int = 404, body: str = OWN, fallback: str = FALLBACK
) -> list[Claim]:
    text = SITE.replace(PROXIED, f"{condition}{fallback}")
    return judge(CHECK, config(text), BUILD, RUNNING, page(status, body))


def test_fires_and_moves_an_if_that_only_sets() -> None:
    (claim,) = claims(SET)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "-        if ($request_method = GET) {\n" in edit.diff
    assert "+    if ($request_method = GET) {\n+        set $cors get;\n+    }\n" in edit.diff


HEADER = "if ($http_user_agent ~ x) { add_header X-Bot 1; }"


def test_fires_for_a_header_and_falls_back_beside_it() -> None:
    (claim,) = claims(HEADER)
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert (
        "+        if (!-e $request_filename) {\n+            rewrite ^ /index.html last;"
        in edit.diff
    )


def test_a_person_writes_the_map_where_the_fallback_is_an_application() -> None:
    (claim,) = claims(HEADER, fallback="\n        try_files $uri @app;\n")
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)


@pytest.mark.parametrize(
    "condition",
    [
        "if ($request_method = POST) { set $cors post; }",
        "if ($request_method = GET) { return 404; }",
        "if ($request_method = GET) { rewrite ^ /x last; }",
        "",
    ],
)
def test_silent_where_the_if_takes_no_place(condition: str) -> None:
    assert not claims(condition)


def test_silent_where_nothing_would_be_fallen_back_to() -> None:
    assert not claims(SET, fallback="\n        try_files $uri =404;\n")
    assert not claims(SET, fallback="\n")


def test_silent_for_other_answers() -> None:
    assert not claims(SET, 200)
    assert not claims(SET, body="No such page")
