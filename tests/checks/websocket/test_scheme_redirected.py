"""websocket.scheme-redirected: when it fires, and when it is silent."""

from dataclasses import replace

from checks.websocket._reported import reported_paths
from diagnose.model import Confidence
from diagnose.model.http import Exchange
from diagnose.model.websocket_attempts import PlainHandshake
from diagnose.parsers.symptoms import symptom_of
from tests.support.check_evidence import CHAT, SHOP, evidence, judge
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


def test_fires_as_likely_where_a_client_refuses_https() -> None:
    """It may have been given the https: address itself."""
    led = symptom_of("InvalidURI: https://shop.example.com/ws isn't a valid URI")
    (claim,) = judge(CHECK, plain(), OPENS, target=replace(CHAT, symptom=led))
    assert claim.confidence is Confidence.LIKELY


def test_fires_where_wss_fails_too_and_says_so() -> None:
    (claim,) = judge(CHECK, plain("https://shop.example.com/"), upgrade(404), target=CHAT)
    assert not claim.facts["opens"]
    assert claim.facts["control"] == 404


def test_fires_once_for_two_addresses() -> None:
    other = replace(plain(), address="2001:db8::1")
    (claim,) = judge(CHECK, plain(), other, OPENS, target=CHAT)
    assert len(claim.covers) == 2


def test_silent_where_the_page_names_the_right_address_and_no_words_the_wrong_one() -> None:
    shown = Exchange(
        url=SHOP.url, address="203.0.113.10", port=443, status=200,
        mentions=("wss://shop.example.com/ws",),
    )  # fmt: skip
    vague = replace(SHOP, symptom=symptom_of("mixed content: the page tries ws://"))
    named = replace(SHOP, symptom=symptom_of("mixed content: ws://shop.example.com/ws is blocked"))
    assert not judge(CHECK, plain(), OPENS, shown, target=vague)
    assert judge(CHECK, plain(), OPENS, shown, target=named)


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


def test_a_ws_address_is_still_one_of_the_sites_own() -> None:
    """The words name ws:// for what the site has at wss://."""
    symptom = symptom_of("ws://shop.example.com/ws does not connect, WebSocket connection failed")
    target = replace(SHOP, symptom=symptom)
    page = Exchange(url=target.url, address="203.0.113.10", port=443, status=200)
    assert reported_paths(evidence(page, target=target)) == ("/",)
    assert reported_paths(evidence(page, target=replace(target, port=8443))) == ()
