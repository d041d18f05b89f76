from dataclasses import replace

from tests.support.check_evidence import judge
from tests.support.report_builder import ANSWER

CHECK = "http.misdirected"


def test_fires_on_421_and_names_the_server() -> None:
    page = replace(ANSWER, status=421, headers=(("Server", "Apache/2.4.65 (Debian)"),))
    (claim,) = judge(CHECK, page)
    assert claim.facts["server"] == "Apache/2.4.65 (Debian)"


def test_silent_on_other_answers() -> None:
    for status in (200, 400, 404, 502):
        assert not judge(CHECK, replace(ANSWER, status=status))
