from diagnose.model import Confidence, Failure
from diagnose.model.http import Upgrade
from tests.saying import CHAT, judge


def upgrade(
    status: int | None = 404,
    variant: str = "normal",
    accepted: bool = False,
    fault: str = "status",
    headers: tuple[tuple[str, str], ...] = (),
    body: str = "",
    address: str = "203.0.113.10",
    failure: Failure | None = None,
    through: str = "front",
    offered: tuple[str, ...] = (),
    subprotocol: str | None = None,
) -> Upgrade:
    return Upgrade(
        url="wss://shop.example.com/ws",
        path="/ws",
        address=address,
        port=443,
        variant=variant,
        through=through,
        status=status,
        headers=headers,
        body=body,
        accepted=accepted,
        fault="" if accepted else fault,
        failure=failure,
        offered=offered,
        subprotocol=subprotocol,
    )


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
