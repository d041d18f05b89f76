from diagnose.model.http import Upgrade
from tests.saying import CHAT, judge


def upgrade(idle: float | None, accepted: bool = True, address: str = "203.0.113.10") -> Upgrade:
    return Upgrade(
        url="wss://shop.example.com/ws",
        path="/ws",
        address=address,
        port=443,
        status=101,
        accepted=accepted,
        idle_s=idle,
    )


def test_fires_once_where_silence_was_cut() -> None:
    (claim,) = judge(
        "websocket.idle-timeout",
        upgrade(2.0),
        upgrade(2.1, address="2001:db8::10"),
        target=CHAT,
    )
    assert claim.facts["seconds"] == 2.0


def test_silent_where_nobody_waited() -> None:
    assert not judge("websocket.idle-timeout", upgrade(None), target=CHAT)


def test_silent_where_it_never_opened() -> None:
    assert not judge("websocket.idle-timeout", upgrade(2.0, accepted=False), target=CHAT)
