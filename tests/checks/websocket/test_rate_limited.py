from diagnose.model import Severity
from diagnose.model.http import Exchange
from tests.support.check_evidence import CHAT, judge
from tests.support.websocket_evidence import upgrade


def test_fires_on_429_and_on_503_that_speaks_of_a_limit() -> None:
    for limited in (
        upgrade(429),
        upgrade(503, headers=(("Retry-After", "5"),)),
        upgrade(503, body="Too many connections"),
    ):
        assert judge("websocket.rate-limited", limited, target=CHAT)


def test_only_a_note_where_it_opens_when_it_is_repeated_alone() -> None:
    for status in (429, 503):
        observations = (upgrade(status), upgrade(101, "again", accepted=True))
        (claim,) = judge("websocket.rate-limited", *observations, target=CHAT)
        assert (claim.severity, claim.facts["alone"]) == (Severity.NOTE, True)
        assert not judge("websocket.not-upgraded", *observations, target=CHAT)


def test_silent_where_another_address_refuses_the_repeated_one_too() -> None:
    refused = upgrade(503, address="2001:db8:2::10")
    again = upgrade(101, "again", accepted=True)
    assert not judge("websocket.rate-limited", upgrade(503), refused, again, target=CHAT)


def test_silent_on_503_that_says_nothing_of_the_kind() -> None:
    assert not judge("websocket.rate-limited", upgrade(503), target=CHAT)


def test_silent_where_the_whole_site_is_unavailable() -> None:
    page = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=503)
    limited = upgrade(503, headers=(("Retry-After", "120"),))
    assert not judge("websocket.rate-limited", limited, page, target=CHAT)
