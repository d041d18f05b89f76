"""http.file-integrity: when it fires, and when it is silent."""

from diagnose.model import Confidence, Severity
from tests.support.check_evidence import judge
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
