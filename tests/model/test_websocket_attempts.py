from dataclasses import replace

import pytest

from diagnose.model import Subject
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.websocket_attempts import websocket_attempts
from tests.support.check_evidence import TIMEOUT, evidence
from tests.support.websocket_evidence import upgrade

PAGE = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=200)


def test_handshakes_that_ended_alike_are_one_attempt() -> None:
    first, second = upgrade(404), upgrade(404, address="203.0.113.11")
    retry, behind = upgrade(404, "no-origin"), upgrade(101, through="application")
    plain = replace(PAGE, status=301, purpose="plain")
    (attempt,) = websocket_attempts(evidence(first, retry, behind, second, PAGE, plain))
    assert (attempt.path, attempt.first) == ("/ws", first)
    assert attempt.because == (first, second, retry)
    assert attempt.site == {200}
    assert attempt.subjects == (
        Subject(address="203.0.113.10", port=443, path="/ws"),
        Subject(address="203.0.113.11", port=443, path="/ws"),
    )


@pytest.mark.parametrize(
    "other",
    [
        upgrade(403),
        upgrade(101, accepted=True),
        upgrade(404, fault="accept"),
        upgrade(404, failure=TIMEOUT),
        replace(upgrade(404), path="/chat"),
        replace(upgrade(404), ended="eof"),
        replace(upgrade(404), close_code=1006),
    ],
)
def test_handshakes_that_ended_otherwise_are_another_attempt(other: Upgrade) -> None:
    first = upgrade(404)
    attempts = websocket_attempts(evidence(first, other))
    assert [attempt.same for attempt in attempts] == [(first,), (other,)]
    assert websocket_attempts(evidence()) == ()


def test_an_attempt_is_named_by_its_url_without_the_query() -> None:
    seen = replace(upgrade(), url="wss://shop.example.com/ws?token=secret")
    (attempt,) = websocket_attempts(evidence(seen))
    assert str(attempt.subject) == "wss://shop.example.com/ws"
