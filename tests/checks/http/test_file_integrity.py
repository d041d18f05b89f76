"""http.file-integrity: when it fires, and when it is silent."""

import pytest

from diagnose.model import Applicability, Confidence, Edit, Severity
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.page_evidence import answered, loads, script, sheet

CHECK = "http.file-integrity"


def test_fires_on_a_script_with_another_content() -> None:
    (claim,) = judge(CHECK, loads(script()), answered(script(), integrity_fails=True))
    assert claim.facts["file"] == script().url
    assert (claim.severity, claim.confidence) == (Severity.WARNING, Confidence.CERTAIN)


def test_fires_as_an_error_for_the_only_style_sheet_and_names_a_cache() -> None:
    response = answered(sheet(), integrity_fails=True, headers=(("CF-Cache-Status", "HIT"),))
    (claim,) = judge(CHECK, loads(sheet()), response)
    assert claim.severity is Severity.ERROR
    assert claim.facts["cache"] == "CF-Cache-Status"


def test_silent_where_the_hash_is_right() -> None:
    assert not judge(CHECK, loads(script()), answered(script()))


def test_silent_on_a_file_that_is_refused_for_another_reason() -> None:
    html = answered(script(), content_type="text/html", integrity_fails=True, is_html=True)
    assert not judge(CHECK, loads(script(), quirks=False), html)


@pytest.mark.parametrize(
    ("types", "written"),
    [
        ("text/css text/javascript", "+    sub_filter_types text/css;"),
        ("*", ""),
        ("text/css", None),
    ],
)
def test_nginx_leaves_the_type_alone_that_it_rewrites(types: str, written: str | None) -> None:
    lines = f"sub_filter a b;\n    sub_filter_types {types};"
    text = SITE.replace("    location / {", f"    {lines}\n    location / {{", 1)
    response = answered(script(), integrity_fails=True)
    (claim,) = judge(CHECK, loads(script()), response, RUNNING, config(text), masked=False)
    assert claim.fix is not None
    edits = [step for step in claim.fix.steps if isinstance(step, Edit)]
    if written is None:
        assert (edits, claim.facts["rewritten"]) == ([], "")
        return
    (edit,) = edits
    assert claim.fix.applicability is Applicability.REVIEW
    assert f"-    sub_filter_types {types};" in edit.diff
    assert written in edit.diff
    assert str(claim.facts["rewritten"]).startswith("sub_filter_types")
