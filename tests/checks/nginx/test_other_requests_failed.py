"""nginx.other-requests-failed: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Confidence, Severity
from diagnose.model.logs import FailedRequests
from diagnose.model.nginx import UpstreamTry
from diagnose.model.program_logs import ProgramRefusal
from tests.support.check_evidence import REFUSED, judge
from tests.support.nginx_evidence import RUNNING, SITE, config, front
from tests.support.page_errors import LOG_READ, logged, page

CHECK = "nginx.other-requests-failed"
FAILED = FailedRequests(
    file="/var/log/nginx/access.log", method="POST", path="/api", status=500, written="at 18:01",
    is_from_page=True,
)  # fmt: skip
UP = UpstreamTry(target="http://127.0.0.1:3000", host="127.0.0.1", port=3000)
AGAIN = replace(page(502), url="https://shop.example.com/api", purpose="logged")


def test_fires_on_an_error_that_a_page_of_the_site_met() -> None:
    (claim,) = judge(CHECK, RUNNING, config(), page(200), FAILED)
    assert claim.severity is None
    assert claim.facts["url"] == "https://shop.example.com/api"
    assert claim.about.path == "/api"


def test_fires_as_a_note_on_what_may_be_meant_or_rare() -> None:
    for failure in (
        replace(FAILED, status=413),
        replace(FAILED, is_from_page=False, times=2),
        replace(FAILED, status=404, method="GET"),
    ):
        (claim,) = judge(CHECK, RUNNING, config(), page(200), failure)
        assert claim.severity is Severity.NOTE
    (claim,) = judge(CHECK, RUNNING, config(), replace(FAILED, is_from_page=False, times=3))
    assert claim.severity is None


def test_fires_on_what_no_site_is_made_for_if_its_pages_send_it_often() -> None:
    for status in (405, 408, 413):
        often = replace(FAILED, status=status, times=3)
        (claim,) = judge(CHECK, RUNNING, config(), page(200), often)
        assert claim.severity is None
        (claim,) = judge(CHECK, RUNNING, config(), replace(often, is_from_page=False))
        assert claim.severity is Severity.NOTE


def test_fires_on_answers_that_come_too_late_though_the_application_is_reached() -> None:
    (claim,) = judge(CHECK, RUNNING, config(), replace(FAILED, status=504), UP)
    assert claim.severity is None


def test_fires_and_says_whose_answer_an_upload_got() -> None:
    """nginx writes a line for each body that it refuses itself."""
    refused = replace(FAILED, status=413)
    (claim,) = judge(CHECK, RUNNING, config(), page(200), refused, LOG_READ)
    assert claim.facts["too_large_there"]
    (claim,) = judge(CHECK, RUNNING, config(), page(200), refused)
    assert not claim.facts["too_large_there"]
    (claim,) = judge(CHECK, RUNNING, config(), page(200), FAILED, LOG_READ)
    assert not claim.facts["too_large_there"]


def test_fires_as_a_note_where_nginx_is_told_to_answer_so() -> None:
    text = SITE.replace("    location /", "    location /api { return 503; }\n    location /", 1)
    (claim,) = judge(CHECK, RUNNING, config(text), replace(FAILED, status=503))
    assert claim.severity is Severity.NOTE


def test_fires_as_a_note_where_the_application_is_well_again() -> None:
    failure = replace(FAILED, status=502)
    (claim,) = judge(CHECK, RUNNING, config(), failure, UP)
    assert claim.severity is Severity.NOTE
    (claim,) = judge(CHECK, RUNNING, config(), failure, replace(UP, failure=REFUSED))
    assert claim.severity is None


def test_fires_on_what_fails_again() -> None:
    failure = replace(FAILED, method="GET", status=502, is_from_page=False)
    (claim,) = judge(CHECK, RUNNING, config(), failure, AGAIN, UP)
    assert claim.severity is None
    assert claim.facts["again"]


def test_fires_as_a_note_on_a_websocket_that_this_run_does_not_open() -> None:
    failure = replace(FAILED, method="GET", path="/ws", status=404)
    (claim,) = judge(CHECK, RUNNING, config(), failure)
    assert (claim.severity, claim.facts["websocket"]) == (Severity.NOTE, True)
    assert not judge(CHECK, RUNNING, config(), failure, front(404))


def test_silent_on_what_succeeds_again() -> None:
    failure = replace(FAILED, method="GET", status=502)
    assert not judge(CHECK, RUNNING, config(), failure, replace(AGAIN, status=200))
    assert not judge(CHECK, RUNNING, config(), page(200))


def test_a_method_that_changes_something_is_not_to_be_sent() -> None:
    """`--method` takes only those that this program sends."""
    for method, is_askable in (("POST", True), ("OPTIONS", True), ("DELETE", False)):
        (claim,) = judge(CHECK, RUNNING, config(), page(200), replace(FAILED, method=method))
        assert claim.facts["askable"] is is_askable


def test_fires_on_a_method_that_pages_of_the_site_use_again_and_again() -> None:
    (claim,) = judge(CHECK, RUNNING, config(), page(200), replace(FAILED, status=405, times=3))
    assert claim.severity is None
    (claim,) = judge(CHECK, RUNNING, config(), page(200), replace(FAILED, status=405, times=2))
    assert claim.severity is Severity.NOTE


def test_silent_about_a_form_that_may_have_been_filled_in_wrongly() -> None:
    assert not judge(CHECK, RUNNING, config(), page(200), replace(FAILED, status=422))


def test_fires_and_says_that_the_application_answered() -> None:
    refused = replace(FAILED, status=419, path="/login")
    (claim,) = judge(CHECK, RUNNING, config(), page(200), refused, LOG_READ)
    assert (claim.facts["application"], claim.facts["expired"]) == (True, True)
    assert str(claim.facts["pass"]).startswith("proxy_pass http://")
    # nginx's log of that time is not known.
    (claim,) = judge(CHECK, RUNNING, config(), page(200), refused)
    assert not claim.facts["application"]
    # Its own rules leave no line.
    for rule in ("if ($request_method = POST) { return 419; }", "limit_except GET { deny all; }"):
        text = SITE.replace("    location / {\n", f"    location / {{\n        {rule}\n", 1)
        (claim,) = judge(CHECK, RUNNING, config(text), page(200), refused, LOG_READ)
        assert not claim.facts["application"]


def test_fires_and_quotes_the_log_of_the_application() -> None:
    refused = replace(FAILED, status=403, path="/login")
    line = ProgramRefusal(
        endpoint="3000", process="node", method="POST", path="/login", status=403,
        message="POST /login 403 1.2 ms - user is locked", equivalent="journalctl -u shop",
    )  # fmt: skip
    (claim,) = judge(CHECK, RUNNING, config(), page(200), refused, line)
    assert claim.facts["written"] == line.message
    (claim,) = judge(CHECK, RUNNING, config(), page(200), refused, replace(line, path="/other"))
    assert not claim.facts["written"]


def test_a_limit_of_nginx_is_not_said_to_be_the_applications() -> None:
    refused = replace(FAILED, status=429)
    for rule, is_told in (("limit_req zone=a;", False), ("limit_rate 1m;", True)):
        text = SITE.replace("    location / {\n", f"    location / {{\n        {rule}\n", 1)
        (claim,) = judge(CHECK, RUNNING, config(text), page(200), refused, LOG_READ)
        assert claim.facts["application"] is is_told


def test_fires_where_all_of_what_was_sent_to_the_asked_path_failed() -> None:
    for status in (408, 411, 413, 415, 502):
        failure = replace(FAILED, status=status, times=2, is_from_page=False, is_all=True)
        (claim,) = judge(CHECK, RUNNING, config(), page(200), failure)
        assert claim.severity is None
        assert claim.confidence is Confidence.LIKELY


def test_fires_and_quotes_what_nginx_wrote_of_the_request() -> None:
    text = 'client sent invalid "Destination" header: "https://shop.example.com/b"'
    line = replace(logged(text, path="/dav/a"), request="MOVE /dav/a HTTP/1.1")
    moved = replace(FAILED, method="MOVE", path="/dav/a", status=400, is_all=True)
    (claim,) = judge(CHECK, RUNNING, config(), page(200), moved, LOG_READ, line)
    assert claim.facts["logged"] == text
    assert line in claim.because
    assert "rewrite-the-destination" in str(claim.fix)
    for other in (
        replace(line, request="PUT /dav/a HTTP/1.1"),
        replace(line, level="info"),
        replace(line, request="MOVE /dav/b HTTP/1.1"),
    ):
        (claim,) = judge(CHECK, RUNNING, config(), page(200), moved, LOG_READ, other)
        assert not claim.facts["logged"]
