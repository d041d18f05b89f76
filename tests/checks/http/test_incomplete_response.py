from dataclasses import replace

from diagnose.model import Failure
from diagnose.model.http import Exchange
from tests.support.check_evidence import CHAT, judge

WHOLE = Exchange(
    url="https://shop.example.com/",
    address="203.0.113.10",
    port=443,
    status=200,
    version="HTTP/1.1",
    headers=(("Server", "tiny/1.0"),),
)
OPEN_ENDED = replace(WHOLE, incomplete=True)


def test_fires_once_for_all_addresses_whose_response_has_no_end() -> None:
    other = replace(OPEN_ENDED, address="2001:db8::10")
    (claim,) = judge("http.incomplete-response", OPEN_ENDED, other)
    assert claim.because == (OPEN_ENDED, other)
    assert claim.facts["addresses"] == ("203.0.113.10", "2001:db8::10")
    assert claim.facts["server"] == "tiny/1.0"


def test_fires_without_an_advice_of_chunks_that_http_1_0_does_not_have() -> None:
    (claim,) = judge("http.incomplete-response", replace(OPEN_ENDED, version="HTTP/1.0"))
    assert claim.facts["http_1_0"]


def test_silent_when_the_end_is_marked() -> None:
    assert not judge("http.incomplete-response", WHOLE)


def test_silent_about_a_response_that_failed_and_about_other_pages() -> None:
    cut = replace(OPEN_ENDED, failure=Failure("closed", "cut off"))
    assert not judge("http.incomplete-response", cut, replace(OPEN_ENDED, purpose="redirect"))


def test_silent_at_a_websocket_path() -> None:
    assert not judge("http.incomplete-response", OPEN_ENDED, target=CHAT)
