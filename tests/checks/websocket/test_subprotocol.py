from diagnose.model import Severity
from tests.support.check_evidence import CHAT, judge
from tests.support.websocket_evidence import upgrade


def test_fires_where_none_of_those_offered_is_chosen() -> None:
    (claim,) = judge(
        "websocket.subprotocol",
        upgrade(400),
        upgrade(101, "subprotocol", fault="subprotocol", offered=("mqtt",)),
        target=CHAT,
    )
    assert claim.severity is None
    assert claim.facts["names"] == ("mqtt",)


def test_fires_where_one_is_chosen_that_cannot_be_had() -> None:
    (claim,) = judge(
        "websocket.subprotocol",
        upgrade(101, fault="subprotocol", subprotocol="chat"),
        upgrade(400, "subprotocol", offered=("chat",)),
        target=CHAT,
    )
    assert claim.severity is None


def test_notes_the_one_that_is_needed() -> None:
    (claim,) = judge(
        "websocket.subprotocol",
        upgrade(400, body="Subprotocol chat, please"),
        upgrade(101, "subprotocol", accepted=True, offered=("chat",), subprotocol="chat"),
        target=CHAT,
    )
    assert claim.severity is Severity.NOTE
    assert claim.facts["names"] == ("chat",)


def test_silent_where_it_opens() -> None:
    assert not judge("websocket.subprotocol", upgrade(101, accepted=True), target=CHAT)


def test_silent_where_the_offer_changes_nothing() -> None:
    tried = upgrade(404, "subprotocol", offered=("mqtt",))
    assert not judge("websocket.subprotocol", upgrade(404), tried, target=CHAT)
