"""Which answers of a run have the words of the pasted message."""

from dataclasses import replace
from datetime import UTC, datetime

from diagnose.checking.repeating_answers import repeating_answer
from diagnose.checking.symptom_answer import site_status
from diagnose.model import Evidence, Symptom
from diagnose.model.http import Exchange
from tests.support.check_evidence import CHAT
from tests.support.nginx_evidence import front

WORDS = "Can only upgrade to websocket: 426 Upgrade Required at /ws"
NOW = datetime(2026, 11, 30, tzinfo=UTC)
PLAIN = Exchange(
    url="https://shop.example.com/ws", address="203.0.113.10", port=443, purpose="target",
    status=426, body="Can only upgrade to websocket: 426 Upgrade Required at /ws",
)  # fmt: skip


def test_a_websocket_that_opens_has_not_met_what_a_plain_request_gets() -> None:
    target = replace(CHAT, symptom=Symptom("websocket-status", WORDS, 426))
    refused = Evidence(target, NOW, (PLAIN, front(426)))
    opened = Evidence(target, NOW, (PLAIN, front(101)))
    assert repeating_answer(refused) is not None
    assert repeating_answer(opened) is None
    assert (site_status(refused), site_status(opened)) == (426, 101)
