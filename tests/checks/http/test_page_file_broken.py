"""http.page-file-broken: when it fires, and when it is silent."""

from diagnose.model import Failure, Severity
from tests.support.check_evidence import judge
from tests.support.page_evidence import answered, loads, module, script

CHECK = "http.page-file-broken"
CUT = Failure("protocol", "peer closed connection without sending complete message body")


def test_fires_on_a_file_that_is_cut() -> None:
    page = loads(module(), is_empty=True)
    (claim,) = judge(CHECK, page, answered(module(), failure=CUT, body_end="cut"))
    assert claim.facts["cut"]
    assert claim.severity is Severity.ERROR


def test_fires_on_a_wrong_coding() -> None:
    coded = answered(script(), headers=(("Content-Encoding", "gzip"),), coding_fault="invalid")
    (claim,) = judge(CHECK, loads(script()), coded)
    assert claim.facts["coding"] == "gzip"


def test_silent_on_a_good_file_and_on_one_that_was_not_read() -> None:
    assert not judge(CHECK, loads(script()), answered(script()))
    assert not judge(CHECK, loads(script()), answered(script(), body_end="unread"))
    timeout = answered(script(), failure=Failure("timeout", "timed out"))
    assert not judge(CHECK, loads(script()), timeout)
