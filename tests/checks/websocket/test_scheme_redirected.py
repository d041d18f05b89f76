"""websocket.scheme-redirected: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Confidence
from diagnose.model.websocket_attempts import PlainHandshake
from tests.support.check_evidence import CHAT, judge
from tests.support.websocket_evidence import upgrade

CHECK = "websocket.scheme-redirected"
OPENS = upgrade(101, accepted=True)


def plain(location: str = "https://shop.example.com/ws", status: int = 301) -> PlainHandshake:
    return PlainHandshake(
        url="ws://shop.example.com/ws",
        path="/ws",
        address="203.0.113.10",
        port=80,
        status=status,
        headers=(("Location", location),),
    )


def test_fires_where_wss_opens() -> None:
    for status in (301, 302, 307, 308):
        (claim,) = judge(CHECK, plain(status=status), OPENS, target=CHAT)
        assert claim.confidence is Confidence.CERTAIN
        assert claim.facts["wanted"] == "wss://shop.example.com/ws"
        assert claim.facts["opens"]


def test_fires_where_wss_fails_too_and_says_so() -> None:
    (claim,) = judge(CHECK, plain("https://shop.example.com/"), upgrade(404), target=CHAT)
    assert not claim.facts["opens"]
    assert claim.facts["control"] == 404


def test_fires_once_for_two_addresses() -> None:
    other = replace(plain(), address="2001:db8::1")
    (claim,) = judge(CHECK, plain(), other, OPENS, target=CHAT)
    assert len(claim.covers) == 2


def test_silent_where_it_is_no_redirect_to_the_sites_https() -> None:
    assert not judge(CHECK, plain(status=101), OPENS, target=CHAT)
    assert not judge(CHECK, plain(status=404), OPENS, target=CHAT)
    for location in (
        "http://shop.example.com/ws/",
        "/ws/",
        "https://example.org/ws",
        "",
        "https://[",
    ):
        assert not judge(CHECK, plain(location), OPENS, target=CHAT)


def test_silent_without_a_control() -> None:
    elsewhere = replace(OPENS, path="/other")
    assert not judge(CHECK, plain(), elsewhere, target=CHAT)
    assert not judge(CHECK, plain(), replace(OPENS, variant="other-path"), target=CHAT)
