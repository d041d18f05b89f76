from diagnose.model import Failure
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


def test_fires_on_a_wrong_value_and_on_none() -> None:
    wrong = upgrade(101, fault="accept", headers=(("Sec-WebSocket-Accept", "bm90"),))
    (claim,) = judge("websocket.bad-accept", wrong, target=CHAT)
    assert claim.facts["given"] == "bm90"
    (claim,) = judge("websocket.bad-accept", upgrade(101, fault="accept"), target=CHAT)
    assert claim.facts["given"] == ""


def test_silent_on_a_right_value_and_on_other_answers() -> None:
    assert not judge("websocket.bad-accept", upgrade(101, accepted=True), target=CHAT)
    assert not judge("websocket.bad-accept", upgrade(404), target=CHAT)
