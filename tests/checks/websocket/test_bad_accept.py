from tests.support.check_evidence import CHAT, judge
from tests.support.websocket_evidence import upgrade


def test_fires_on_a_wrong_value_and_on_none() -> None:
    wrong = upgrade(101, fault="accept", headers=(("Sec-WebSocket-Accept", "bm90"),))
    (claim,) = judge("websocket.bad-accept", wrong, target=CHAT)
    assert claim.facts["given"] == "bm90"
    (claim,) = judge("websocket.bad-accept", upgrade(101, fault="accept"), target=CHAT)
    assert claim.facts["given"] == ""


def test_silent_on_a_right_value_and_on_other_answers() -> None:
    assert not judge("websocket.bad-accept", upgrade(101, accepted=True), target=CHAT)
    assert not judge("websocket.bad-accept", upgrade(404), target=CHAT)
