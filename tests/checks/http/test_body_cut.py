from dataclasses import replace

from diagnose.model import Confidence, Failure, Severity
from diagnose.model.http import Exchange, ResponseBody
from tests.support.check_evidence import CHAT, judge

WHOLE = ResponseBody(
    url="https://shop.example.com/",
    address="203.0.113.10",
    port=443,
    status=200,
    version="HTTP/1.1",
    received=500,
    announced=500,
)
CUT = replace(WHOLE, received=300, end="cut", failure=Failure("closed", "closed"))
BROWSER = replace(WHOLE, request="browser", version="HTTP/2")
PAGE = Exchange(
    url="https://shop.example.com/",
    address="203.0.113.10",
    port=443,
    status=200,
    headers=(("Server", "nginx"),),
)


def test_fires_once_for_all_addresses() -> None:
    other = replace(CUT, address="2001:db8::10")
    (claim,) = judge("http.body-cut", CUT, other, PAGE)
    assert claim.because == (CUT, other)
    assert claim.facts["server"] == "nginx"
    assert claim.facts["error"] == "ERR_CONTENT_LENGTH_MISMATCH"
    assert claim.confidence is Confidence.CERTAIN
    (single,) = judge("http.body-cut", CUT, PAGE)
    assert single.confidence is Confidence.LIKELY


def test_fires_with_the_error_that_browsers_show() -> None:
    chunks = replace(CUT, announced=None)
    invalid = replace(chunks, failure=Failure("protocol", "illegal chunk header"))
    frames = replace(CUT, version="HTTP/2")
    errors = [judge("http.body-cut", body)[0].facts["error"] for body in (chunks, invalid, frames)]
    assert errors == [
        "ERR_INCOMPLETE_CHUNKED_ENCODING",
        "ERR_INVALID_CHUNKED_ENCODING",
        "ERR_HTTP2_PROTOCOL_ERROR",
    ]


def test_fires_as_a_warning_if_a_browser_got_all() -> None:
    (claim,) = judge("http.body-cut", CUT, BROWSER)
    assert claim.severity is Severity.WARNING
    assert claim.facts["sometimes"]


def test_fires_if_only_a_browser_gets_it_cut() -> None:
    (claim,) = judge("http.body-cut", WHOLE, replace(BROWSER, end="cut"))
    assert claim.facts["only_browser"]
    assert claim.severity is None
    assert claim.confidence is Confidence.LIKELY


def test_silent_about_what_was_not_read() -> None:
    assert not judge("http.body-cut", WHOLE, replace(WHOLE, end="unread", announced=10**9))


def test_silent_at_a_websocket_path() -> None:
    assert not judge("http.body-cut", CUT, target=CHAT)


def test_fires_and_says_that_the_application_sends_all_of_it() -> None:
    own = replace(WHOLE, request="application", url="http://127.0.0.1:3000/")
    (claim,) = judge("http.body-cut", CUT, own)
    assert claim.facts["application"] == "http://127.0.0.1:3000/"
    assert claim.facts["sent"] == 500
