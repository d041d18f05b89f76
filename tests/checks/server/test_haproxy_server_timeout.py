from dataclasses import replace

from diagnose.model import Confidence, Edit, Failure, Severity
from diagnose.model.logs import FailedRequests
from tests.support.check_evidence import judge
from tests.support.haproxy_evidence import SERVER, TEXT, attempt, config, page

CHECK = "server.haproxy-server-timeout"
WAITS = config(TEXT.replace("    mode http\n", "    mode http\n    timeout server 2s\n"))
SILENT = replace(attempt(status=None), failure=Failure("timeout", "timed out"), took=3.0)


def test_fires_with_the_line_of_the_timeout() -> None:
    (claim,) = judge(CHECK, SERVER, WAITS, page(504), SILENT)
    assert claim.facts["timeout"] == "2s"
    assert claim.facts["place"] == "/etc/haproxy/haproxy.cfg:5"
    assert claim.confidence is Confidence.CERTAIN


def test_fires_less_certainly_when_the_application_is_quick_now() -> None:
    (claim,) = judge(CHECK, SERVER, WAITS, page(504), attempt())
    assert claim.confidence is Confidence.LIKELY


def test_silent_when_the_504_is_the_applications_own() -> None:
    assert not judge(CHECK, SERVER, WAITS, page(504), attempt(status=504))
    assert not judge(CHECK, SERVER, WAITS, page(503), SILENT)


def test_silent_when_an_nginx_behind_it_gave_up() -> None:
    body = "<html><h1>504 Gateway Time-out</h1><hr><center>nginx</center></html>"
    assert not judge(CHECK, SERVER, WAITS, replace(page(504), body=body), SILENT)


def test_fires_with_an_edit_when_the_answer_comes_later_than_haproxy_waits() -> None:
    tiny = config(TEXT.replace("    mode http\n", "    mode http\n    timeout server 60\n"))
    (claim,) = judge(CHECK, SERVER, tiny, page(504), replace(attempt(), took=0.4))
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["no_unit"]
    assert claim.facts["needed"] == 0.4
    edit = claim.fix.steps[0] if claim.fix else None
    assert isinstance(edit, Edit)
    assert "+    timeout server 60s\n     option httpchk" in edit.diff


def test_fires_for_a_page_in_the_log() -> None:
    own = TEXT.replace("    option httpchk", "    timeout server 90s\n    option httpchk")
    (claim,) = judge(CHECK, SERVER, config(own), page(200), logged(times=3))
    assert claim.facts["path"] == "/report"
    assert claim.severity is Severity.WARNING
    edit = claim.fix.steps[0] if claim.fix else None
    assert isinstance(edit, Edit)
    assert "-    timeout server 90s\n+    timeout server 180s\n" in edit.diff


def test_fires_for_the_targets_own_page_that_did_not_come() -> None:
    silent = replace(page(200), status=None, failure=Failure("timeout", "timed out"))
    (claim,) = judge(CHECK, SERVER, WAITS, silent, replace(logged(), path="/"))
    assert claim.severity is None
    assert claim.fix


def test_is_a_note_for_one_visitor() -> None:
    (claim,) = judge(CHECK, SERVER, WAITS, page(200), logged())
    assert claim.severity is Severity.NOTE


def test_silent_about_an_applications_own_504_in_the_log() -> None:
    assert not judge(CHECK, SERVER, WAITS, page(200), logged(ending="----", times=3))
    assert not judge(CHECK, SERVER, WAITS, page(200), logged(status=503, times=3))


def logged(status: int = 504, ending: str = "sH--", times: int = 1) -> FailedRequests:
    return FailedRequests(
        file="/var/log/haproxy.log", method="GET", path="/report", status=status, times=times,
        written="24/Nov/2026:12:00:01", server="haproxy", ending=ending,
    )  # fmt: skip
