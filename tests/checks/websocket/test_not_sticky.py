from diagnose.model import Confidence
from tests.checks.websocket.made import upgrade
from tests.saying import CHAT, judge

UNKNOWN = '{"code":1,"message":"Session ID unknown"}'


def test_fires_where_a_session_just_opened_is_unknown() -> None:
    (claim,) = judge(
        "websocket.not-sticky",
        upgrade(101, accepted=True),
        upgrade(101, "session", accepted=True),
        upgrade(400, "session", body=UNKNOWN),
        target=CHAT,
    )
    assert (claim.facts["lost"], claim.facts["tried"]) == (1, 2)
    assert claim.confidence is Confidence.LIKELY


def test_fires_less_surely_on_a_session_that_was_given() -> None:
    (claim,) = judge("websocket.not-sticky", upgrade(400, body=UNKNOWN), target=CHAT)
    assert claim.confidence is Confidence.POSSIBLE


def test_silent_where_every_session_is_found_again() -> None:
    assert not judge(
        "websocket.not-sticky",
        upgrade(101, accepted=True),
        upgrade(101, "session", accepted=True),
        target=CHAT,
    )


def test_silent_on_other_errors() -> None:
    other = upgrade(400, body='{"code":0,"message":"Transport unknown"}')
    assert not judge("websocket.not-sticky", other, target=CHAT)
