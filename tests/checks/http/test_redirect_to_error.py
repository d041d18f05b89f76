from dataclasses import replace

from diagnose.model import Severity
from tests.support.check_evidence import judge
from tests.support.report_builder import ANSWER

CHECK = "http.redirect-to-error"
URL = "https://shop.example.com/app/"
FIRST = replace(ANSWER, status=302, headers=(("Location", "/app/"),))
LAST = replace(ANSWER, url=URL, purpose="redirect", status=404, redirected_from=ANSWER.url)


def test_fires_for_a_page_that_is_not_there_or_fails() -> None:
    (claim,) = judge(CHECK, FIRST, LAST)
    assert (claim.facts["location"], claim.severity) == (URL, Severity.WARNING)
    (claim,) = judge(CHECK, FIRST, replace(LAST, status=502))
    assert claim.severity is None


def test_silent_when_the_page_comes_or_wants_a_login() -> None:
    for status in (200, 401, 403):
        assert not judge(CHECK, FIRST, replace(LAST, status=status))


def test_silent_when_it_is_another_sites_or_the_page_itself_fails() -> None:
    other = replace(LAST, url="https://login.example.net/")
    assert not judge(CHECK, FIRST, other)
    assert not judge(CHECK, replace(FIRST, status=500), LAST)
