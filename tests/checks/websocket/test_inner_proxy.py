from diagnose.model import Confidence
from tests.support.check_evidence import CHAT, judge
from tests.support.websocket_evidence import upgrade


def test_fires_where_a_further_proxy_was_passed_and_the_upgrade_lost() -> None:
    via = (("Via", "1.1 varnish"),)
    (claim,) = judge("websocket.inner-proxy", upgrade(426, headers=via), target=CHAT)
    assert claim.confidence is Confidence.POSSIBLE
    assert claim.facts["hops"] == ("Via: 1.1 varnish",)


def test_silent_where_one_server_answers_for_itself() -> None:
    assert not judge("websocket.inner-proxy", upgrade(426), target=CHAT)


def test_silent_where_nothing_says_that_the_upgrade_was_lost() -> None:
    via = (("Via", "1.1 varnish"),)
    assert not judge("websocket.inner-proxy", upgrade(404, headers=via), target=CHAT)
    opens = upgrade(101, accepted=True, headers=via)
    assert not judge("websocket.inner-proxy", opens, target=CHAT)
