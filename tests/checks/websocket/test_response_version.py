"""websocket.response-version: when it fires, and when it is silent."""

from tests.support.check_evidence import CHAT, judge
from tests.support.websocket_evidence import upgrade

CHECK = "websocket.response-version"


def test_fires_on_an_answer_in_http_1_0() -> None:
    old = upgrade(101, fault="version", headers=(("Server", "BaseHTTP/0.6 Python/3.11"),))
    (claim,) = judge(CHECK, old, target=CHAT)
    assert claim.facts["server"] == "BaseHTTP/0.6 Python/3.11"
    assert not judge("websocket.not-upgraded", old, target=CHAT)


def test_silent_on_a_right_answer_and_on_other_faults() -> None:
    assert not judge(CHECK, upgrade(101, accepted=True), target=CHAT)
    assert not judge(CHECK, upgrade(101, fault="accept"), target=CHAT)
    assert not judge(CHECK, upgrade(404), target=CHAT)
