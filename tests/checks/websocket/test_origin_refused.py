from diagnose.model import Confidence, Failure, Severity
from diagnose.model.http import Exchange, Upgrade
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


OPENS = upgrade(101, "no-origin", accepted=True)


def home(kind: str) -> Exchange:
    return Exchange(
        url="https://shop.example.com/",
        address="203.0.113.10",
        port=443,
        status=200,
        headers=(("Content-Type", kind),),
    )


def test_fires_where_it_opens_without_an_origin() -> None:
    (claim,) = judge(
        "websocket.origin-refused",
        upgrade(403),
        OPENS,
        home("text/html; charset=utf-8"),
        target=CHAT,
    )
    assert claim.confidence is Confidence.LIKELY
    assert claim.severity is None
    assert claim.facts["origin"] == "https://shop.example.com"


def test_warns_where_the_host_has_no_pages_of_its_own() -> None:
    (claim,) = judge(
        "websocket.origin-refused", upgrade(403), OPENS, home("application/json"), target=CHAT
    )
    assert claim.severity is Severity.WARNING


def test_silent_where_it_is_refused_without_an_origin_too() -> None:
    assert not judge(
        "websocket.origin-refused", upgrade(403), upgrade(403, "no-origin"), target=CHAT
    )


def test_silent_where_it_opens() -> None:
    assert not judge("websocket.origin-refused", upgrade(101, accepted=True), target=CHAT)
